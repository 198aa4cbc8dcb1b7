"""Four more measures of the same kind as the department's, so that everybody is appraised by eight."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.schema.measure import Figure, Figures, Measure, measure
from models.contracts import Contract
from models.contracts.states import ContractState
from models.renewals import Contact, Renewal
from models.renewals.states import LOST, Intent

ONE = Decimal(1)
Rows = Callable[[date, date], Any]


def _counted(name: str, record: str, user: Any, rows: Rows) -> None:
    """A measure that counts rows by user."""

    def figures(session: Session, first: date, last: date) -> Figures:
        grouped = rows(first, last).with_only_columns(user, func.count()).group_by(user)
        return {id_: Figure(Decimal(count), ONE) for id_, count in session.execute(grouped)}

    def behind(user_id: int | None, first: date, last: date) -> Any:
        return rows(first, last) if user_id is None else rows(first, last).where(user == user_id)

    measure(Measure(name, name, record, "rows", figures, behind, counts=True))


def _willing(first: date, last: date) -> Any:
    return select(Contact).where(Contact.contacted_on.between(first, last), Contact.intent == Intent.WILLING)


def _lost(first: date, last: date) -> Any:
    return select(Renewal).where(Renewal.expires_on.between(first, last), Renewal.state.in_(LOST))


def _kept(first: date, last: date) -> Any:
    return select(Contract).where(Contract.state == ContractState.IN_FORCE)


def _due(first: date, last: date) -> Any:
    return select(Renewal).where(Renewal.expires_on.between(first, last))


def _reached(session: Session, first: date, last: date) -> Figures:
    shares = (
        _due(first, last)
        .with_only_columns(Renewal.owner_id, func.count(Renewal.first_contact_on), func.count())
        .group_by(Renewal.owner_id)
    )
    return {user: Figure(Decimal(reached), Decimal(due)) for user, reached, due in session.execute(shares)}


def declare() -> None:
    """Enter the four in the registry, before an application freezes it."""
    _counted("bench_willing", "contact", Contact.made_by_id, _willing)
    _counted("bench_lost", "renewal", Renewal.owner_id, _lost)
    _counted("bench_kept", "contract", Contract.owner_id, _kept)
    rows: Callable[..., Any] = lambda user_id, first, last: _due(first, last)  # noqa: E731
    measure(Measure("bench_reached", "bench_reached", "renewal", "%", _reached, rows))
