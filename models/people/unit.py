"""Unit: a team, branch or the department itself, in a tree."""

from sqlalchemy.orm import Mapped

from app.schema.kinds import ShortText, WholeNumber
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Lookup
from app.schema.traits import Tree


class Unit(Tree, Lookup):
    """A place in the organisation. The root has no parent; a supervisor sees the rows of a unit and all below."""

    duty: Mapped[ShortText | None]
    headcount: Mapped[WholeNumber | None]

    panel = Panel(
        menu=Menu("Organisation", icon="building", order=10),
        title="name",
        columns=("code", "name", "parent_id", "headcount"),
        search=("code", "name"),
        form=(Group("Unit", "code", "name", "parent_id", "duty", "headcount"),),
        order="code",
    )
