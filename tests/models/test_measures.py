"""Every declared measure, over random rows: its figure is what the rows behind it come to, for whoever looks."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import distinct, select
from sqlalchemy.orm import object_session

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.schema import check, check_measures
from app.schema.errors import DeclarationError
from app.schema.measure import Measure, months
from app.schema.registry import Registry, registry
from models.claims import Claim, Payout
from models.contracts import Contract
from models.products import Product
from models.renewals import Contact, Renewal
from models.renewals.rules import LeftOut, is_renewed
from models.voice import Complaint
from tests.factories import make
from tests.models import book
from tests.models.test_appraisal import target
from tests.screens import statements

DAY = timedelta(days=1)
PERIOD = (date(2026, 1, 15), date(2026, 3, 20))
OWNERS = ("claims", "claims2", "renewal", "renewal3", "sales")
SYSTEM = system_actor("tests")


def total(of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A number of each row, summed."""
    return lambda rows: sum((Decimal(of(row)) for row in rows), Decimal(0))


def linked(row, record, key):
    """What a row links to, whoever loaded the row."""
    return object_session(row).get(record, key)


def days_to_pay(payout):
    return (payout.paid_on - linked(payout, Claim, payout.claim_id).decided_on).days


def premium(renewal):
    return linked(renewal, Contract, renewal.successor_id).premium


def kept(renewal):
    """Whether it was renewed within the grace."""
    after = object_session(renewal).scalars(select(Contract).where(Contract.predecessor_id == renewal.contract_id))
    return any(is_renewed(renewal.expires_on, c.starts_on, bool(c.paid_on), bool(c.voided_on), 30) for c in after)


TWINS = {
    "claims_on_time": (total(lambda claim: claim.decided_on <= claim.decide_by), len),
    "complaints_on_time": (total(lambda complaint: complaint.answered_on <= complaint.due_on), len),
    "days_to_decide": (total(lambda claim: (claim.decided_on - house_day(claim.reported_at)).days), len),
    "days_to_pay": (total(days_to_pay), len),
    "claim_severity": (total(lambda payout: payout.amount), lambda rows: len({payout.claim_id for payout in rows})),
    "claim_cost": (total(lambda payout: payout.amount), lambda rows: 1),
    "contact_volume": (len, lambda rows: 1),
    "renewed_premium": (total(premium), lambda rows: 1),
    "renewal_rate": (total(kept), len),
    "attainment": (total(lambda contract: contract.premium), None),
    "claim_frequency": (len, None),
    # Amounts of several records on several days: worked out slowly in test_claims_report.
    "loss_ratio_earned": (None, None),
    "loss_ratio_simple": (None, None),
}
"""By measure, numerator and denominator as Python reckons them from the rows; None for what is not of these rows."""


@pytest.fixture
def work(session, as_system, people):
    """Rows of every record measured, on days about the period, of several people and of nobody."""
    random = Random(11)

    def day() -> date:
        return date(2026, 1, 1) + timedelta(days=random.randrange(100))

    cover = book.product(session).id
    for number in range(40):
        who = people.get(random.choice((*OWNERS, "")))
        premium = Decimal(random.randrange(100, 90_000)).scaleb(-2)
        sold = {"product_id": cover, "premium": premium, "starts_on": day(), "expires_on": date(2027, 1, 1)}
        contract = make(session, Contract, who, paid_on=random.choice((None, day())), **sold)
        contract.voided_on = random.choice((None, None, None, day()))
        before, reported, decided = make(session, Contract, who, product_id=cover), day(), day()
        noted = datetime.combine(reported, datetime.min.time(), UTC) + timedelta(minutes=random.randrange(1440))
        limit = random.choice((None, decided, decided - DAY, decided + DAY))
        on = {"reported_at": noted, "decided_on": decided, "decide_by": limit, "round": number % 3 + 1}
        claim = make(session, Claim, who, contract_id=contract.id, **on)
        for round_ in range(1, claim.round + 1):
            paid = {"paid_on": day(), "round": round_, "payee_account": None, "amount": premium / round_}
            make(session, Payout, people.get(random.choice(OWNERS)), claim_id=claim.id, **paid)
        answered = day()
        due = answered + random.choice((-DAY, 0 * DAY, DAY))
        make(session, Complaint, who, answered_on=random.choice((None, answered)), due_on=due)
        made_by = people.get(random.choice(OWNERS))
        make(session, Contact, who, contacted_on=day(), made_by_id=made_by.user_id)
        contract.predecessor_id = before.id
        gone = random.choice((None, None, None, LeftOut.CANCELLED))
        given = {"contract_id": before.id, "expires_on": day(), "left_out": gone, "credited_to_id": made_by.user_id}
        make(session, Renewal, who, successor_id=contract.id, **given)
    for month in ("2026-01", "2026-02", "2026-03"):
        for name in OWNERS:
            target(session, people[name], "1000", month)
    session.commit()


