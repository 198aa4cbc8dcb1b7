"""Reminders before expiry (system 36): which contracts, and the notices owed for them."""

from datetime import UTC, date, datetime
from string import Formatter
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, select
from sqlalchemy.orm import Session

from app.kernel.database import insert
from app.kernel.outbox import Channel, NoticeState
from app.kernel.settings import setting_value
from app.kernel.tables import Notice
from app.kernel.wording import by_language, told
from app.schema.notices import Urgency, topic
from app.schema.types import UtcMoment
from app.schema.wording import Sentence
from models.contracts import Contract
from models.contracts.states import ContractState
from models.contracts.succession import has_paid_successor
from models.customers import Customer
from models.renewals import settings
from models.renewals.definition import left_out
from models.renewals.renewal import Renewal
from models.renewals.rules import reminded_expiries

OF_YOURS = "Contract {number} of {customer} expires on {expires_on}, in {days} days"
"""What staff are told; the places are filled in by the database."""
REMINDED = topic("renewals.reminded", "A contract of mine expires soon", urgency=Urgency.LOW)


def to_remind(expires_on: date) -> ColumnElement[bool]:
    """Which contracts, joined with their products, a reminder is owed for that expire on that day.

    Those in force on the day of the reminder, even where they have lapsed since (a missed day is made up for later),
    that could be renewed (not cancelled or voided, the object still there, the product renewable, not
    declined by us) and have no paid successor.
    """
    return and_(
        Contract.expires_on == expires_on,
        Contract.state.in_(ContractState.IN_FORCE | ContractState.LAPSED),
        Contract.voided_on.is_(None),
        left_out().is_(None),
        ~has_paid_successor(),
    )


def remind(session: Session, today: date) -> dict[str, int]:
    """Owe each customer one notice for each contract and offset that falls on `today`, and tell who works it.

    By mail where the customer has an address, else as a letter for operations to print. The dedupe key names
    contract, expiry and offset, so that no reminder is owed twice. Returns counts: `written` and `stood` are
    reminders to customers, `told` the notices to staff.
    """
    counts = {"written": 0, "stood": 0, "letters": 0, "told": 0}
    for expires_on, offset in reminded_expiries(today, settings.reminder_offsets(session)).items():
        owed = select(func.count(Contract.id)).join(Contract.product).where(to_remind(expires_on))
        channels = _write(session, _to_customers(session, expires_on, offset))
        counts["written"] += len(channels)
        counts["letters"] += channels.count(Channel.LETTER)
        counts["stood"] += (session.scalar(owed) or 0) - len(channels)
        counts["told"] += len(_write(session, _to_staff(expires_on, offset)))
    return counts


def _to_customers(session: Session, expires_on: date, offset: int) -> Select[Any]:
    """Customers are written to in the department's own words."""
    by_mail, places = Customer.email.is_not(None), _places(expires_on, offset)
    return _notices(
        expires_on,
        offset,
        "customer",
        channel=case((by_mail, literal(Channel.MAIL, String)), else_=literal(Channel.LETTER, String)),
        state=literal(NoticeState.WAITING, String),
        user_id=literal(None, Renewal.owner_id.type),
        address=case((by_mail, Customer.email), else_=func.substr(Customer.address, 1, 320)),
        subject=filled(setting_value(session, settings.REMINDER_SUBJECT), places),
        body=filled(setting_value(session, settings.REMINDER_BODY), places),
    )


def _to_staff(expires_on: date, offset: int) -> Select[Any]:
    """Staff are told in the language of each."""
    places = _places(expires_on, offset)
    said = by_language(Renewal.owner_id, lambda language: filled(told(Sentence(OF_YOURS), language), places))
    owed = _notices(
        expires_on,
        offset,
        "owner",
        channel=literal(Channel.APP, String),
        state=literal(NoticeState.SENT, String),
        user_id=Renewal.owner_id,
        address=literal(None, String),
        subject=said,
        body=literal(""),
    )
    return owed.join(Renewal, Renewal.contract_id == Contract.id).where(Renewal.owner_id.is_not(None))


def _places(expires_on: date, offset: int) -> dict[str, Any]:
    return {
        "number": Contract.number,
        "customer": Customer.name,
        "expires_on": literal(expires_on.isoformat()),
        "days": literal(str(offset)),
    }


def _notices(expires_on: date, offset: int, to: str, *, subject: ColumnElement[str], **target: Any) -> Select[Any]:
    """The rows of `notice` owed to customers or staff, each value by the name of its column."""
    contract, day = cast(Contract.id, String), expires_on.isoformat()
    fields = {
        "dedupe_key": literal("renewals.remind:").concat(contract).concat(literal(f":{day}:T-{offset}:{to}")),
        **target,
        "subject": func.substr(func.replace(func.replace(subject, "\r", " "), "\n", " "), 1, 300),
        "record": literal("contract"),
        "record_id": Contract.id,
        "created_at": literal(datetime.now(UTC), UtcMoment),
        "attempts": literal(0),
        "topic": literal(REMINDED.name if to == "owner" else None, String),
    }
    return (
        select(*(value.label(name) for name, value in fields.items()))
        .select_from(Contract)
        .join(Contract.product)
        .join(Contract.customer)
        .where(to_remind(expires_on))
        .order_by(Contract.id)
    )


def filled(template: str, places: dict[str, Any]) -> ColumnElement[str]:
    """A text with its ``{places}`` filled in by the database, row by row."""
    text: ColumnElement[str] = literal("")
    for words, place, _, _ in Formatter().parse(template):
        text = text.concat(literal(words))
        if place is not None:
            text = text.concat(places[place])
    return text


def _write(session: Session, rows: Select[Any]) -> list[str]:
    """Owe the notices that are not owed yet; returns their channels."""
    names = [column.name for column in rows.selected_columns]
    statement = insert(session, Notice).from_select(names, rows, include_defaults=False)
    return list(session.scalars(statement.on_conflict_do_nothing().returning(Notice.channel)))
