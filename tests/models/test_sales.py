"""Leads, quotes and targets: the way of a sale, its price, and how a target is broken down."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting
from app.kernel.history import timeline
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from models.sales import Lead, Quote, Target
from models.sales.rules import quoted_premium
from models.sales.states import LeadState, LossReason, QuoteState, TargetState
from tests.journey import enter, stopped, walk
from tests.models import book


@pytest.fixture
def motor(session, as_system):
    made = book.product(session)
    session.commit()
    return made.id


@pytest.fixture
def lead(session, people, motor):
    return enter(session, people["sales"], Lead(name="Wang Fang", phone="+8613800138000"))


def a_quote(product, **fields) -> Quote:
    values = {"product_id": product, "sum_insured": Decimal("100000"), "rate": Decimal("1.255")}
    return Quote(**(values | fields))


def offered(session, people, lead, motor) -> Quote:
    """A calculated quote for the lead, which now waits for the customer's decision."""
    walk(session, lead, people["sales"], "assess", needs="a family car")
    walk(session, lead, people["sales"], "propose", plan="full cover", product_id=motor)
    quote = enter(session, people["sales"], a_quote(motor, lead_id=lead.id))
    walk(session, quote, people["sales"], "calculate")
    walk(session, lead, people["sales"], "await_decision")
    return quote


def test_from_contact_to_application(session, people, lead, motor):
    assert (lead.owner_id, lead.state) == (None, LeadState.CONTACT)
    quote = offered(session, people, lead, motor)
    assert lead.owner_id == people["sales"].user_id
    stopped(session, lead, people["sales"], "submit", Refusal, "customer's file")
    with acting(people["sales"]):
        lead.customer_id = book.customer(session).id
        session.commit()
    stopped(session, lead, people["sales"], "submit", Refusal, "agreed with the customer")
    walk(session, quote, people["sales"], "agree", agreed_with="Wang Fang, by phone")
    walk(session, lead, people["sales"], "submit")
    assert lead.state == LeadState.SUBMITTED


def test_a_decision_waits_for_a_price(session, people, lead, motor):
    walk(session, lead, people["sales"], "assess", needs="a family car")
    stopped(session, lead, people["sales"], "propose", Invalid, plan="full cover")
    walk(session, lead, people["sales"], "propose", plan="full cover", product_id=motor)
    enter(session, people["sales"], a_quote(motor, lead_id=lead.id))
    stopped(session, lead, people["sales"], "await_decision", Refusal, "Calculate a quote")


def test_a_lead_is_lost_for_a_reason_and_may_come_back(session, people, lead):
    stopped(session, lead, people["sales"], "lose", Invalid, reason="bought elsewhere")
    stopped(session, lead, people["sales"], "lose", Invalid, loss_reason="price")
    walk(session, lead, people["sales"], "lose", loss_reason="competitor", reason="bought elsewhere")
    assert (lead.state, lead.loss_reason) == (LeadState.LOST, LossReason.COMPETITOR)
    with acting(people["sales"]):
        assert timeline(session, lead)[0].why == "bought elsewhere"
    stopped(session, lead, people["sales"], "assess", Conflict, needs="x")
    walk(session, lead, people["sales"], "revive", reason="unhappy there")


def test_a_step_back_needs_a_reason(session, people, lead, motor):
    offered(session, people, lead, motor)
    stopped(session, lead, people["sales"], "step_back", Invalid)
    walk(session, lead, people["sales"], "step_back", reason="wants health cover as well")
    assert lead.state == LeadState.NEEDS


def test_a_lead_is_its_sellers_and_an_untaken_one_every_sellers(session, people, lead, motor):
    def seen(who):
        with acting(people[who]):
            return len(session.scalars(select(Lead)).all())

    assert {who: seen(who) for who in ("sales", "supervisor2", "renewal", "service")} == {
        "sales": 1,
        "supervisor2": 1,
        "renewal": 0,
        "service": 0,
    }
    walk(session, lead, people["sales"], "assess", needs="a family car")
    assert {who: seen(who) for who in ("sales", "supervisor", "supervisor2", "manager", "inspector")} == {
        "sales": 1,
        "supervisor": 1,
        "supervisor2": 0,
        "manager": 1,
        "inspector": 1,
    }
    stopped(session, lead, people["renewal"], "lose", NotPermitted, loss_reason="price", reason="x")


def test_the_price_is_worked_out_by_steps_and_its_trace_kept(session, people, motor):
    quote = enter(session, people["sales"], a_quote(motor, discount=Decimal("7.5")))
    walk(session, quote, people["sales"], "calculate")
    assert quote.premium == Decimal("1160.88")  # 100,000 × 1.255 % = 1,255.00, less 7.5 % = 1,160.875
    assert quote.trace.splitlines() == [
        "base: 100000.00 × 1.255000 % = 1255.00",
        "discount: 1255.00 × (100 − 7.50) % = 1160.88",
    ]


