"""A throw-away record with rules on its fields: some hidden by role or state, some conditional, one computed."""

from decimal import Decimal

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.conditions import If
from app.schema.documents import Document
from app.schema.fields import Rule, Term, Worked, computed
from app.schema.grants import Grants
from app.schema.kinds import (
    MONEY,
    Address,
    BankAccount,
    Choice,
    Code,
    File,
    LongText,
    Money,
    Percent,
    Phone,
    ShortText,
    State,
    YesNo,
    choice,
    file,
    ref,
    starts_at,
)
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Line, Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.workflow import Step, Workflow
from tests.gadget import Gadget


class DossierState(State):
    """Where a dossier stands."""

    OPEN = "open"
    SETTLED = "settled"


class Delivery(Choice):
    """How the answer goes out."""

    PHONE = "phone"
    MAIL = "mail"
    COUNTER = "counter"


def fee_of(dossier):
    """A share of the stake."""
    fee = (dossier.stake * dossier.share / 100).quantize(Decimal("0.01"))
    return Worked(fee, (Term("Stake", dossier.stake), Term("Fee", fee, f"{dossier.stake} × {dossier.share} %")))


INSIDERS = (Role.FINANCE, *LEADERS)


class Dossier(Owned, Record):
    """What is not for everybody's eyes."""

    code: Mapped[Code] = mapped_column(unique=True)
    finding: Mapped[ShortText | None]
    reserve: Mapped[Money | None]
    account: Mapped[BankAccount | None]
    rival_id: Mapped[int | None] = ref("gadget")
    rival: Mapped["Gadget | None"] = relationship()
    delivery: Mapped[Delivery] = choice(Delivery, default=Delivery.PHONE)
    address: Mapped[Address | None]
    urgent: Mapped[YesNo] = mapped_column(default=False)
    urgency: Mapped[LongText | None]
    report: Mapped[File | None] = file()
    stake: Mapped[Money] = mapped_column(default=Decimal(100))
    share: Mapped[Percent] = mapped_column(default=Decimal(10))
    fee = computed(MONEY, fee_of, of=("stake", "share"))
    cut = computed(MONEY, lambda row: Worked(row.reserve, ()), of=("reserve",))
    state: Mapped[DossierState] = starts_at(DossierState.OPEN)

    grants = Grants(
        work=(Role.SALES, Role.RENEWAL), see=(Role.FINANCE, Role.INSPECTOR), reveal=(Role.SALES, Role.FINANCE)
    )
    fields = (
        Rule("finding", read=INSIDERS, write=LEADERS, when=DossierState.OPEN, published=DossierState.SETTLED),
        Rule("reserve", read=INSIDERS),
        Rule("account", read=(Role.SALES, *INSIDERS), write=(Role.SALES, Role.RENEWAL, *LEADERS)),
        Rule("rival_id", read=INSIDERS),
        Rule("report", read=INSIDERS, write=LEADERS, when=DossierState.OPEN, published=DossierState.SETTLED),
        Rule("address", shown=If("delivery", Delivery.MAIL), required=If("delivery", Delivery.MAIL)),
        Rule("urgency", shown=If("urgent", True) & ~If("delivery", Delivery.COUNTER)),
    )
    documents = (
        Document(
            "extract",
            "Dossier",
            to=lambda dossier: "Li Wei",
            groups=(Group("Dossier", "code", "stake", "finding", "reserve", "account", "rival_id", "address"),),
            lines={"dossier_note": ("text", "grade")},
            right="edit",
            states=frozenset({DossierState.OPEN}),
        ),
    )
    panel = Panel(
        menu=Menu("Gadgets", order=97),
        title="code",
        columns=("code", "finding", "reserve", "account", "rival_id", "fee", "cut", "state"),
        search=("code", "finding", "reserve", "account", "rival.name"),
        form=(
            Group("Dossier", "code", "stake", "share", "finding", "reserve", "account", "rival_id", "report"),
            Group("Answer", "delivery", "address", "urgent", "urgency"),
        ),
        facts=("fee",),
        order="-reserve",
        related=(Related("dossier_copy", "dossier_id"),),
    )
    workflow = Workflow(
        Step(
            "settle",
            DossierState.OPEN,
            DossierState.SETTLED,
            by=(Role.RENEWAL, *LEADERS),
            asks=("finding?", "account?"),
        ),
    )


class DossierNote(Line):
    """A note in a dossier."""

    parent = "dossier_id"
    dossier_id: Mapped[int] = ref("dossier", ondelete="CASCADE")
    text: Mapped[ShortText]
    grade: Mapped[ShortText | None]
    caller: Mapped[Phone | None]

    fields = (Rule("grade", read=INSIDERS, published=DossierState.SETTLED),)
    panel = Panel(title="text", columns=("text", "grade", "caller"), form=(Group("", "text", "grade", "caller"),))


class DossierCopy(Owned, Record):
    """A copy of a dossier; which of them it copies is not for everybody."""

    name: Mapped[ShortText]
    dossier_id: Mapped[int | None] = ref("dossier")

    grants = Grants(work=(Role.SALES, Role.RENEWAL))
    fields = (Rule("dossier_id", read=LEADERS, write=(Role.SALES, *LEADERS)),)
    panel = Panel(title="name", columns=("name", "dossier_id"), form=(Group("", "name", "dossier_id"),))


RECORDS = (Dossier, DossierNote, DossierCopy)
