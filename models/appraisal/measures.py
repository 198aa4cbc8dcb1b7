"""KPIs that draw on several domains."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.schema.measure import Figure, Figures, Reckoned, measure, months
from models.contracts import Contract
from models.renewals import Renewal
from models.sales import Target
from models.sales.states import TargetState

credited = func.coalesce(Renewal.credited_to_id, Contract.owner_id)
"""Whose a contract is: who was given its renewal, else who keeps it."""


def _achieved(first: date, last: date) -> Any:
    """Contracts paid in the period, not voided, that count towards a target of whose they are."""
    dated = or_(
        *(and_(Target.month == name, Contract.paid_on.between(start, end)) for name, start, end in months(first, last))
    )
    counted = (
        select(Target.id)
        .where(Target.owner_id == credited, Target.state == TargetState.IN_FORCE, dated)
        .where(or_(Target.product_id.is_(None), Target.product_id == Contract.product_id))
        .exists()
    )
    return (
        select(Contract)
        .select_from(Contract)
        .outerjoin(Renewal, Renewal.successor_id == Contract.id)
        .where(Contract.paid_on.between(first, last), Contract.voided_on.is_(None), counted)
    )


def _targets(first: date, last: date) -> Any:
    """Targets in force by owner. Beside one for all products, those of single products are parts of it."""
    of_all = aliased(Target)
    within = select(of_all.id).where(
        of_all.owner_id == Target.owner_id,
        of_all.month == Target.month,
        of_all.product_id.is_(None),
        of_all.state == TargetState.IN_FORCE,
    )
    return (
        select(Target.owner_id, func.sum(Target.amount))
        .where(Target.month.in_([name for name, *_ in months(first, last)]), Target.state == TargetState.IN_FORCE)
        .where(or_(Target.product_id.is_(None), ~within.exists()))
        .group_by(Target.owner_id)
    )


def _figures(session: Session, first: date, last: date) -> Figures:
    """Premium achieved over the targets in force of the period's months (notes: systems 14 and 59)."""
    premiums = _achieved(first, last).with_only_columns(credited, func.sum(Contract.premium)).group_by(credited)
    achieved: dict[int | None, Decimal] = {row[0]: row[1] for row in session.execute(premiums)}
    targets = session.execute(_targets(first, last))
    return {user: Figure(achieved.get(user, Decimal(0)), target) for user, target in targets}


def _rows(user_id: int | None, first: date, last: date) -> Any:
    rows = _achieved(first, last)
    return rows if user_id is None else rows.where(credited == user_id)


ATTAINMENT = measure(
    Reckoned(  # over two records: premiums of contracts, and targets
        "attainment",
        "Attainment of targets",
        of=Contract,
        unit="%",
        definition="Premium paid in the time that counts towards a target in force, of these targets.",
        looks_at=(Contract.paid_on, Contract.voided_on, Contract.premium, Target.month, Target.amount),
        reckon=_figures,
        behind=_rows,
    )
)
