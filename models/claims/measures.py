"""KPIs of claims."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.schema.measure import Figure, Figures, Measure, measure
from models.claims.claim import Claim


def _decided(first: date, last: date) -> Any:
    return Claim.decided_on.between(first, last)


def _figures(session: Session, first: date, last: date) -> Figures:
    on_time = func.sum(case((Claim.decided_on <= Claim.decide_by, 1), else_=0))
    grouped = select(Claim.owner_id, on_time, func.count()).where(_decided(first, last)).group_by(Claim.owner_id)
    return {owner: Figure(Decimal(kept), Decimal(all_)) for owner, kept, all_ in session.execute(grouped)}


def _rows(user_id: int | None, first: date, last: date) -> Any:
    rows = select(Claim).where(_decided(first, last))
    return rows if user_id is None else rows.where(Claim.owner_id == user_id)


CLAIMS_ON_TIME = measure(Measure("claims_on_time", "Claims decided on time", "claim", "%", _figures, _rows))
