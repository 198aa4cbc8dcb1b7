"""Application: a proposal for cover, taken in and reviewed before it goes to underwriting."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, relationship

from app.kernel.clock import house_day
from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, Money, ShortText, YesNo, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import Role, Scope
from app.schema.rows import Owned
from app.schema.traits import Noted
from app.schema.workflow import Move, Step, Withdraw, Workflow
from models.voice.states import ApplicationState

if TYPE_CHECKING:
    from models.customers.customer import Customer
    from models.products.product import Product

S = ApplicationState
CHECKS = ("identity_checked", "form_signed", "terms_explained")


def _unchecked(application: "Application") -> str | None:
    answers = [getattr(application, check) for check in CHECKS]
    return "Send it back: a point of the checklist is not met." if False in answers else None


def _note_defects(application: "Application", move: Move) -> None:
    application.defects = move.answers["reason"]


def _forward(application: "Application", move: Move) -> None:
    application.checked_on, application.defects = house_day(move.at), None


class Application(Owned, Noted, Record):
    """A proposal. Its seller submits it; somebody of service checks it, and sends it back or on."""

    __table_args__: Any = (
        CheckConstraint("premium >= 0", name="premium_is_not_negative"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("APP-{year}-{seq:06}")
    customer_id: Mapped[int] = ref("customer")
    customer: Mapped["Customer"] = relationship()
    product_id: Mapped[int] = ref("product")
    product: Mapped["Product"] = relationship()
    quote_id: Mapped[int | None] = ref("quote")
    insured_object: Mapped[ShortText | None]
    cover_from: Mapped[Day | None]
    premium: Mapped[Money | None]
    identity_checked: Mapped[YesNo | None]
    form_signed: Mapped[YesNo | None]
    terms_explained: Mapped[YesNo | None]
    defects: Mapped[LongText | None]
    checked_on: Mapped[Day | None]
    state: Mapped[ApplicationState] = starts_at(S.DRAFT)

    grants = Grants(
        work=(Role.SALES,),
        see=(Role.SERVICE, Role.UNDERWRITER, Role.OPERATIONS, Role.INSPECTOR),
        scopes={Role.SERVICE: Scope.ALL, Role.OPERATIONS: Scope.ALL},
    )
    panel = Panel(
        menu=Menu("Service", icon="clipboard-check", order=10),
        title="number",
        columns=("number", "customer_id", "product_id", "premium", "cover_from", "owner_id", "state"),
        search=("number", "customer.name"),
        form=(
            Group("Application", "customer_id", "product_id", "quote_id", "insured_object"),
            Group("Cover", "cover_from", "premium", "remark"),
        ),
        facts=("number", *CHECKS, "defects", "checked_on"),
    )
    workflow = Workflow(
        Step("submit", S.DRAFT | S.RETURNED, S.SUBMITTED, by=(Role.SALES, Role.SUPERVISOR)),
        Step(
            "forward",
            S.SUBMITTED,
            S.FORWARDED,
            by=Role.SERVICE,
            when=_unchecked,
            asks=CHECKS,
            not_by=("add", "submit"),
            effect=_forward,
            label="Forward to underwriting",
        ),
        Step("send_back", S.SUBMITTED, S.RETURNED, by=Role.SERVICE, asks=("reason",), effect=_note_defects),
        Withdraw(
            "withdraw",
            S.DRAFT | S.SUBMITTED | S.RETURNED,
            S.WITHDRAWN,
            by=(Role.SALES, Role.SUPERVISOR),
            submitted=("add", "submit"),
        ),
        frozen=S.SUBMITTED | S.FORWARDED | S.WITHDRAWN,
    )
