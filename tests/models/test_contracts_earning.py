"""Days on risk and premium earned in SQL, against the pure rule over random contracts, on both databases."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import select, update

from app.kernel.actor import acting
from app.kernel.clock import house_day
from app.kernel.days import HouseDay, MonthOf, begins, ends
from models.contracts import Contract
from models.contracts.earning import (
    ON_RISK,
    Volume,
    days_before,
    monthly,
    on_risk_in,
    unearned_from,
    up_to_today,
    volumes,
)
from models.contracts.rules import Method, Term, earned
from models.contracts.states import ContractState
from tests.models import book

DAY = timedelta(days=1)
FIRST, LAST = date(2024, 2, 29), date(2025, 7, 15)


@pytest.fixture
def contracts(session, as_system, people):
    """A hundred contracts of every length, some cancelled, gone, voided or drafts."""
    random = Random(44)
    of, made = book.customer(session), []
    for n in range(100):
        starts_on = date(2023, 1, 1) + timedelta(days=random.randrange(1200))
        days = random.choice((0, 1, 6, 29, 364, 365, 1094, random.randrange(1, 4000)))
        fields = {"premium": Decimal(random.randrange(1, 10_000_000)).scaleb(-2)}
        keeper = people[random.choice(("sales", "renewal", "renewal3"))]
        contract = book.contract(
            session, starts_on + timedelta(days=days), of=of, starts_on=starts_on, keeper=keeper, **fields
        )
        if n % 4 == 1:
            contract.cancelled_on = starts_on + timedelta(days=random.randrange(-3, days + 5))
        if n % 10 == 2:
            contract.object_gone_on = starts_on + timedelta(days=random.randrange(0, days + 2))
        made.append(contract)
    session.flush()
    session.execute(update(Contract).where(Contract.id == made[0].id).values(state=ContractState.DRAFT))
    session.execute(update(Contract).where(Contract.id == made[4].id).values(voided_on=date(2024, 5, 1)))
    session.commit()
    session.expire_all()
    return made


def slow(contract, first, last):
    """Days on risk and premium earned from `first` to `last`, day by day and by the pure rule."""
    if contract.voided_on or contract.state == ContractState.DRAFT:
        return 0, Decimal(0)
    term = Term(contract.starts_on, contract.expires_on)
    end = min(filter(None, (contract.expires_on + DAY, contract.cancelled_on, contract.object_gone_on)))
    days = sum(first <= contract.starts_on + n * DAY <= last for n in range(max((end - contract.starts_on).days, 0)))
    before, after = (earned(contract.premium, Method.PRO_RATA, term, min(day, end)) for day in (first, last + DAY))
    return days, after - before


def test_every_contract_agrees_with_the_rule(session, contracts):
    sums = (days_before(LAST + DAY) - days_before(FIRST), unearned_from(FIRST) - unearned_from(LAST + DAY))
    found = {id_: (days, money) for id_, days, money in session.execute(select(Contract.id, *sums).where(ON_RISK))}
    for contract in contracts:
        assert found.get(contract.id, (0, Decimal(0))) == slow(contract, FIRST, LAST), contract.number
    at_risk = set(session.scalars(select(Contract.id).where(on_risk_in(FIRST, LAST))))
    assert at_risk == {contract.id for contract in contracts if slow(contract, FIRST, LAST)[0]}


def expected(contracts, first, last):
    parts = [slow(contract, first, last) for contract in contracts]
    written = [
        c.premium
        for c in contracts
        if first <= c.starts_on <= last and not c.voided_on and c.state != ContractState.DRAFT
    ]
    return Volume(sum(days for days, _ in parts), sum(money for _, money in parts), sum(written, Decimal("0.00")))


def test_volumes_are_the_sums_by_any_key_and_by_month(session, contracts, people):
    assert volumes(session, FIRST, LAST) == {None: expected(contracts, FIRST, LAST)}
    by_owner = volumes(session, FIRST, LAST, Contract.owner_id)
    assert by_owner == {
        owner: expected([c for c in contracts if c.owner_id == owner], FIRST, LAST) for owner in by_owner
    }
    assert len(by_owner) == 3
    assert volumes(session, None, LAST)[None] == expected(contracts, date(1900, 1, 1), LAST)
    months = [date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1)]
    assert monthly(session, months, date(2024, 4, 20)) == {
        "2024-02": expected(contracts, months[0], date(2024, 2, 29)),
        "2024-03": expected(contracts, months[1], date(2024, 3, 31)),
        "2024-04": expected(contracts, months[2], date(2024, 4, 20)),
    }


def test_each_counts_the_contracts_he_or_she_sees(session, contracts, people):
    mine = people["sales"]
    with acting(mine):
        seen = volumes(session, FIRST, LAST)[None]
    assert seen == expected([c for c in contracts if c.owner_id == mine.user_id], FIRST, LAST)


def test_nothing_is_earned_ahead_of_today():
    today = house_day(datetime.now(UTC))
    assert up_to_today(None) == up_to_today(date(9999, 12, 31)) == today
    assert up_to_today(date(2020, 1, 1)) == date(2020, 1, 1)


def test_the_day_of_a_moment_is_that_of_the_house_also_when_its_clocks_changed(session, as_system):
    made = book.contract(session, date(2030, 1, 1))
    for moment in (
        datetime(1988, 7, 1, 14, 59, tzinfo=UTC),  # China had summer time then: nine hours ahead
        datetime(1988, 7, 1, 15, 0, tzinfo=UTC),
        datetime(2026, 1, 31, 15, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 1, 31, 16, 0, tzinfo=UTC),
    ):
        session.execute(update(Contract).where(Contract.id == made.id).values(created_at=moment))
        day, month = session.execute(
            select(HouseDay(Contract.created_at), MonthOf(HouseDay(Contract.created_at))).where(Contract.id == made.id)
        ).one()
        assert (day, month) == (house_day(moment), f"{house_day(moment):%Y-%m}")
        assert begins(day) <= moment < ends(day)
