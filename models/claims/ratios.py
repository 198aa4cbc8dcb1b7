"""Measures of the book: how often claims arise, what part of the premium they cost; credited to a contract's keeper.

Each sets a sum over claims against one over contracts, so they are reckoned here and not declared by their parts.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.schema.measure import Figure, Figures, Reckoned, measure
from models.claims.amounts import NOTHING, noticed, of, outstanding, paid, recovered
from models.claims.claim import Claim
from models.claims.payout import Payout
from models.claims.recovery import Recovery
from models.claims.reserve_change import ReserveChange
from models.contracts import Contract
from models.contracts.earning import Volume, up_to_today, volumes

DAY = timedelta(days=1)


def _against(session: Session, sums: Any, first: date, last: date, of_volume: Any) -> Figures:
    """Sums by the keeper of the contract over a volume of the same contracts."""
    above = {keeper: Decimal(amount) for keeper, amount in session.execute(sums)}
    below = volumes(session, first, up_to_today(last), Contract.owner_id)
    return {
        keeper: Figure(above.get(keeper, Decimal(0)), of_volume(below.get(keeper, Volume())))
        for keeper in above.keys() | below.keys()
    }


def _kept(rows: Select[Any], user_id: int | None) -> Select[Any]:
    return rows if user_id is None else rows.join(Contract).where(Contract.owner_id == user_id)


# Frequency


def _frequencies(session: Session, first: date, last: date) -> Figures:
    counts = select(Contract.owner_id, func.count(Claim.id)).join(Claim).where(noticed(first, last))
    return _against(session, counts.group_by(Contract.owner_id), first, last, lambda volume: volume.years)


def _noticed(user_id: int | None, first: date, last: date) -> Select[Any]:
    return _kept(select(Claim).where(noticed(first, last)), user_id)


measure(
    Reckoned(
        "claim_frequency",
        "Claim frequency",
        of=Claim,
        unit="%",
        definition="Claims reported in the time and not withdrawn, per hundred contract-years on risk in it.",
        higher_is_better=False,
        prominent=False,
        looks_at=(Claim.reported_at, Contract.starts_on, Contract.expires_on),
        reckon=_frequencies,
        behind=_noticed,
    )
)


# Loss ratios

LOOKED_AT = (Payout.amount, Recovery.received, Claim.claimed, Claim.approved, ReserveChange.amount, Contract.premium)


def _costs(first: date, last: date, changes: bool) -> tuple[Select[Any], ColumnElement[Decimal]]:
    """Claims with what was paid in the time and what is outstanding after it.

    With `changes` what was paid net of what came back, and how what is outstanding changed.
    """
    within, after = paid(first, last), outstanding(last)
    claims = select(Claim).outerjoin(within, within.c.claim_id == Claim.id)
    claims = claims.outerjoin(after, after.c.claim_id == Claim.id)
    cost = of(within) + of(after)
    if changes:
        before, back = outstanding(first - DAY), recovered(first, last)
        claims = claims.outerjoin(before, before.c.claim_id == Claim.id)
        claims, cost = claims.outerjoin(back, back.c.claim_id == Claim.id), cost - of(before) - of(back)
    return claims, cost


def _summed(first: date, last: date, changes: bool) -> Any:
    claims, cost = _costs(first, last, changes)
    return claims.join(Contract).with_only_columns(Contract.owner_id, func.sum(cost)).group_by(Contract.owner_id)


def _earned_ratios(session: Session, first: date, last: date) -> Figures:
    return _against(session, _summed(first, last, True), first, last, lambda volume: volume.earned)


def _simple_ratios(session: Session, first: date, last: date) -> Figures:
    return _against(session, _summed(first, last, False), first, last, lambda volume: volume.written)


def _costly(changes: bool) -> Any:
    def rows(user_id: int | None, first: date, last: date) -> Select[Any]:
        claims, cost = _costs(first, last, changes)
        return _kept(claims.where(cost != NOTHING), user_id)

    return rows


measure(
    Reckoned(
        "loss_ratio_earned",
        "Loss ratio (earned)",
        of=Claim,
        unit="%",
        definition="Paid less what came back, and the change of what is outstanding, of the premium earned by days.",
        higher_is_better=False,
        prominent=False,
        looks_at=LOOKED_AT,
        reckon=_earned_ratios,
        behind=_costly(True),
    )
)
measure(
    Reckoned(
        "loss_ratio_simple",
        "Loss ratio (simple)",
        of=Claim,
        unit="%",
        definition="Paid in the time and outstanding at its end, of the premium of contracts that began in it.",
        higher_is_better=False,
        prominent=False,
        looks_at=LOOKED_AT,
        reckon=_simple_ratios,
        behind=_costly(False),
    )
)
