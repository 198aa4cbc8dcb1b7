"""KPIs of the work on claims, credited to who handles them; those of the whole book are in `ratios`."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, case, distinct, func, select
from sqlalchemy.orm import Session

from app.kernel.days import DaysBetween, HouseDay
from app.schema.measure import Figure, Figures, Measure, measure
from models.claims.claim import Claim
from models.claims.payout import Payout

ONE = Decimal(1)


def _decided(first: date, last: date) -> Any:
    """Decided in the time, with a limit of ours: what another system decided had none."""
    return Claim.decided_on.between(first, last) & Claim.decide_by.is_not(None)


def _figures(session: Session, first: date, last: date) -> Figures:
    on_time = func.sum(case((Claim.decided_on <= Claim.decide_by, 1), else_=0))
    grouped = select(Claim.owner_id, on_time, func.count()).where(_decided(first, last)).group_by(Claim.owner_id)
    return {owner: Figure(Decimal(kept), Decimal(all_)) for owner, kept, all_ in session.execute(grouped)}


def _rows(user_id: int | None, first: date, last: date) -> Any:
    rows = select(Claim).where(_decided(first, last))
    return rows if user_id is None else rows.where(Claim.owner_id == user_id)


CLAIMS_ON_TIME = measure(
    Measure(
        "claims_on_time",
        "Claims decided on time",
        "claim",
        "%",
        _figures,
        _rows,
        definition="Claims decided in the time by the day they were to be decided, of all decided in it.",
    )
)


# Days


def _days_to_decide(session: Session, first: date, last: date) -> Figures:
    days = func.sum(DaysBetween(Claim.decided_on, HouseDay(Claim.reported_at)))
    sums = select(Claim.owner_id, days, func.count()).where(Claim.decided_on.between(first, last))
    return _averages(session, sums.group_by(Claim.owner_id))


def _decisions(user_id: int | None, first: date, last: date) -> Select[Any]:
    rows = select(Claim).where(Claim.decided_on.between(first, last))
    return rows if user_id is None else rows.where(Claim.owner_id == user_id)


def _averages(session: Session, sums: Any) -> Figures:
    return {owner: Figure(Decimal(above), Decimal(below)) for owner, above, below in session.execute(sums)}


measure(
    Measure(
        "days_to_decide",
        "Days to decide a claim",
        "claim",
        "days",
        _days_to_decide,
        _decisions,
        higher_is_better=False,
        definition="Calendar days from notice to decision, on average of the claims decided in the time.",
        prominent=False,
    )
)


# Payouts


def _last_round(rows: Any) -> Any:
    """With their claims, of the round these are in: the day of decision is known of no other."""
    return rows.join(Claim, Claim.id == Payout.claim_id).where(Payout.round == Claim.round)


def _days_to_pay(session: Session, first: date, last: date) -> Figures:
    days = func.sum(DaysBetween(Payout.paid_on, Claim.decided_on))
    sums = _last_round(select(Payout.owner_id, days, func.count())).where(Payout.paid_on.between(first, last))
    return _averages(session, sums.group_by(Payout.owner_id))


def _of_last_round(user_id: int | None, first: date, last: date) -> Any:
    return _last_round(_payouts(user_id, first, last))


measure(
    Measure(
        "days_to_pay",
        "Days to pay a claim",
        "payout",
        "days",
        _days_to_pay,
        _of_last_round,
        higher_is_better=False,
        definition="Calendar days from decision to payment, on average of the payouts made in the time.",
        prominent=False,
    )
)


def _severities(session: Session, first: date, last: date) -> Figures:
    sums = select(Payout.owner_id, func.sum(Payout.amount), func.count(distinct(Payout.claim_id)))
    return _averages(session, sums.where(Payout.paid_on.between(first, last)).group_by(Payout.owner_id))


def _costs(session: Session, first: date, last: date) -> Figures:
    sums = select(Payout.owner_id, func.sum(Payout.amount)).where(Payout.paid_on.between(first, last))
    return {owner: Figure(paid, ONE) for owner, paid in session.execute(sums.group_by(Payout.owner_id))}


def _payouts(user_id: int | None, first: date, last: date) -> Select[Any]:
    rows = select(Payout).where(Payout.paid_on.between(first, last))
    return rows if user_id is None else rows.where(Payout.owner_id == user_id)


measure(
    Measure(
        "claim_severity",
        "Claim severity",
        "payout",
        "money",
        _severities,
        _payouts,
        higher_is_better=False,
        definition="What was paid in the time, on average of the claims it was paid for.",
        prominent=False,
    )
)
measure(
    Measure(
        "claim_cost",
        "Claims paid",
        "payout",
        "money",
        _costs,
        _payouts,
        higher_is_better=False,
        counts=True,
        definition="The sum of all payouts made in the time.",
        prominent=False,
    )
)
