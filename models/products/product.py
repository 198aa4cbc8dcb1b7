"""Product: a kind of cover the department sells, and whether it can be renewed."""

from sqlalchemy.orm import Mapped, mapped_column

from app.schema.grants import Grants
from app.schema.kinds import Code, ShortText, YesNo, choice, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import EVERYONE, Role
from app.schema.rows import Shared
from app.schema.traits import Extendable, Noted, Spelt
from app.schema.transfer import Transfer
from app.schema.workflow import Step, Workflow
from models.products.states import LineOfBusiness, ProductState


class Product(Shared, Noted, Spelt, Extendable, Record):
    """A product of the catalogue. `renewable` is settled when it is entered: past renewal rates stand on it."""

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText]
    line: Mapped[LineOfBusiness] = choice(LineOfBusiness)
    renewable: Mapped[YesNo] = mapped_column(default=True)
    state: Mapped[ProductState] = starts_at(ProductState.DRAFT)

    grants = Grants(see=EVERYONE, lead=(Role.MANAGER,))
    transfer = Transfer(key="code")
    panel = Panel(
        menu=Menu("Products", icon="package", order=10),
        title="name",
        columns=("code", "name", "line", "renewable", "state"),
        search=("code", "name"),
        form=(Group("Product", "code", "name", "line", "renewable", "remark"),),
        fixed=("code", "renewable"),
        related=(Related("contract", "product_id"), Related("script", "products")),
        order="code",
    )
    workflow = Workflow(
        Step("approve", ProductState.DRAFT, ProductState.APPROVED, by=Role.MANAGER),
        Step("sell", ProductState.APPROVED, ProductState.ON_SALE, by=Role.MANAGER, label="Put on sale"),
        Step(
            "withdraw",
            ProductState.ON_SALE,
            ProductState.WITHDRAWN,
            by=Role.MANAGER,
            asks=("reason",),
            label="Withdraw from sale",
            tone="danger",
        ),
        frozen=ProductState.WITHDRAWN,
    )
