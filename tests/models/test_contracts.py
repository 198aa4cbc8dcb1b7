"""Contracts: their steps, what the database refuses, succession and lapse."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kernel import clock, settings
from app.kernel.actor import acting
from app.kernel.tables import AuditEntry
from app.kernel.workflow import advance, offers
from app.schema.errors import Conflict, NotPermitted, Refusal
from models.contracts import Contract
from models.contracts.jobs import lapse
from models.contracts.rules import Term
from models.contracts.states import Billing, ContractState
from models.contracts.succession import first_instalment, succeed
from models.renewals.rules import lapses_on
from models.renewals.states import RenewalState
from tests.models import book

EXPIRY = date(2026, 3, 31)
S = ContractState


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"starts_on": EXPIRY + timedelta(days=1)}, "expires_after_it_starts"),
        ({"premium": Decimal("-0.01")}, "premium_is_not_negative"),
    ],
)
def test_the_database_refuses_what_cannot_be(session, as_system, fields, sentence):
    with pytest.raises(IntegrityError, match=sentence):
        book.contract(session, EXPIRY, **fields)


def test_what_is_in_force_changes_by_steps_alone(session, people, as_system):
    contract = book.contract(session, EXPIRY, keeper=people["sales"])
    session.commit()
    contract.premium = Decimal("1.00")
    with acting(people["sales"]), pytest.raises(Conflict, match="In force"):
        session.flush()


def test_a_draft_is_issued_by_operations_not_by_sales(session, people, as_system):
    contract = book.contract(session, EXPIRY, keeper=people["sales"], state=S.DRAFT)
    session.commit()
    with acting(people["sales"]), pytest.raises(NotPermitted):
        advance(session, contract, "issue")
    with acting(people["operations"]):
        advance(session, contract, "issue", answers={"paid_on": "2025-04-01"})
    assert (contract.state, contract.paid_on) == (S.IN_FORCE, date(2025, 4, 1))


def test_renewed_only_with_a_paid_successor(session, people, as_system):
    contract = book.contract(session, EXPIRY)
    book.successor(session, contract, paid_on=None)
    session.commit()
    with acting(people["manager"]):
        (closed,) = (offer for offer in offers(session, contract, people["manager"]) if offer.step.name == "renew")
        assert closed.reason is not None
        with pytest.raises(Refusal, match="successor"):
            advance(session, contract, "renew")


def test_the_successor_continues_the_cover_at_the_agreed_price(session, people, as_system):
    contract = book.contract(session, EXPIRY, keeper=people["renewal"], object_class="SUV", coverage="Extended")
    after = succeed(session, contract, premium=Decimal("1000.00"), paid_on=EXPIRY)
    assert (after.predecessor_id, after.state, contract.state) == (contract.id, S.IN_FORCE, S.RENEWED)
    assert (after.starts_on, after.expires_on) == (date(2026, 4, 1), date(2027, 3, 31))
    assert (after.premium, after.instalment) == (Decimal("1000.00"), Decimal("83.33"))
    assert (after.owner_id, after.object_class, after.coverage) == (people["renewal"].user_id, "SUV", "Extended")


def test_a_lapsed_contract_is_continued_from_the_day_of_payment(session, as_system):
    contract = book.contract(session, EXPIRY, state=S.LAPSED)
    after = succeed(session, contract, premium=Decimal("1200.00"), paid_on=date(2026, 6, 10))
    assert (after.starts_on, after.expires_on) == (date(2026, 6, 10), date(2027, 6, 9))


@pytest.mark.parametrize(
    ("billing", "amount"),
    [
        (Billing.SINGLE, "100.00"),
        (Billing.MONTHLY, "8.33"),
        (Billing.QUARTERLY, "25.00"),
        (Billing.ANNUAL, "100.00"),
    ],
)
def test_what_is_due_each_billing_period(billing, amount):
    term = Term(date(2026, 4, 1), date(2027, 3, 31))
    assert first_instalment(Decimal(100), billing, term) == Decimal(amount)


def test_a_voided_successor_leaves_the_contract_in_force(session, people, as_system):
    contract = book.contract(session, EXPIRY)
    renewal = book.renewal(session, contract, people["renewal"], RenewalState.RENEWED)
    renewal.successor_id = succeed(session, contract, premium=Decimal("1200.00"), paid_on=EXPIRY).id
    session.commit()
    after = session.get(Contract, renewal.successor_id)
    with acting(people["manager"]):
        advance(session, after, "void", answers={"voided_on": "2026-04-02", "reason": "payment bounced"})
    session.commit()
    assert (after.state, contract.state) == (S.VOIDED, S.IN_FORCE)
    assert (renewal.state, renewal.successor_id) == (RenewalState.FOLLOWING, None)


# Lapse

GRACE = 30


def at(day: date) -> datetime:
    """Half past midnight of a day in Shanghai, as the job is told it."""
    return datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC) - timedelta(hours=8)


def test_contracts_lapse_on_the_first_day_after_grace_and_their_renewals_with_them(session, people, as_system):
    contract = book.contract(session, EXPIRY)
    renewal = book.renewal(session, contract, people["renewal"], RenewalState.FOLLOWING)
    session.commit()
    day = lapses_on(EXPIRY, GRACE)
    assert lapse(at(day - timedelta(days=1)), session)["written"] == 0
    session.refresh(contract)
    assert contract.state == S.IN_FORCE
    before = contract.version
    assert lapse(at(day), session) == {"written": 1, "stood": 0, "expired_before": "2026-04-01"}
    session.commit()
    session.refresh(contract)
    session.refresh(renewal)
    assert (contract.state, contract.version) == (S.LAPSED, before + 1)
    assert renewal.state == RenewalState.LAPSED
    assert lapse(at(day), session) == {"written": 0, "stood": 1, "expired_before": "2026-04-01"}


def test_only_what_has_no_paid_successor_lapses_and_no_closed_renewal_reopens(session, people, as_system):
    plain = book.contract(session, EXPIRY)
    renewed, unpaid, voided = (book.contract(session, EXPIRY) for _ in range(3))
    book.successor(session, renewed)
    book.successor(session, unpaid, paid_on=None)
    book.successor(session, voided, voided_on=EXPIRY)
    for state in (S.CANCELLED, S.OBJECT_GONE, S.DRAFT):
        book.contract(session, EXPIRY, state=state)
    declined = book.renewal(session, plain, people["renewal"], RenewalState.DECLINED)
    session.commit()
    lapse(at(date(2026, 9, 1)), session)
    session.commit()
    lapsed = set(session.scalars(select(Contract.id).where(Contract.state == S.LAPSED)))
    assert lapsed == {plain.id, unpaid.id, voided.id}
    session.refresh(declined)
    assert declined.state == RenewalState.DECLINED


def test_history_has_one_entry_with_the_bounds_and_every_contract(session, as_system):
    ids = sorted(book.contract(session, EXPIRY).id for _ in range(3))
    session.commit()
    lapse(at(date(2026, 9, 1)), session)
    session.commit()
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.verb == "lapse"))
    assert (entry.record, entry.record_id) == ("contract", None)
    assert (entry.changes["expired_before"], entry.changes["ids"]) == ("2026-08-02", ids)


def test_the_house_says_how_long_grace_is_and_whose_day_it_is(session, as_system, monkeypatch):
    contract = book.contract(session, EXPIRY)
    settings.set_setting(session, "contracts.grace_days", "0")
    session.commit()
    evening = datetime(2026, 3, 31, 17, tzinfo=UTC)  # 1 April, 01:00 in Shanghai
    monkeypatch.setattr(clock, "_house", ZoneInfo("America/New_York"))
    assert lapse(evening, session)["written"] == 0
    monkeypatch.setattr(clock, "_house", ZoneInfo("Asia/Shanghai"))
    assert lapse(evening, session)["written"] == 1
    session.refresh(contract)
    assert contract.state == S.LAPSED
