"""Lead: somebody who may buy, from the first contact to the application or the reason why not."""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, Money, Phone, ShortText, choice, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Extendable, Noted
from app.schema.workflow import Move, Step, Workflow
from models.people.ownership import take
from models.sales.quote import Quote
from models.sales.states import LeadSource, LeadState, LossReason, QuoteState

if TYPE_CHECKING:
    from models.customers.customer import Customer
    from models.products.product import Product

S = LeadState
OPEN = S.CONTACT | S.NEEDS | S.PLAN | S.DECISION
SELLERS = (Role.SALES, Role.SUPERVISOR)


def _take_up(lead: "Lead", move: Move) -> None:
    if lead.owner_id is None:
        take(lead, move)


def _has_quote(lead: "Lead", *states: QuoteState) -> bool:
    session = object_session(lead)
    found = select(Quote.id).where(Quote.lead_id == lead.id, Quote.state.in_(states)).limit(1)
    return session is not None and session.scalar(found) is not None


def _unpriced(lead: "Lead") -> str | None:
    priced = _has_quote(lead, QuoteState.CALCULATED, QuoteState.DISPUTED, QuoteState.AGREED)
    return None if priced else "Calculate a quote for this lead first."


def _unsettled(lead: "Lead") -> str | None:
    if lead.customer_id is None:
        return "Enter the customer's file, and choose it here."
    return None if _has_quote(lead, QuoteState.AGREED) else "No quote of this lead is agreed with the customer."


class Lead(Owned, Noted, Extendable, Record):
    """A prospect. One that nobody has yet belongs to the seller who finds out what it needs."""

    number: Mapped[str] = serial("LEAD-{year}-{seq:06}")
    name: Mapped[ShortText]
    phone: Mapped[Phone | None] = mapped_column(index=True)
    source: Mapped[LeadSource] = choice(LeadSource, default=LeadSource.CALL)
    customer_id: Mapped[int | None] = ref("customer")
    customer: Mapped["Customer | None"] = relationship()
    product_id: Mapped[int | None] = ref("product")
    product: Mapped["Product | None"] = relationship()
    expected_premium: Mapped[Money | None]
    next_contact_on: Mapped[Day | None]
    needs: Mapped[LongText | None]
    plan: Mapped[LongText | None]
    loss_reason: Mapped[LossReason | None] = choice(LossReason)
    state: Mapped[LeadState] = starts_at(S.CONTACT)

    pooled = True
    grants = Grants(work=(Role.SALES,), see=(Role.INSPECTOR,))
    panel = Panel(
        menu=Menu("Sales", icon="users", order=10),
        title="name",
        columns=("number", "name", "phone", "source", "expected_premium", "next_contact_on", "owner_id", "state"),
        search=("number", "name", "phone"),
        form=(
            Group("Prospect", "name", "phone", "source", "customer_id"),
            Group("Interest", "product_id", "expected_premium", "next_contact_on", "remark"),
        ),
        facts=("number", "needs", "plan", "loss_reason"),
        related=(Related("quote", "lead_id"),),
    )
    workflow = Workflow(
        Step("assess", S.CONTACT, S.NEEDS, by=SELLERS, asks=("needs",), effect=_take_up, label="Needs are known"),
        Step("propose", S.NEEDS, S.PLAN, by=SELLERS, asks=("plan", "product_id"), label="Propose a plan"),
        Step("await_decision", S.PLAN, S.DECISION, by=SELLERS, when=_unpriced),
        Step("submit", S.DECISION, S.SUBMITTED, by=SELLERS, when=_unsettled),
        Step("step_back", S.PLAN | S.DECISION, S.NEEDS, by=SELLERS, asks=("reason",), tone="secondary"),
        Step("lose", OPEN, S.LOST, by=SELLERS, asks=("loss_reason", "reason"), tone="danger"),
        Step("revive", S.LOST, S.CONTACT, by=(Role.SALES, *LEADERS), asks=("reason",), tone="secondary"),
        frozen=S.SUBMITTED | S.LOST,
        due="next_contact_on",
    )
