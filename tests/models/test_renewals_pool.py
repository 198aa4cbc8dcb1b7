"""The expiry pool and its allocation: what enters, who gets it, what is published, and that twice writes nothing."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry, Notice
from app.kernel.workflow import adopt
from models.contracts.states import Channel, ContractState
from models.people import Person
from models.renewals import Renewal
from models.renewals.jobs import pool, rebalance
from models.renewals.rules import LeftOut
from models.renewals.states import RenewalState
from tests.models import book

TODAY = date(2026, 3, 16)  # a Monday
DUE = datetime(2026, 3, 15, 22, tzinfo=UTC)  # six in the morning in Shanghai
DAY = timedelta(days=1)
S = RenewalState


TEAM = ("renewal", "renewal2", "renewal3")


@pytest.fixture(autouse=True)
def licensed(session, people, as_system):
    """Three specialists may work, and they are alike."""
    book.license(session, *(people[name] for name in TEAM))
    session.commit()


def items(session):
    return {row.contract_id: row for row in session.scalars(select(Renewal))}


def test_what_expires_from_today_within_the_pools_days_enters_it(session):
    first, last = book.contract(session, TODAY), book.contract(session, TODAY + 45 * DAY)
    for expires_on in (TODAY - DAY, TODAY + 46 * DAY):
        book.contract(session, expires_on)
    for state in (ContractState.DRAFT, ContractState.LAPSED, ContractState.VOIDED):
        book.contract(session, TODAY, state=state)
    session.commit()
    result = pool(DUE, session)
    assert (result["written"], result["stood"], result["allocated"]) == (2, 0, 2)
    assert {key: row.cohort for key, row in items(session).items()} == {first.id: "2026-03", last.id: "2026-04"}


def test_an_item_takes_over_from_its_contract_and_history_tells_of_it(session):
    contract = book.contract(session, TODAY, channel=Channel.BRANCH, premium=Decimal("987.65"))
    session.commit()
    pool(DUE, session)
    item = items(session)[contract.id]
    assert (item.number, item.customer_id, item.expires_on) == (contract.number, contract.customer_id, TODAY)
    assert (item.premium, item.channel, item.state) == (Decimal("987.65"), Channel.BRANCH, S.NEW)
    verbs = set(session.scalars(select(AuditEntry.verb).where(AuditEntry.record == "renewal")))
    assert verbs == {"pool", "allocate"}


def test_twice_writes_nothing(session):
    for n in range(5):
        book.contract(session, TODAY + n * DAY)
    session.commit()
    pool(DUE, session)
    session.commit()
    before = {key: (row.owner_id, row.version) for key, row in items(session).items()}
    again = pool(DUE, session)
    session.commit()
    assert (again["written"], again["stood"], again["allocated"]) == (0, 5, 0)
    assert {key: (row.owner_id, row.version) for key, row in items(session).items()} == before


def test_cohorts_are_complete_what_is_no_case_enters_left_out_and_the_early_as_renewed(session):
    expected = {
        book.contract(session, TODAY, state=ContractState.CANCELLED, cancelled_on=TODAY): LeftOut.CANCELLED,
        book.contract(session, TODAY, state=ContractState.OBJECT_GONE): LeftOut.OBJECT_GONE,
        book.contract(session, TODAY, cover=book.product(session, "ONCE", renewable=False)): LeftOut.NOT_RENEWABLE,
        book.contract(session, TODAY, declined_by_us=True): LeftOut.DECLINED_BY_US,
    }
    early = book.contract(session, TODAY, state=ContractState.RENEWED)
    after = book.successor(session, early)
    session.commit()
    result = pool(DUE, session)
    found = items(session)
    assert {c.id: found[c.id].left_out for c in expected} == {c.id: reason for c, reason in expected.items()}
    assert {found[c.id].state for c in expected} == {S.LEFT_OUT}
    assert (found[early.id].state, found[early.id].successor_id) == (S.RENEWED, after.id)
    assert (result["written"], result["left_out"], result["allocated"]) == (5, 4, 0)


def test_the_load_is_even_and_the_balance_published(session, people):
    for n in range(30):
        book.contract(session, TODAY, premium=Decimal(500 + 37 * n))
    session.commit()
    result = pool(DUE, session)
    counts = {name: line["count"] for name, line in result["people"].items() if line["barred"] is None}
    assert counts == {"Renewal Tester": 10, "Renewal2 Tester": 10, "Renewal3 Tester": 10}
    assert sum(Decimal(line["value"]) for line in result["people"].values()) == sum(500 + 37 * n for n in range(30))
    assert Decimal("1.00") <= Decimal(result["max_min_ratio"]) <= Decimal("1.05")
    units = {row.owner_id: row.unit_id for row in items(session).values()}
    assert units == {people[name].user_id: people[name].unit_id for name in TEAM}


def test_the_credit_is_frozen_and_the_first_contact_has_a_limit_in_working_days(session):
    contract = book.contract(session, TODAY)
    session.commit()
    pool(DUE, session)
    item = items(session)[contract.id]
    assert item.credited_to_id == item.owner_id is not None
    assert (item.allocated_on, item.contact_by) == (TODAY, date(2026, 3, 18))


@pytest.mark.parametrize(
    "bar",
    [
        {"present": False},
        {"licence": None},
        {"licence_until": TODAY - DAY},
        {"examined": False},
    ],
)
def test_the_absent_unlicensed_and_unexamined_get_none(session, people, bar):
    person = session.scalar(select(Person).where(Person.user_id == people["renewal"].user_id))
    for field, value in bar.items():
        setattr(person, field, value)
    for _ in range(6):
        book.contract(session, TODAY)
    session.commit()
    result = pool(DUE, session)
    owners = [row.owner_id for row in items(session).values()]
    assert people["renewal"].user_id not in owners
    assert (result["allocated"], result["people"]["Renewal Tester"]["count"]) == (6, 0)


def test_where_no_licence_is_needed_none_is_asked_for(session, people):
    for person in session.scalars(select(Person)):
        person.licence = None
    set_setting(session, "renewals.licence_needed", "no")
    book.contract(session, TODAY)
    session.commit()
    assert pool(DUE, session)["allocated"] == 1


def test_what_nobody_may_take_stays_in_the_pool_until_somebody_may(session):
    for person in session.scalars(select(Person)):
        person.present = False
    contract = book.contract(session, TODAY)
    session.commit()
    result = pool(DUE, session)
    session.commit()
    assert (result["allocated"], result["unallocated"]) == (0, 1)
    assert items(session)[contract.id].owner_id is None
    for person in session.scalars(select(Person)):
        person.present = True
    session.commit()
    assert pool(DUE + DAY, session)["allocated"] == 1


def test_the_previous_owner_keeps_the_customer(session, people):
    before = book.contract(session, TODAY - 365 * DAY, keeper=people["renewal3"])
    old = book.renewal(session, before, people["renewal2"], S.RENEWED)
    again = book.successor(session, before, keeper=people["renewal3"])
    old.successor_id = again.id
    kept = book.contract(session, again.expires_on, keeper=people["renewal3"])
    session.commit()
    day = again.expires_on
    pool(datetime(day.year, day.month, day.day, 1, tzinfo=UTC), session)
    found = items(session)
    assert found[again.id].owner_id == people["renewal2"].user_id
    assert found[kept.id].owner_id == people["renewal3"].user_id


def test_what_is_on_a_desk_already_counts(session, people):
    for _ in range(4):
        book.renewal(session, book.contract(session, TODAY + 90 * DAY), people["renewal"], S.FOLLOWING)
    for _ in range(4):
        book.contract(session, TODAY)
    session.commit()
    pool(DUE, session)
    given = [row.owner_id for row in items(session).values() if row.allocated_on == TODAY]
    assert sorted(given) == sorted([people["renewal2"].user_id, people["renewal3"].user_id] * 2)


def test_claims_above_the_premium_make_a_renewal_harder(session):
    hard = book.contract(session, TODAY, claims_amount=Decimal("1200.000001"))
    easy = book.contract(session, TODAY, claims_amount=Decimal("1200"))
    session.commit()
    pool(DUE, session)
    assert {key: row.difficulty for key, row in items(session).items()} == {hard.id: 1, easy.id: 0}


def test_specialists_and_supervisors_are_told_once_a_day(session, people):
    book.contract(session, TODAY)
    session.commit()
    pool(DUE, session)
    session.commit()
    pool(DUE, session)
    owner = session.scalar(select(Renewal.owner_id))
    told = list(session.scalars(select(Notice.user_id).where(Notice.channel == "app")))
    assert sorted(told) == sorted([owner, people["supervisor"].user_id, people["supervisor2"].user_id])


def test_the_week_begins_with_even_desks_and_only_the_untouched_moves(session, people, as_system):
    for n in range(9):
        book.contract(session, TODAY + n * DAY)
    session.commit()
    pool(DUE, session)
    mine, other = people["renewal"].user_id, people["renewal2"].user_id
    for row in items(session).values():
        row.owner_id = mine
    session.flush()
    begun = sorted(items(session))[:2]
    for key in begun:
        adopt(session, items(session)[key], S.CONTACTED)
    credit = {key: (row.credited_to_id, row.allocated_on) for key, row in items(session).items()}
    session.commit()
    result = rebalance(DUE, session)
    session.commit()
    found = items(session)
    assert Counter(row.owner_id for row in found.values()) == {mine: 3, other: 3, people["renewal3"].user_id: 3}
    assert all(found[key].owner_id == mine for key in begun), "what is begun stays"
    assert {row.unit_id for row in found.values() if row.owner_id == other} == {people["renewal2"].unit_id}
    assert {key: (row.credited_to_id, row.allocated_on) for key, row in found.items()} == credit
    assert result["written"] == 6
    told = session.scalars(select(AuditEntry).where(AuditEntry.verb == "rebalance")).all()
    assert len(told) == 1
    assert rebalance(DUE, session)["written"] == 0
    assert session.scalars(select(AuditEntry).where(AuditEntry.verb == "rebalance")).all() == told
