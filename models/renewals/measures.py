"""Measures of the renewal work; each figure opens the rows behind it."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.kernel.settings import setting_value
from app.schema.measure import Figure, Figures, Measure, measure
from models.contracts import Contract
from models.renewals.contact import Contact
from models.renewals.definition import counted, renewed
from models.renewals.renewal import Renewal
from models.renewals.settings import GRACE_DAYS

ONE = Decimal(1)


def _expired(first: date, last: date) -> tuple[Any, ...]:
    return Renewal.expires_on.between(first, last), Renewal.left_out.is_(None)


def _renewal_rates(session: Session, first: date, last: date) -> Figures:
    """Renewed over due, of contracts that expire in the period, by whom allocation credited (notes: Renewal rate)."""
    kept = renewed(setting_value(session, GRACE_DAYS))
    rates = (
        select(Renewal.credited_to_id, func.count(kept.c.renewal_id), func.count())
        .outerjoin(kept, kept.c.renewal_id == Renewal.id)
        .where(*_expired(first, last))
        .group_by(Renewal.credited_to_id)
    )
    return {user: Figure(Decimal(numerator), Decimal(due)) for user, numerator, due in counted(session, rates)}


def _due(user_id: int | None, first: date, last: date) -> Select[Any]:
    rows = select(Renewal).where(*_expired(first, last))
    return rows if user_id is None else rows.where(Renewal.credited_to_id == user_id)


measure(Measure("renewal_rate", "Renewal rate", "renewal", "%", _renewal_rates, _due))


def _volumes(session: Session, first: date, last: date) -> Figures:
    """Contacts made in the period, by whom."""
    rows = session.execute(
        select(Contact.made_by_id, func.count())
        .where(Contact.contacted_on.between(first, last))
        .group_by(Contact.made_by_id)
    )
    return {user: Figure(Decimal(count), ONE) for user, count in rows}


def _contacts(user_id: int | None, first: date, last: date) -> Select[Any]:
    rows = select(Contact).where(Contact.contacted_on.between(first, last))
    return rows if user_id is None else rows.where(Contact.made_by_id == user_id)


measure(Measure("contact_volume", "Contacts", "contact", "contacts", _volumes, _contacts, counts=True))


def _closed(first: date, last: date) -> Select[Any]:
    return (
        select(Renewal)
        .join(Contract, Contract.id == Renewal.successor_id)
        .where(Contract.paid_on.between(first, last), Contract.voided_on.is_(None))
    )


def _premiums(session: Session, first: date, last: date) -> Figures:
    """The premium of successors paid in the period, by whom allocation credited."""
    rows = session.execute(
        _closed(first, last)
        .with_only_columns(Renewal.credited_to_id, func.sum(Contract.premium))
        .group_by(Renewal.credited_to_id)
    )
    return {user: Figure(premium, ONE) for user, premium in rows}


def _renewals_closed(user_id: int | None, first: date, last: date) -> Select[Any]:
    rows = _closed(first, last)
    return rows if user_id is None else rows.where(Renewal.credited_to_id == user_id)


measure(Measure("renewed_premium", "Renewed premium", "renewal", "money", _premiums, _renewals_closed, counts=True))