def test_figure_trend_and_rows_never_disagree(session, people, work):
    assert TWINS.keys() == {measure.name for measure in registry.measures}, "say in TWINS how rows are reckoned"
    counted = 0
    for looking in (SYSTEM, people["supervisor"], people["claims"], people["renewal3"]):
        for measure in registry.measures:
            reckoned = TWINS[measure.name]
            for who in (None, "claims", "renewal3"):
                user = people[who].user_id if who else None
                with acting(looking):
                    figure = measure.figure(session, user, *PERIOD)
                    behind = session.scalars(measure.rows(user, *PERIOD)).unique().all()
                    everybody = measure.figures(session, *PERIOD)
                at = (looking.name, measure.name, who)
                assert {type(row) for row in behind} <= {measure.of}, at
                with acting(SYSTEM):
                    for sort, twin in zip(("numerator", "denominator"), reckoned, strict=True):
                        if twin is not None:
                            assert getattr(figure, sort) == twin(behind), (at, sort)
                            counted += bool(behind)
                if user is not None:
                    assert measure.among(everybody, user) == figure, at
                elif measure.name != "claim_severity":  # a claim may be paid by two
                    assert measure.among(everybody, None) == figure, at
            with acting(looking):
                trend = measure.trend(session, None, *PERIOD)
                assert trend == {name: measure.figure(session, None, *days) for name, *days in months(*PERIOD)}
    assert counted > 80


def test_a_trend_declared_by_its_parts_is_one_statement(backend, session, as_system):
    with statements(backend.engine) as asked:
        trend = registry.measures["claims_on_time"].trend(session, None, date(2021, 1, 1), date(2025, 12, 31))
    assert (len(asked), len(trend)) == (1, 60)


# Declaring


@pytest.mark.parametrize(
    ("parts", "cure"),
    [
        ({"of": Complaint}, "is no record"),
        ({"unit": "%"}, "give it a denominator="),
        ({"of": Product, "on": Product.created_at}, "say whose="),
        ({"on": Claim.reported_at}, "of a moment HouseDay("),
        ({"where": Claim.claimed}, "give it where="),
        ({"numerator": Claim.cause}, "a condition, a number or distinct("),
        ({"denominator": distinct(Payout.claim_id)}, "looks at payout, which it does not join: give it joins="),
    ],
)
def test_what_does_not_hold_together_is_said_with_its_cure(parts, cure, monkeypatch):
    sound: dict[str, Any] = {"of": Claim, "unit": "claims", "on": Claim.decided_on}
    declared = Registry()
    declared.add(Claim)
    declared.add(Product)
    for given, faults in ((sound, False), (sound | parts, True)):
        measure = Measure("m", "M", **given)
        found = list(check_measures.faults_of(measure, declared))
        assert bool(found) == faults, found
    assert cure in found[0]
    monkeypatch.setattr(registry, "measures", [measure])
    with pytest.raises(DeclarationError, match="measure 'm' "):
        check.run(registry)