def test_a_calculated_price_is_not_touched_and_a_disputed_one_revised(session, people, motor):
    quote = enter(session, people["sales"], a_quote(motor))
    walk(session, quote, people["sales"], "calculate")
    with acting(people["sales"]):
        quote.sum_insured = Decimal(1)
        with pytest.raises(Conflict, match="Calculated"):
            session.flush()
    session.rollback()
    stopped(session, quote, people["sales"], "dispute", Invalid)
    walk(session, quote, people["sales"], "dispute", reason="last year it was less")
    walk(session, quote, people["sales"], "revise")
    assert quote.state == QuoteState.DRAFT


def test_a_price_that_cannot_be_worked_out_is_refused(session, people, motor):
    quote = enter(session, people["sales"], a_quote(motor, rate=Decimal(0)))
    stopped(session, quote, people["sales"], "calculate", Refusal, "above 0")


def test_an_old_quote_is_not_agreed(session, people, motor, as_system):
    quote = enter(session, people["sales"], a_quote(motor))
    walk(session, quote, people["sales"], "calculate")
    quote.valid_until -= timedelta(days=31)
    session.commit()
    stopped(session, quote, people["sales"], "agree", Refusal, "no longer good", agreed_with="x")


@pytest.mark.parametrize(
    ("given", "price"),
    [
        (("1000.00", "0.5"), "5.00"),
        (("333.33", "1.5"), "5.00"),  # 4.99995
        (("1000.00", "1", "33.33"), "6.67"),  # 10 × 66.67 % = 6.667
        (("1000.00", "1", "0", "12"), "12.00"),
        (("1000.00", "1", "0", "9.99"), "10.00"),
    ],
)
def test_premiums(given, price):
    assert quoted_premium(*map(Decimal, given))[-1].amount == Decimal(price)


@pytest.mark.parametrize("given", [("0", "1"), ("1", "0"), ("1", "1", "100"), ("1", "1", "-1"), ("1", "1", "0", "-1")])
def test_premiums_that_cannot_be(given):
    with pytest.raises(ValueError, match="give"):
        quoted_premium(*map(Decimal, given))


def a_target(actor, amount, **fields) -> Target:
    return Target(**({"month": "2026-03", "owner_id": actor.user_id, "amount": Decimal(amount)} | fields))


def test_the_manager_sets_a_target_and_the_supervisor_breaks_it_down(session, people):
    whole = enter(session, people["manager"], a_target(people["supervisor"], 1000))
    assert whole.unit_id == people["supervisor"].unit_id
    first = enter(session, people["supervisor"], a_target(people["sales"], 600, whole_id=whole.id))
    stopped(session, first, people["supervisor"], "break_down", Refusal, "not in force")
    stopped(session, whole, people["supervisor"], "set", NotPermitted)
    stopped(session, whole, people["supervisor"], "break_down", Refusal, "Choose the target")
    walk(session, whole, people["manager"], "set")
    stopped(session, first, people["supervisor"], "break_down", Refusal, "do not sum")
    enter(session, people["supervisor"], a_target(people["renewal"], 400, whole_id=whole.id))
    walk(session, first, people["supervisor"], "break_down")
    assert first.state == TargetState.IN_FORCE
    with acting(people["sales"]):
        assert session.scalars(select(Target.amount)).all() == [Decimal("600.00")]


def test_nobody_breaks_down_a_target_for_oneself_or_into_another_month(session, people):
    whole = enter(session, people["manager"], a_target(people["manager"], 1000))
    walk(session, whole, people["manager"], "set")
    own = enter(session, people["manager"], a_target(people["supervisor"], 1000, whole_id=whole.id))
    other = enter(session, people["manager"], a_target(people["sales"], 1000, whole_id=whole.id, month="2026-04"))
    stopped(session, own, people["supervisor"], "break_down", Refusal, "set by the manager")
    with acting(people["manager"]):
        session.delete(own)
        session.commit()
    stopped(session, other, people["supervisor"], "break_down", Refusal, "month and the product")


def test_a_target_in_force_is_not_changed(session, people):
    target = enter(session, people["manager"], a_target(people["sales"], 10))
    walk(session, target, people["manager"], "set")
    with acting(people["supervisor"]):
        target.amount = Decimal(5)
        with pytest.raises(Conflict, match="In force"):
            session.flush()
    session.rollback()
    walk(session, target, people["manager"], "withdraw", reason="a typing error")


@pytest.mark.parametrize("of", ["all", "one"])
def test_somebody_has_one_target_a_month_and_product(session, people, motor, of):
    product = motor if of == "one" else None
    enter(session, people["manager"], a_target(people["sales"], 10, product_id=motor if of == "all" else None))
    enter(session, people["manager"], a_target(people["sales"], 10, product_id=product))
    with acting(people["manager"]):
        session.add(a_target(people["sales"], 20, product_id=product))
        with pytest.raises(IntegrityError):
            session.flush()
