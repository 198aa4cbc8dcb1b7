"""Throw-away records: what a newcomer would write in an afternoon. They pass every promise with no other file."""

from sqlalchemy.orm import DynamicMapped, Mapped, WriteOnlyMapped, mapped_column, relationship

from app.schema.grants import Grants
from app.schema.kinds import Code, Money, Phone, ShortText, State, WholeNumber, YesNo, ref, starts_at
from app.schema.links import many
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Line, Record
from app.schema.roles import Role
from app.schema.rows import Branch, Owned, Team
from app.schema.traits import Extendable, Ordered, Tree
from app.schema.transfer import Transfer
from app.schema.workflow import Step, Workflow
from tests.expense import Expense
from tests.specimen import Specimen


class GadgetState(State):
    """Where a gadget stands."""

    DRAFT = "draft"
    OFFERED = "offered"
    SOLD = "sold"
    SCRAPPED = "scrapped"


def priced(gadget: "Gadget") -> str | None:
    """A gadget is offered at a price."""
    return None if gadget.price else "Give it a price first."


class Gadget(Owned, Extendable, Record):
    """A thing on sale."""

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText | None]
    price: Mapped[Money | None]
    buyer_phone: Mapped[Phone | None]
    twin_id: Mapped[int | None] = ref("gadget")
    unit_of_sale_id: Mapped[int | None] = ref("unit")
    state: Mapped[GadgetState] = starts_at(GadgetState.DRAFT)
    twin: Mapped["Gadget | None"] = relationship(remote_side="Gadget.id", foreign_keys="Gadget.twin_id")
    parts: WriteOnlyMapped["GadgetPart"] = relationship(foreign_keys="GadgetPart.gadget_id", viewonly=True)
    twins: DynamicMapped["Gadget"] = relationship(foreign_keys="Gadget.twin_id", viewonly=True)

    grants = Grants(work=(Role.SALES, Role.RENEWAL), see=(Role.FINANCE, Role.INSPECTOR))
    transfer = Transfer(key="code")
    panel = Panel(
        menu=Menu("Gadgets", order=99),
        title="code",
        columns=("code", "name", "price", "buyer_phone", "state", "owner_id", "twin_id"),
        search=("code", "name", "twin.name"),
        form=(Group("Gadget", "code", "name", "price", "buyer_phone", "twin_id", "unit_of_sale_id"),),
        fixed=("code",),
    )
    workflow = Workflow(
        Step("offer", GadgetState.DRAFT, GadgetState.OFFERED, by=(Role.SALES, Role.RENEWAL), when=priced),
        Step("sell", GadgetState.OFFERED, GadgetState.SOLD, by=Role.SUPERVISOR, asks=("buyer_phone", "name?")),
        Step("approve", GadgetState.SOLD, GadgetState.SCRAPPED, by=(Role.SUPERVISOR, Role.MANAGER), not_by="sell"),
        Step(
            "scrap",
            GadgetState.DRAFT | GadgetState.OFFERED,
            GadgetState.SCRAPPED,
            by=(Role.SALES, Role.RENEWAL, Role.SUPERVISOR),
            asks=("reason",),
            tone="danger",
        ),
    )


class GadgetPart(Ordered, Line):
    """A part of a gadget."""

    parent = "gadget_id"
    totals = ("count", "cost")
    gadget_id: Mapped[int] = ref("gadget", ondelete="CASCADE")
    name: Mapped[ShortText]
    count: Mapped[WholeNumber] = mapped_column(default=1)
    cost: Mapped[Money | None]
    twin_id: Mapped[int | None] = ref("gadget")
    spare: Mapped[YesNo] = mapped_column(default=False)

    panel = Panel(
        title="name",
        columns=("name", "count", "cost", "twin_id", "spare"),
        form=(Group("", "name", "count", "cost", "twin_id", "spare"),),
    )


class Trinket(Team, Record):
    """A thing a whole team sees, with those nobody has taken yet."""

    pooled = True
    name: Mapped[ShortText]
    gadgets = many("gadget")

    grants = Grants(work=(Role.SALES, Role.RENEWAL))
    panel = Panel(
        menu=Menu("Gadgets", order=98),
        title="name",
        columns=("name", "owner_id", "gadgets"),
        form=(Group("", "name", "gadgets"),),
    )


class Booth(Branch, Tree, Record):
    """A stand of a branch, on which gadgets are sold; it may belong to a larger one."""

    name: Mapped[ShortText]

    grants = Grants(work=(Role.SALES, Role.RENEWAL))
    panel = Panel(
        menu=Menu("Gadgets", order=97),
        title="name",
        columns=("name", "parent_id"),
        form=(Group("", "name", "parent_id"),),
    )


class Diary(Owned, Record):
    """What somebody writes for himself: no deputy reads it."""

    personal = True
    name: Mapped[ShortText]

    grants = Grants(work=(Role.SALES, Role.RENEWAL))
    panel = Panel(menu=Menu("Gadgets", order=96), title="name", columns=("name",), form=(Group("", "name"),))


RECORDS = (Gadget, GadgetPart, Trinket, Booth, Diary, Expense, Specimen)
