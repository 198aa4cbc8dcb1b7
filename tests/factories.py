"""Rows of any record, made from the kinds of its fields; the system is acting."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.rows import _Placed

CANARY = "CANARY"
_numbers = count(1)

SAMPLES: dict[str, Any] = {
    "integer": lambda n: n % 1000,
    "quantity": lambda n: Decimal(n),
    "money": lambda n: Decimal(n),
    "percent": lambda n: Decimal(1),
    "yes/no": lambda n: True,
    "day": lambda n: date(2026, 1, 1) + timedelta(days=n % 364),
    "moment": lambda n: datetime(2026, 1, 1 + n % 28, tzinfo=UTC),
    "month": lambda n: f"{2026 + n // 12}-{n % 12 + 1:02}",
    "phone": lambda n: f"+86138{n:08}",
    "e-mail": lambda n: f"{CANARY.lower()}{n}@example.cn",
    "address": lambda n: f"{CANARY} Road {n}",
    "identity number": lambda n: f"{CANARY}{n:010}",
    "bank account": lambda n: f"{CANARY}{n:010}",
    "plate": lambda n: f"京A{n:05}",
    "working hours": lambda n: "09:00-12:00",
    "vin": lambda n: f"LSVAM4187C2{n:06}",
    "json": lambda n: {},
}
SETTLED = {"id", "version", "created_at", "changed_at", "created_by_id", "changed_by_id", "owner_id", "unit_id"}


def make(session: Session, record: type[Record], owner: Actor | None = None, **given: Any) -> Any:
    """A flushed row of `record`, `owner`'s if the record has owners, with whatever it needs made as well."""
    number = next(_numbers)
    values: dict[str, Any] = dict(given)
    if issubclass(record, _Placed) and owner is not None:
        values.setdefault("owner_id", owner.user_id)
        values.setdefault("unit_id", owner.unit_id)
        if record.owned_by:
            person = registry["person"]
            values.setdefault(record.owned_by, session.scalar(select(person.id).where(person.user_id == owner.user_id)))
    for column in record.__table__.columns:
        info = column.info
        if column.key in values or "initial" in info or "serial" in info:
            continue
        if column.key in SETTLED and not (column.key == "unit_id" and not column.nullable):
            continue
        value = _value(session, record, column, number, owner)
        if value is not None:
            values[column.key] = value
    row = record(**values)
    session.add(row)
    session.flush()
    return row


def _value(session: Session, record: type[Record], column: Any, number: int, owner: Actor | None) -> Any:
    info, needed = column.info, not column.nullable and column.default is None
    if column.key == "unit_id" or info.get("ref") == "unit":
        return session.scalars(select(registry["unit"].id).limit(1)).first() if needed else None
    if "ref" in info:
        if not needed:
            return None
        if info["ref"] == "ab_user":
            return owner.user_id if owner else None
        return make(session, registry[info["ref"]], owner).id
    if "choices" in info:
        return next(iter(info["choices"])) if needed else None
    kind = info.get("kind")
    if kind is None or column.default is not None:
        return None
    sample = SAMPLES.get(kind.name)
    if sample is not None:
        return sample(number) if needed or kind.private else None
    text = f"{CANARY}-{record.__tablename__}-{number}"
    longest = getattr(column.type, "length", None) or kind.longest or len(text)
    return text[:longest]


def value_of_kind(record: type[Record], name: str) -> Any:
    """A value a step or a form may be answered with in this field: the first choice, or a sample of its kind."""
    info, number = record.__table__.columns[name].info, next(_numbers)
    if "choices" in info:
        return next(iter(info["choices"]))
    sample = SAMPLES.get(info["kind"].name)
    return sample(number) if sample is not None else f"answer {number}"
