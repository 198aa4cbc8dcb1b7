"""RequiredPaper: what has to be shown for which product and loss."""

from sqlalchemy.orm import Mapped

from app.schema.kinds import choice, ref
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Lookup
from models.claims.states import LossCause


class RequiredPaper(Lookup):
    """A paper asked for with every claim or, where they are set, with claims of that cause and that product."""

    cause: Mapped[LossCause | None] = choice(LossCause)
    product_id: Mapped[int | None] = ref("product")

    panel = Panel(
        menu=Menu("Claims", icon="clipboard-list", order=50),
        title="name",
        columns=("code", "name", "cause", "product_id"),
        search=("code", "name"),
        form=(Group("Required paper", "code", "name", "cause", "product_id"),),
        order="code",
    )
