"""Quote: a price worked out for a customer, agreed or disputed."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.clock import house_day
from app.kernel.settings import setting_value
from app.schema.errors import Refusal
from app.schema.fields import Rule, Term, Worked, Working
from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, Money, Percent, Quantity, ShortText, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Extendable, Noted
from app.schema.workflow import Move, Step, Workflow
from models.sales.rules import quoted_premium
from models.sales.settings import QUOTE_DAYS
from models.sales.states import QuoteState

if TYPE_CHECKING:
    from models.customers.customer import Customer
    from models.products.product import Product
    from models.sales.lead import Lead

S = QuoteState
BASE = "Base premium"
SELLERS = (Role.SALES, *LEADERS)


def _calculate(quote: "Quote", move: Move) -> None:
    try:
        steps = quoted_premium(quote.sum_insured, quote.rate, quote.discount, quote.minimum)
    except ValueError as error:
        raise Refusal("The premium cannot be worked out: %(why)s", why=error) from None
    quote.premium = steps[-1].amount
    quote.trace = "\n".join(f"{step.step}: {step.formula} = {step.amount}" for step in steps)
    days = setting_value(move.session, QUOTE_DAYS)
    quote.valid_until = house_day(move.at) + timedelta(days=days)


def _stale(quote: "Quote", move: Move) -> None:
    if quote.valid_until is not None and quote.valid_until < house_day(move.at):
        raise Refusal("The quote is no longer good: revise and calculate it anew.")


def _premium_of(quote: Any) -> Worked:
    steps = quoted_premium(quote.sum_insured, quote.rate, quote.discount, quote.minimum)
    terms = tuple(
        Term(BASE if step.step == "base" else step.step.capitalize(), step.amount, step.formula) for step in steps
    )
    return Worked(steps[-1].amount, terms)


class Quote(Owned, Noted, Extendable, Record):
    """A price. `rate` is per cent of the sum insured; `trace` shows how the premium came about."""

    __table_args__: Any = (
        CheckConstraint("premium >= 0", name="premium_is_not_negative"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("Q-{year}-{seq:06}")
    customer_id: Mapped[int | None] = ref("customer")
    customer: Mapped["Customer | None"] = relationship()
    lead_id: Mapped[int | None] = ref("lead")
    lead: Mapped["Lead | None"] = relationship()
    product_id: Mapped[int] = ref("product")
    product: Mapped["Product"] = relationship()
    sum_insured: Mapped[Money]
    rate: Mapped[Quantity]
    discount: Mapped[Percent] = mapped_column(default=Decimal(0))
    minimum: Mapped[Money] = mapped_column(default=Decimal(0))
    premium: Mapped[Money | None]
    trace: Mapped[LongText | None]
    valid_until: Mapped[Day | None]
    agreed_with: Mapped[ShortText | None]
    state: Mapped[QuoteState] = starts_at(S.DRAFT)

    grants = Grants(work=(Role.SALES,), see=(Role.UNDERWRITER, Role.INSPECTOR))
    fields = (Rule("premium", worked=Working(_premium_of, ("sum_insured", "rate", "discount", "minimum"))),)
    panel = Panel(
        menu=Menu("Sales", icon="coin", order=20),
        title="number",
        columns=("number", "lead_id", "product_id", "premium", "valid_until", "owner_id", "state"),
        search=("number", "lead.name"),
        form=(
            Group("Quote", "lead_id", "customer_id", "product_id"),
            Group("Price", "sum_insured", "rate", "discount", "minimum", "remark"),
        ),
        facts=("number", "premium", "valid_until", "agreed_with"),
        labels={"rate": "Premium rate"},
    )
    workflow = Workflow(
        Step("calculate", S.DRAFT, S.CALCULATED, by=SELLERS, effect=_calculate),
        Step("agree", S.CALCULATED, S.AGREED, by=SELLERS, asks=("agreed_with",), effect=_stale),
        Step("dispute", S.CALCULATED, S.DISPUTED, by=SELLERS, asks=("reason",), tone="danger"),
        Step("revise", S.CALCULATED | S.DISPUTED, S.DRAFT, by=SELLERS, tone="secondary"),
        frozen=S.CALCULATED | S.DISPUTED | S.AGREED,
    )
