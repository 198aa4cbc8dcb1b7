"""Four more measures of the same kind as the department's, so that everybody is appraised by eight."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.schema.measure import ONE, ROWS, Figure, Figures, Measure, Reckoned, measure
from models.contracts import Contract
from models.contracts.states import ContractState
from models.renewals import Contact, Renewal
from models.renewals.states import LOST, Intent


def _kept(session: Session, first: date, last: date) -> Figures:
    """What is in force counts, whenever it began."""
    grouped = _in_force(None, first, last).with_only_columns(Contract.owner_id, func.count())
    return {user: Figure(Decimal(count), ONE) for user, count in session.execute(grouped.group_by(Contract.owner_id))}


def _in_force(user_id: int | None, first: date, last: date) -> Any:
    rows = select(Contract).where(Contract.state == ContractState.IN_FORCE)
    return rows if user_id is None else rows.where(Contract.owner_id == user_id)


def _of(name: str, of: Any, on: Any, unit: str = "rows", **parts: Any) -> None:
    measure(Measure(name, name, of=of, unit=unit, on=on, **parts))


def declare() -> None:
    """Enter the four in the registry, before an application freezes it."""
    _of(
        "bench_willing",
        Contact,
        Contact.contacted_on,
        where=Contact.intent == Intent.WILLING,
        whose=Contact.made_by_id,
    )
    _of("bench_lost", Renewal, Renewal.expires_on, where=Renewal.state.in_(LOST))
    met = Renewal.first_contact_on.is_not(None)
    _of("bench_reached", Renewal, Renewal.expires_on, "%", numerator=met, denominator=ROWS)
    kept: dict[str, Any] = {"of": Contract, "unit": "rows", "reckon": _kept, "behind": _in_force, "counts": True}
    kept["looks_at"] = (Contract.state,)
    measure(Reckoned("bench_kept", "bench_kept", **kept))
