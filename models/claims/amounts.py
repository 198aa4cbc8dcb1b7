"""What claims cost, in SQL by sets: paid, and what is outstanding on a day. Whatever counts claims counts by these."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Subquery, case, func, literal, select

from app.kernel.days import Greatest, begins, ends
from models.claims.claim import Claim
from models.claims.payout import Payout
from models.claims.recovery import Recovery
from models.claims.reserve_change import ReserveChange
from models.claims.states import ClaimState, RecoveryState

MONEY = Payout.__table__.c.amount.type
NOTHING = literal(Decimal("0.00"), MONEY)
COUNTED = Claim.state != ClaimState.WITHDRAWN
"""A claim that was withdrawn is none."""


def noticed(first: date | None, last: date | None) -> ColumnElement[bool]:
    """Whether a claim counts that was reported on one of these days of the house; None leaves an end open."""
    counts = COUNTED
    if first is not None:
        counts &= Claim.reported_at >= begins(first)
    if last is not None:
        counts &= Claim.reported_at < ends(last)
    return counts


def paid(first: date | None = None, last: date | None = None) -> Subquery:
    """What was paid from one day to another: `amount` by `claim_id`, with the last `round` paid."""
    sums = select(
        Payout.claim_id, func.sum(Payout.amount).label("amount"), func.max(Payout.round).label("round")
    ).group_by(Payout.claim_id)
    if first is not None:
        sums = sums.where(Payout.paid_on >= first)
    if last is not None:
        sums = sums.where(Payout.paid_on <= last)
    return sums.subquery()


def recovered(first: date | None = None, last: date | None = None) -> Subquery:
    """What came back from one day to another: `amount` by `claim_id`."""
    sums = select(Recovery.claim_id, func.sum(Recovery.received).label("amount")).group_by(Recovery.claim_id)
    sums = sums.where(Recovery.state == RecoveryState.RECEIVED)
    if first is not None:
        sums = sums.where(Recovery.received_on >= first)
    if last is not None:
        sums = sums.where(Recovery.received_on <= last)
    return sums.subquery()


def outstanding(on: date) -> Subquery:
    """What was still to be paid at the end of a day: `amount` by `claim_id`, of the claims reported by then.

    It is what was set aside for a claim on that day. Where nothing is known of that, for claims other systems worked,
    it is, of a claim not decided by then, what is claimed less what was paid in earlier rounds, of an approved one what
    is approved and not paid yet, of all others nothing.
    """
    until = paid(last=on)
    open_ = Greatest(Claim.claimed - func.coalesce(until.c.amount, NOTHING), NOTHING)
    amount = case(
        (~COUNTED, NOTHING),
        (Claim.decided_on.is_(None) | (Claim.decided_on > on), open_),
        (Claim.approved.is_(None) | (func.coalesce(until.c.round, 0) >= Claim.round), NOTHING),
        else_=Claim.approved,
    )
    set_aside = (
        select(ReserveChange.amount)
        .where(ReserveChange.claim_id == Claim.id, ReserveChange.moved_at < ends(on))
        .order_by(ReserveChange.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(Claim.id.label("claim_id"), func.coalesce(set_aside, amount).label("amount"))
        .outerjoin(until, until.c.claim_id == Claim.id)
        .where(Claim.reported_at < ends(on))
        .subquery()
    )


def of(sums: Subquery) -> ColumnElement[Decimal]:
    """The amount of such a sum for a claim it is joined to; nothing where it has none."""
    return func.coalesce(sums.c.amount, NOTHING)
