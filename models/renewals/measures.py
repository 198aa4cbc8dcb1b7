"""Measures of the renewal work; each figure opens the rows behind it."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.kernel.settings import setting_value
from app.schema.measure import Figure, Figures, Measure, Reckoned, measure
from models.contracts import Contract
from models.renewals.contact import Contact
from models.renewals.definition import counted, renewed
from models.renewals.renewal import Renewal
from models.renewals.settings import GRACE_DAYS


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


measure(
    Reckoned(  # whether one is renewed hangs on a setting, and on successors that may be another's
        "renewal_rate",
        "Renewal rate",
        of=Renewal,
        unit="%",
        definition="Contracts that expire in the time, with a paid successor within the grace, of all due that do.",
        looks_at=(Renewal.credited_to_id, Renewal.expires_on, Renewal.left_out),
        reckon=_renewal_rates,
        behind=_due,
    )
)
measure(
    Measure(
        "contact_volume",
        "Contacts",
        of=Contact,
        unit="contacts",
        definition="Contacts made in the time, by who talked to the customer.",
        on=Contact.contacted_on,
        whose=Contact.made_by_id,
    )
)
measure(
    Measure(
        "renewed_premium",
        "Renewed premium",
        of=Renewal,
        unit="money",
        definition="The premium of the contracts that succeed others and were paid in the time.",
        on=Contract.paid_on,
        whose=Renewal.credited_to_id,
        where=Contract.voided_on.is_(None),
        joins=((Contract, Contract.id == Renewal.successor_id),),
        numerator=Contract.premium,
    )
)
