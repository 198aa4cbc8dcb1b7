"""KPIs of service."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.schema.measure import Figure, Figures, Measure, measure
from models.voice.complaint import Complaint


def _answered(first: date, last: date) -> Any:
    return Complaint.answered_on.between(first, last)


def _figures(session: Session, first: date, last: date) -> Figures:
    on_time = func.sum(case((Complaint.answered_on <= Complaint.due_on, 1), else_=0))
    grouped = (
        select(Complaint.owner_id, on_time, func.count()).where(_answered(first, last)).group_by(Complaint.owner_id)
    )
    return {owner: Figure(Decimal(kept), Decimal(all_)) for owner, kept, all_ in session.execute(grouped)}


def _rows(user_id: int | None, first: date, last: date) -> Any:
    rows = select(Complaint).where(_answered(first, last))
    return rows if user_id is None else rows.where(Complaint.owner_id == user_id)


COMPLAINTS_ON_TIME = measure(
    Measure("complaints_on_time", "Complaints answered on time", "complaint", "%", _figures, _rows)
)
