"""The claims report and the measures, against a slow computation over random contracts, claims and payouts."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from sqlalchemy import func, select

from app.kernel.actor import acting
from app.kernel.clock import house_day
from app.kernel.workflow import adopt
from app.schema.registry import registry
from models.claims import Claim, Payout, Recovery
from models.claims.report import COLUMNS, CUTS, OPENS, behind, figures
from models.claims.states import ClaimState, LossCause, PayoutMethod, RecoveryKind, RecoveryState
from models.contracts import Contract
from models.contracts.rules import Method, Term, earned
from models.people import Person, Unit
from models.products import Product
from tests.models import book

DAY = timedelta(days=1)
TODAY = house_day(datetime.now(UTC))
S = ClaimState
MONTHS = [(None, None), ("2026-02", "2026-04")]
PERIOD = (date(2026, 2, 10), date(2026, 5, 20))


@pytest.fixture
def claims(session, as_system, people):
    """120 claims under 60 contracts in three units, in every state, some paid in two rounds."""
    random = Random(5)
    keepers = [people[name] for name in ("claims", "claims2", "renewal3")] + [None]
    of, made = book.customer(session), []
    contracts = []
    for _ in range(60):
        starts_on = date(2025, 6, 1) + timedelta(days=random.randrange(330))
        contract = book.contract(
            session, starts_on + 364 * DAY, of=of, starts_on=starts_on,
            keeper=people[random.choice(("sales", "renewal3"))],
            cover=book.product(session, random.choice(("AUTO", "HOME", "LIFE"))),
            premium=Decimal(random.randrange(100, 900_000)).scaleb(-2),
            cancelled_on=random.choice((None, None, None, starts_on + 90 * DAY)),
        )  # fmt: skip
        contracts.append(contract)
    for _ in range(120):
        contract, keeper = random.choice(contracts), random.choice(keepers)
        notice = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(60 * 24 * 180))
        state = random.choice(list(S) + [S.PAID] * 4)
        decided = (
            house_day(notice) + timedelta(days=random.randrange(40))
            if state in (S.PAID, S.APPROVED, S.REFUSED)
            else None
        )
        claimed = Decimal(random.randrange(1, 200_000)).scaleb(-2)
        approved = min(claimed, Decimal(random.randrange(1, 200_000)).scaleb(-2))
        claim = Claim(
            contract_id=contract.id, reported_at=notice, occurred_on=house_day(notice),
            cause=random.choice(list(LossCause)),
            claimed=claimed, decided_on=decided, approved=approved if state in (S.PAID, S.APPROVED) else None,
            decide_by=random.choice((None, house_day(notice) + 20 * DAY)) if decided else None, **book.place(keeper),
        )  # fmt: skip
        adopt(session, claim, state)
        session.add(claim)
        session.flush()
        made.append(claim)
        if state == S.PAID:
            pay(session, claim, 1, approved, decided + timedelta(days=random.randrange(15)))
            if random.random() < 0.4:
                recover(session, claim, random.choice(list(RecoveryState)), approved / 4, decided + 40 * DAY)
            if random.random() < 0.3:
                claim.round = 2
                claim.decided_on = decided + 30 * DAY
                adopt(session, claim, again := random.choice((S.PAID, S.APPROVED, S.REVIEWING)))
                claim.approved = Decimal("0.07") if again in (S.PAID, S.APPROVED) else None
                claim.decided_on = claim.decided_on if again != S.REVIEWING else None
                if again == S.PAID:
                    pay(session, claim, 2, Decimal("0.07"), claim.decided_on + 3 * DAY)
    session.commit()
    return made


def pay(session, claim, round_, amount, day):
    session.add(
        Payout(
            claim_id=claim.id, round=round_, amount=amount, payee="Li Na", payee_account=None,
            method=PayoutMethod.TRANSFER, paid_on=day, owner_id=claim.owner_id, unit_id=claim.unit_id,
        )
    )  # fmt: skip
    session.flush()


def recover(session, claim, state, amount, day):
    received = {"received": amount, "received_on": day} if state == RecoveryState.RECEIVED else {}
    row = Recovery(
        claim_id=claim.id, kind=RecoveryKind.SALVAGE, debtor="x", expected=amount + 1, owner_id=claim.owner_id,
        unit_id=claim.unit_id, **received,
    )  # fmt: skip
    adopt(session, row, state)
    session.add(row)
    session.flush()


# The slow way


def half_up(value):
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def percent(part, whole):
    return half_up(100 * Decimal(part) / whole) if whole else None


def payouts_of(session, claim):
    if "payouts" not in session.info:
        session.info["payouts"] = session.scalars(select(Payout)).all()
    return [payout for payout in session.info["payouts"] if payout.claim_id == claim.id]


def back_of(session, claim, first=date.min, last=date.max):
    """What came back for a claim from one day to another."""
    if "recoveries" not in session.info:
        session.info["recoveries"] = session.scalars(select(Recovery).where(Recovery.received.is_not(None))).all()
    mine = [row for row in session.info["recoveries"] if row.claim_id == claim.id]
    return sum((row.received for row in mine if first <= row.received_on <= last), Decimal(0))


def owed(session, claim, on):
    """What is outstanding of a claim at the end of a day."""
    if house_day(claim.reported_at) > on or claim.state == S.WITHDRAWN:
        return Decimal(0)
    until = [payout for payout in payouts_of(session, claim) if payout.paid_on <= on]
    if claim.decided_on is None or claim.decided_on > on:
        return max(claim.claimed - sum(payout.amount for payout in until), Decimal(0))
    if claim.approved is None or any(payout.round == claim.round for payout in until):
        return Decimal(0)
    return claim.approved


def volume(contracts, first, last):
    days, money, written = 0, Decimal(0), Decimal(0)
    for contract in contracts:
        end = min(filter(None, (contract.expires_on + DAY, contract.cancelled_on)))
        days += max((min(end, last + DAY) - max(contract.starts_on, first)).days, 0)
        term = Term(contract.starts_on, contract.expires_on)
        before, after = (earned(contract.premium, Method.PRO_RATA, term, min(day, end)) for day in (first, last + DAY))
        money += after - before
        written += contract.premium if first <= contract.starts_on <= last else 0
    return Decimal(days) / 365, money, written


def bounds(months):
    first = date.fromisoformat(months[0] + "-01") if months[0] else date(1900, 1, 1)
    last = (date.fromisoformat(months[1] + "-01") + 31 * DAY).replace(day=1) - DAY if months[1] else TODAY
    return first, min(last, TODAY)


def slow(session, by, months):
    """The whole report, line by line: key → figures."""
    first, last = bounds(months)
    claims = [
        c
        for c in session.scalars(select(Claim))
        if c.state != S.WITHDRAWN and first <= house_day(c.reported_at) <= last
    ]
    contracts = session.scalars(select(Contract)).all()
    of_claim = {
        "product": lambda c: str(c.contract.product_id),
        "cause": lambda c: c.cause.value,
        "region": lambda c: str(c.unit_id or "—"),
        "handler": lambda c: str(c.owner_id or "—"),
        "notice_month": lambda c: f"{house_day(c.reported_at):%Y-%m}",
    }[by]
    of_contract = {"product": lambda c: str(c.product_id), "region": lambda c: str(c.unit_id or "—")}.get(by)
    keys = {of_claim(c) for c in claims} | ({of_contract(c) for c in contracts} if of_contract else set())
    if by == "notice_month":
        at = max(first, min(c.starts_on for c in contracts)).replace(day=1)
        while at <= last:
            keys.add(f"{at:%Y-%m}")
            at = (at + 31 * DAY).replace(day=1)
    found = {}
    for key in ["all", *keys]:
        mine = [c for c in claims if key in ("all", of_claim(c))]
        covered = [c for c in contracts if of_contract is None or key in ("all", of_contract(c))]
        month = bounds((key, key)) if by == "notice_month" and key != "all" else (first, last)
        years, premium, written = volume(covered, max(first, month[0]), min(last, month[1]))
        paid = {c.id: sum((p.amount for p in payouts_of(session, c)), Decimal(0)) for c in mine}
        for_ = [c for c in mine if paid[c.id]]
        gross, left = sum(paid.values(), Decimal(0)), sum((owed(session, c, TODAY) for c in mine), Decimal(0))
        back = sum((back_of(session, c) for c in mine), Decimal(0))
        limited = [c for c in mine if c.decided_on and c.decide_by]
        found[key] = {
            "claims": len(mine),
            "exposure": half_up(years),
            "frequency": percent(len(mine), years),
            "paid_claims": len(for_),
            "severity": half_up(gross / len(for_)) if for_ else None,
            "paid": gross,
            "recovered": back,
            "cost": gross - back,
            "outstanding": left,
            "premium_earned": premium,
            "loss_ratio_earned": percent(gross - back + left, premium),
            "premium_written": written,
            "loss_ratio_simple": percent(gross + left, written),
            "on_time_rate": percent(sum(c.decided_on <= c.decide_by for c in limited), len(limited)),
        }
    return found


def test_every_figure_is_that_of_the_slow_computation(session, claims):
    session.expire_all()
    for by in CUTS:
        for months in MONTHS:
            lines = {line["key"]: line for line in figures(session, by, months)}
            wanted = slow(session, by, months)
            assert lines.keys() == wanted.keys(), (by, months)
            for key, line in wanted.items():
                assert {name: lines[key][name] for name in line} == line, (by, months, key)
    assert lines["all"]["claims"] > 30


def test_lines_are_called_by_their_names_and_what_has_none_by_a_dash(session, claims, people):
    def cuts(by):
        return {line["cut"] for line in figures(session, by)}

    assert cuts("product") == {"all", *session.scalars(select(Product.name))}
    assert cuts("cause") == {"all", *(cause.label for cause in LossCause)}
    handlers = select(Person.name).where(Person.user_id.in_(select(Claim.owner_id)))
    assert cuts("handler") == {"all", "—", *session.scalars(handlers)}
    units = select(Unit.name).where(Unit.id.in_(select(Claim.unit_id)))
    assert cuts("region") == {"all", "—", *session.scalars(units)}


def test_nothing_sold_has_no_rate_never_zero(session, as_system):
    (total,) = figures(session, "product")
    assert (total["claims"], total["cost"], total["exposure"]) == (0, 0, 0)
    assert {total[name] for name in COLUMNS if "rati" in name or name in ("frequency", "severity", "on_time_rate")} == {
        None
    }


def test_each_figure_opens_its_rows(session, claims):
    session.expire_all()
    for by in CUTS:
        for months in MONTHS:
            for line in figures(session, by, months):
                rows = {
                    column: session.scalars(behind(by, line["key"], column, months)).unique().all() for column in OPENS
                }
                at = (by, months, line["key"])
                assert len(rows["claims"]) == len(rows["frequency"]) == line["claims"], at
                assert len(rows["paid_claims"]) == line["paid_claims"], at
                assert sum(p.amount for p in rows["paid"]) == line["paid"], at
                assert sum(row.received for row in rows["recovered"]) == line["recovered"], at
                net = [sum(p.amount for p in payouts_of(session, c)) - back_of(session, c) for c in rows["cost"]]
                assert sum(net) == line["cost"], at
                assert sum(owed(session, c, TODAY) for c in rows["outstanding"]) == line["outstanding"], at
                assert sum(c.premium for c in rows["premium_written"]) == line["premium_written"], at
                first, last = bounds(months)
                if by == "notice_month" and line["key"] != "all":
                    month = bounds((line["key"], line["key"]))
                    first, last = max(first, month[0]), min(last, month[1])
                years, premium, _ = volume(rows["exposure"], first, last)
                assert (half_up(years), premium) == (line["exposure"], line["premium_earned"]), at
                on_time = sum(c.decided_on <= c.decide_by for c in rows["on_time_rate"])
                assert percent(on_time, len(rows["on_time_rate"])) == line["on_time_rate"], at
                assert {type(row).__tablename__ for found in rows.values() for row in found} <= set(OPENS.values())


def test_a_key_nobody_has_opens_nothing(session, claims):
    for by in CUTS:
        for key in ("none", "99999999", "9" * 40, "2199-01", "' or 1=1"):
            assert session.scalars(behind(by, key, "claims", (None, None))).all() == []


# Measures


def by_hand(session, name, mine, contract_of):
    """Numerator and denominator of a measure, of the claims handled, or the contracts kept, by those `mine` accepts."""
    first, last = PERIOD
    claims = session.scalars(select(Claim)).all()
    payouts = [p for p in session.scalars(select(Payout)) if first <= p.paid_on <= last]
    handled = [c for c in claims if mine(c.owner_id)]
    paid = [p for p in payouts if mine(p.owner_id)]
    decided = [c for c in handled if c.decided_on and first <= c.decided_on <= last]
    kept = [c for c in claims if mine(contract_of[c.contract_id].owner_id)]
    within = {c.id for c in kept}
    years, premium, written = volume([c for c in contract_of.values() if mine(c.owner_id)], first, last)
    spent = sum((p.amount for p in payouts if p.claim_id in within), Decimal(0))
    back = sum((back_of(session, c, first, last) for c in kept), Decimal(0))
    at_end = sum((owed(session, c, last) for c in kept), Decimal(0))
    round_of = {c.id: (c.round, c.decided_on) for c in claims}
    timed = [p for p in paid if round_of[p.claim_id][0] == p.round]
    return {
        "claim_frequency": (
            sum(c.state != S.WITHDRAWN and first <= house_day(c.reported_at) <= last for c in kept), years,
        ),
        "claim_severity": (sum(p.amount for p in paid), len({p.claim_id for p in paid})),
        "claim_cost": (sum(p.amount for p in paid), 1),
        "loss_ratio_earned": (spent - back + at_end - sum(owed(session, c, first - DAY) for c in kept), premium),
        "loss_ratio_simple": (spent + at_end, written),
        "days_to_decide": (sum((c.decided_on - house_day(c.reported_at)).days for c in decided), len(decided)),
        "days_to_pay": (sum((p.paid_on - round_of[p.claim_id][1]).days for p in timed), len(timed)),
    }[name]  # fmt: skip


NAMES = (
    "claim_frequency", "claim_severity", "claim_cost", "loss_ratio_earned", "loss_ratio_simple", "days_to_decide",
    "days_to_pay",
)  # fmt: skip


def test_every_measure_is_that_of_the_slow_computation_and_opens_its_rows(session, claims, people):
    session.expire_all()
    contract_of = {c.id: c for c in session.scalars(select(Contract))}
    for name in NAMES:
        measure = registry.measures[name]
        assert measure.definition
        assert not measure.prominent
        for who in ("claims", "renewal3", "sales", None):
            user = people[who].user_id if who else None
            above, below = by_hand(session, name, lambda owner, user=user: user is None or owner == user, contract_of)
            figure = measure.figure(session, user, *PERIOD)
            if below or measure.counts:
                assert (figure.numerator, figure.denominator) == (above, below), (name, who)
            else:
                assert figure.value is None, (name, who)
            rows = session.scalars(measure.rows(user, *PERIOD)).unique().all()
            assert {type(row).__tablename__ for row in rows} <= {measure.record}
            if name == "claim_frequency":
                assert len(rows) == figure.numerator
            elif name == "claim_cost":
                assert sum(row.amount for row in rows) == figure.numerator
            elif name.startswith("days"):
                assert len(rows) == figure.denominator


def test_what_another_system_decided_is_neither_late_nor_on_time(session, claims):
    on_time = registry.measures["claims_on_time"].figure(session, None, date(2026, 1, 1), TODAY)
    limited = select(func.count(Claim.id)).where(Claim.decided_on.is_not(None), Claim.decide_by.is_not(None))
    assert (
        on_time.denominator
        == session.scalar(limited)
        < session.scalar(select(func.count(Claim.id)).where(Claim.decided_on.is_not(None)))
    )


def test_each_sees_only_what_is_his_or_hers(session, claims, people):
    whole = figures(session, "handler")[0]
    with acting(people["claims2"]):
        total, *lines = figures(session, "handler")
        assert total["claims"] == len(session.scalars(behind("handler", "all", "claims", (None, None))).all())
    assert 0 < total["claims"] < whole["claims"]
    assert {line["cut"] for line in lines} <= {"Claims2 Tester", "—"}
    with acting(people["manager"]):
        assert figures(session, "handler")[0] == whole
