"""The renewal report and the measures, against figures computed by hand and by `rules.renewal_rate`."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.kernel.actor import acting
from app.kernel.settings import set_setting
from app.schema.registry import registry
from models.contracts import Contract
from models.contracts.states import Channel, ContractState
from models.renewals import Renewal
from models.renewals.operations import close, log_contact
from models.renewals.report import COLUMNS, figures
from models.renewals.rules import Basis, Expiring, LeftOut, Successor, renewal_rate
from models.renewals.states import RenewalState
from tests.models import book

JANUARY, FEBRUARY = date(2026, 1, 20), date(2026, 2, 10)
TODAY = date(2026, 3, 5)
S = RenewalState
GRACE = 30


@pytest.fixture
def cohorts(session, people, as_system):
    """January: 5 due, 3 renewed (one late, two of one customer), 1 left out. February: 2 due, none renewed.

    January's successors cost 1,100 + 1,200 (two of 600) + 900 of the 6,000 that expired.
    """
    mine, theirs = people["renewal"], people["renewal3"]
    twin = book.customer(session)

    def due(day, owner, channel, of=None, premium="1200.00", **fields):
        contract = book.contract(session, day, of=of, premium=Decimal(premium))
        return contract, book.renewal(session, contract, owner, channel=channel, **fields)

    on_time, _ = due(JANUARY, mine, Channel.AGENT, of=twin)
    book.successor(session, on_time, premium=Decimal("1100.00"))
    split, _ = due(JANUARY, mine, Channel.AGENT, of=twin)
    book.successor(session, split, premium=Decimal("600.00"))
    book.successor(session, split, premium=Decimal("600.00"), late=3)
    late, _ = due(JANUARY, theirs, Channel.WEB)
    book.successor(session, late, premium=Decimal("900.00"), late=GRACE)
    too_late, _ = due(JANUARY, theirs, Channel.WEB)
    book.successor(session, too_late, late=GRACE + 1)
    unpaid, _ = due(JANUARY, theirs, None)
    book.successor(session, unpaid, paid_on=None)
    gone, _ = due(JANUARY, mine, Channel.WEB, left_out=LeftOut.OBJECT_GONE, state=S.LEFT_OUT)
    book.successor(session, gone)
    voided, _ = due(FEBRUARY, mine, Channel.AGENT, premium="0.01")
    book.successor(session, voided, voided_on=FEBRUARY)
    due(FEBRUARY, mine, Channel.AGENT, premium="0.02")
    session.commit()


def line(rows, cut):
    (found,) = (row for row in rows if row["cut"] == cut)
    return found


def test_the_figures_of_the_cohorts(session, cohorts):
    rows = figures(session, "expiry_month", TODAY)
    assert [row["cut"] for row in rows] == ["all", "2026-01", "2026-02"]
    assert line(rows, "2026-01") == {
        "cut": "2026-01",
        "due": 5,
        "renewed": 3,
        "rate": Decimal("60.00"),
        "on_time_rate": Decimal("40.00"),
        "customer_rate": Decimal("50.00"),  # 2 of 4 customers
        "premium_expiring": Decimal("6000.00"),
        "premium_renewed": Decimal("3200.00"),
        "premium_rate": Decimal("53.33"),
        "left_out": 1,
        "immature": False,
    }
    february = line(rows, "2026-02")
    assert (february["due"], february["renewed"], february["rate"]) == (2, 0, Decimal("0.00"))
    assert (february["premium_expiring"], february["immature"]) == (Decimal("0.03"), True)
    total = line(rows, "all")
    assert (total["due"], total["renewed"], total["rate"]) == (7, 3, Decimal("42.86"))
    assert (total["premium_expiring"], total["left_out"], total["immature"]) == (Decimal("6000.03"), 1, True)


def test_every_dimension_splits_the_same_whole(session, people, cohorts):
    cuts = {by: figures(session, by, TODAY) for by in ("expiry_month", "channel", "owner", "product")}
    for by, rows in cuts.items():
        for column in ("due", "renewed", "left_out", "premium_expiring", "premium_renewed"):
            assert sum(row[column] for row in rows[1:]) == rows[0][column], (by, column)
    assert {row["cut"]: (row["due"], row["renewed"]) for row in cuts["channel"]} == {
        "all": (7, 3),
        "Agent": (4, 2),
        "Web": (2, 1),
        "—": (1, 0),
    }
    assert {row["cut"]: (row["due"], row["renewed"]) for row in cuts["owner"]} == {
        "all": (7, 3),
        "Renewal Tester": (4, 2),
        "Renewal3 Tester": (3, 1),
    }


def test_the_sets_agree_with_the_rule(session, cohorts):
    cases = []
    for item in session.scalars(select(Renewal)):
        after = [s for s in session.get(Contract, item.contract_id).successors if s.paid_on and not s.voided_on]
        # A contract continued by several: those that count, as one.
        counting = [s for s in after if (s.starts_on - item.expires_on).days - 1 <= GRACE]
        one = (
            Successor(min(s.starts_on for s in counting), sum(s.premium for s in counting), True) if counting else None
        )
        cases.append(Expiring(item.customer_id, item.expires_on, item.premium, one, item.left_out))
    total = figures(session, "expiry_month", TODAY)[0]
    rates = {basis: renewal_rate(cases, basis, GRACE) for basis in Basis}
    assert total["rate"] == rates[Basis.COUNT].percent
    assert total["customer_rate"] == rates[Basis.CUSTOMER].percent
    assert total["premium_rate"] == rates[Basis.PREMIUM].percent
    assert total["on_time_rate"] == renewal_rate(cases, Basis.COUNT, 0).percent


def test_grace_is_a_setting(session, cohorts):
    set_setting(session, "renewals.grace_days", "31")
    session.commit()
    assert line(figures(session, "expiry_month", TODAY), "2026-01")["renewed"] == 4


def test_a_cohort_matures_when_the_grace_of_its_last_day_has_passed(session, cohorts):
    for today, immature in ((date(2026, 3, 2), True), (date(2026, 3, 3), False)):
        assert line(figures(session, "expiry_month", today), "2026-01")["immature"] is immature


def test_an_empty_cohort_has_no_rate_never_zero(session, as_system):
    (total,) = figures(session, "channel", TODAY)
    assert (total["due"], total["rate"], total["customer_rate"], total["premium_rate"]) == (0, None, None, None)
    gone = book.contract(session, JANUARY)
    book.renewal(session, gone, state=S.LEFT_OUT, left_out=LeftOut.CANCELLED)
    january = line(figures(session, "expiry_month", TODAY), "2026-01")
    assert (january["due"], january["left_out"], january["rate"]) == (0, 1, None)


def test_each_counts_what_he_or_she_sees(session, people, cohorts):
    with acting(people["renewal3"]):
        rows = figures(session, "owner", TODAY)
    assert [(row["cut"], row["due"], row["renewed"]) for row in rows] == [("all", 3, 1), ("Renewal3 Tester", 3, 1)]
    with acting(people["sales"]):
        assert figures(session, "expiry_month", TODAY)[0]["due"] == 0


def test_the_declared_report_gives_its_columns(session, cohorts):
    declared = registry.reports["renewals"]
    for by in declared.dimensions:
        assert all(row.keys() == COLUMNS.keys() for row in declared.rows(session, by, (None, None)))


# Measures

PERIOD = (date(2026, 1, 1), date(2026, 2, 28))


def test_the_renewal_rate_credits_whom_allocation_credited(session, people, cohorts):
    item = session.scalar(select(Renewal).where(Renewal.credited_to_id == people["renewal3"].user_id).limit(1))
    item.owner_id = people["renewal2"].user_id
    session.commit()
    rate = registry.measures["renewal_rate"]
    figures_ = rate.figures(session, *PERIOD)
    assert rate.among(figures_, people["renewal3"].user_id).value == Decimal(1) / 3
    assert rate.among(figures_, people["renewal"].user_id).value == Decimal(2) / 4
    assert rate.among(figures_, people["renewal2"].user_id).value is None
    assert rate.among(figures_, None).value == Decimal(3) / 7
    assert rate.figure(session, people["renewal"].user_id, FEBRUARY, FEBRUARY).denominator == 2


def test_contacts_are_counted_by_who_talked(session, people, as_system):
    item = book.renewal(session, book.contract(session, date(2030, 1, 1)), people["renewal"])
    session.commit()
    with acting(people["renewal"]):
        log_contact(session, item, channel="phone")
        log_contact(session, item, channel="phone")
        session.commit()
    day = item.first_contact_on
    volume = registry.measures["contact_volume"]
    assert volume.figure(session, people["renewal"].user_id, day, day).value == 2
    assert volume.figure(session, people["renewal2"].user_id, day, day).value == 0
    assert volume.figure(session, None, date(2001, 1, 1), date(2001, 1, 31)).value == 0


def test_renewed_premium_counts_in_the_period_of_payment(session, people, as_system):
    item = book.renewal(session, book.contract(session, date(2030, 1, 20)), people["renewal"])
    session.commit()
    with acting(people["renewal"]):
        close(session, item, paid_on="2029-12-31", premium="1234.56")
        session.commit()
    premium = registry.measures["renewed_premium"]
    december, january = (date(2029, 12, 1), date(2029, 12, 31)), (date(2030, 1, 1), date(2030, 1, 31))
    assert premium.figure(session, people["renewal"].user_id, *december).value == Decimal("1234.56")
    assert premium.figure(session, people["renewal"].user_id, *january).value == 0


@pytest.mark.parametrize("name", ["renewal_rate", "contact_volume", "renewed_premium"])
def test_each_figure_opens_as_many_rows_as_it_counts(session, people, cohorts, name):
    item = book.renewal(session, book.contract(session, FEBRUARY), people["renewal"])
    session.commit()
    with acting(people["renewal"]):
        log_contact(session, item, channel="phone")
        close(session, item, paid_on="2026-02-09", premium="100.00")
        session.commit()
    declared = registry.measures[name]
    period = (date(2026, 1, 1), date(2099, 12, 31))
    for user_id in (people["renewal"].user_id, None):
        figure = declared.figure(session, user_id, *period)
        rows = list(session.scalars(declared.rows(user_id, *period)))
        assert {type(row).__tablename__ for row in rows} == {declared.record}
        if name == "renewed_premium":
            assert figure.numerator == sum(session.get(Contract, row.successor_id).premium for row in rows)
        else:
            assert (figure.numerator if declared.counts else figure.denominator) == len(rows)
    assert session.scalar(select(func.count()).where(Contract.state == ContractState.RENEWED)) == 1


def test_the_months_looked_at_narrow_every_line(session, as_system, cohorts):
    whole = {line_["cut"]: line_ for line_ in figures(session, "expiry_month", TODAY)}
    for month in set(whole) - {"all"}:
        total, only = figures(session, "expiry_month", TODAY, (month, month))
        assert only == whole[month]
        assert {**total, "cut": month} == only
    assert figures(session, "channel", TODAY, ("1999-01", "1999-12"))[0]["due"] == 0
