"""Renewal: an item of the expiry pool, one expiring contract to be worked by somebody."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.clocks import Counted, Sla
from app.schema.grants import Grants
from app.schema.kinds import Code, Day, LongText, Money, Month, ShortText, WholeNumber, choice, ref, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.traits import Extendable, Noted
from app.schema.transfer import Transfer
from app.schema.workflow import Return, Step, Workflow
from models.contracts import Contract
from models.contracts.states import Channel
from models.renewals import effects
from models.renewals.rules import LeftOut, cohort_of
from models.renewals.settings import FIRST_CONTACT_DAYS
from models.renewals.states import IN_TALKS, LOST, OPEN, ContactChannel, Intent, RefusalReason, RenewalState

if TYPE_CHECKING:
    from models.customers.customer import Customer

S = RenewalState
WORKERS = (Role.RENEWAL, Role.SUPERVISOR)
TOLD = ("contact_channel", "feedback?", "next_contact_on?")


def _of_contract(field: str, then: Callable[[Any], Any] = lambda value: value) -> Callable[[Any], Any]:
    """The default of a field that is the contract's own when the item is entered."""
    table = Contract.__table__.c

    def read(context: Any) -> Any:
        key = context.get_current_parameters()["contract_id"]
        return then(context.connection.scalar(select(table[field]).where(table.id == key)))

    return read


class Renewal(Owned, Noted, Extendable, Record):
    """The work of renewing one contract.

    Number, customer, premium, channel, expiry and cohort (the month of expiry) are the contract's as it enters the
    pool. `owner` works it now; `credited_to_id` is frozen at allocation and gets the credit. `contact_by` is the limit
    of the first contact. `difficulty` 1 means that claims cost more than the premium brought. An unassigned item is
    seen by all who work renewals, and taken by whoever talks to the customer first.
    """

    __table_args__: Any = (
        UniqueConstraint("contract_id"),
        Index("ix_renewal_queue", "owner_id", "state", "next_contact_on"),
        Index("ix_renewal_cohort", "cohort", "channel"),
        Index("ix_renewal_expiry", "expires_on"),
        {"extend_existing": False},
    )

    number: Mapped[Code] = mapped_column(unique=True, default=_of_contract("number"))
    contract_id: Mapped[int] = ref("contract")
    contract: Mapped["Contract"] = relationship(foreign_keys="Renewal.contract_id")
    customer_id: Mapped[int] = ref("customer", default=_of_contract("customer_id"))
    customer: Mapped["Customer"] = relationship()
    expires_on: Mapped[Day] = mapped_column(default=_of_contract("expires_on"))
    cohort: Mapped[Month] = mapped_column(default=_of_contract("expires_on", cohort_of))
    premium: Mapped[Money] = mapped_column(default=_of_contract("premium"))
    channel: Mapped[Channel | None] = choice(Channel)
    difficulty: Mapped[WholeNumber] = mapped_column(default=0)
    credited_to_id: Mapped[int | None] = ref("ab_user", ondelete="SET NULL")
    allocated_on: Mapped[Day | None]
    contact_by: Mapped[Day | None]
    first_contact_on: Mapped[Day | None]
    next_contact_on: Mapped[Day | None]
    contact_channel: Mapped[ContactChannel | None] = choice(ContactChannel)
    feedback: Mapped[LongText | None]
    intent: Mapped[Intent | None] = choice(Intent)
    refusal_reason: Mapped[RefusalReason | None] = choice(RefusalReason)
    remedy: Mapped[ShortText | None]
    offered_premium: Mapped[Money | None]
    paid_on: Mapped[Day | None]
    successor_id: Mapped[int | None] = ref("contract")
    successor: Mapped["Contract | None"] = relationship(foreign_keys="Renewal.successor_id")
    left_out: Mapped[LeftOut | None] = choice(LeftOut)
    state: Mapped[RenewalState] = starts_at(S.NEW)

    pooled = True
    grants = Grants(see=(Role.RENEWAL, Role.INSPECTOR, Role.ADMIN))
    transfer = Transfer(key="number")
    panel = Panel(
        menu=Menu("Renewals", icon="refresh", order=10),
        title="number",
        columns=("number", "customer_id", "premium", "expires_on", "state", "next_contact_on", "owner_id"),
        search=("number", "customer.name"),
        form=(Group("Renewal", "contract_id", "channel", "difficulty", "remark"),),
        facts=(
            "customer_id",
            "expires_on",
            "cohort",
            "premium",
            "owner_id",
            "credited_to_id",
            "allocated_on",
            "contact_by",
            "first_contact_on",
            "next_contact_on",
            "contact_channel",
            "feedback",
            "intent",
            "refusal_reason",
            "remedy",
            "offered_premium",
            "successor_id",
            "left_out",
        ),
        fixed=("contract_id",),
        related=(Related("contact", "renewal_id"),),
        order="expires_on",
    )
    workflow = Workflow(
        Step(
            "contact",
            S.NEW,
            S.CONTACTED,
            by=WORKERS,
            asks=(*TOLD, "intent?"),
            effect=effects.log,
            label="First contact",
        ),
        Step(
            "appoint",
            S.NEW | IN_TALKS,
            S.APPOINTMENT,
            by=WORKERS,
            asks=("contact_channel", "next_contact_on", "feedback?", "intent?"),
            effect=effects.log,
            label="Make an appointment",
        ),
        Step("follow_up", IN_TALKS, S.FOLLOWING, by=WORKERS, asks=(*TOLD, "intent?"), effect=effects.log),
        Step(
            "agree",
            S.NEW | IN_TALKS | S.AGREED,
            S.AGREED,
            by=WORKERS,
            asks=("offered_premium", *TOLD),
            effect=effects.agree,
        ),
        Step(
            "chase",
            S.AGREED,
            S.AGREED,
            by=WORKERS,
            asks=TOLD,
            effect=effects.log,
            label="Chase payment",
            tone="secondary",
        ),
        Step(
            "close",
            S.AGREED,
            S.RENEWED,
            by=WORKERS,
            when=effects.unpriced,
            asks=("paid_on",),
            effect=effects.close,
            label="Close the renewal",
        ),
        Return("reopen", S.AGREED, S.FOLLOWING, by=WORKERS),
        Step(
            "decline",
            S.NEW | IN_TALKS | S.AGREED,
            S.DECLINED,
            by=WORKERS,
            asks=("refusal_reason", "remedy?", *TOLD),
            effect=effects.decline,
            label="Customer declines",
            tone="danger",
        ),
        Step(
            "win_back",
            LOST,
            S.FOLLOWING,
            by=WORKERS,
            asks=("next_contact_on", "remedy?"),
            label="Win back",
            tone="secondary",
        ),
        frozen=S.RENEWED | S.LEFT_OUT,
        waits=OPEN,
        due="next_contact_on",
        clocks=(
            Sla(
                "first_contact",
                since=S.NEW,
                void=S.LAPSED | S.LEFT_OUT,
                within=FIRST_CONTACT_DAYS,
                on=Counted.WORKING_DAYS,
                counted_from="allocated_on",
                due="contact_by",
            ),
        ),
    )
