"""Rows of any record, made from the kinds of its fields; the system is acting."""

from io import BytesIO
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import files
from app.kernel.actor import Actor
from app.schema.kinds import CODE, LONG_TEXT, MARKDOWN, SHORT_TEXT, YES_NO, File, FileKind
from app.schema.kinds.files import sample
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.rows import _Placed

CANARY = "CANARY"
_numbers = count(1)

MARKED = (CODE, SHORT_TEXT, LONG_TEXT, MARKDOWN)
"""Kinds whose values say where they come from, so that one that got out is known again; others take their samples."""
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
    if isinstance(kind, FileKind):
        return sent(session, kind, number, f"{CANARY}-{record.__tablename__}-{column.key}-{number}.txt")
    if kind not in MARKED:
        return kind.sample(number) if needed or kind.private else None
    text = f"{CANARY}-{record.__tablename__}-{number}"
    return text[: getattr(column.type, "length", None) or kind.longest]


def sent(session: Session, kind: FileKind, number: int = 1, name: str = "") -> File:
    """A file of a kind, sent by who is acting and waiting for its row."""
    told, body = sample(kind, number)
    return files.receive(session, files.Upload(BytesIO(body), name or told.name))


def value_of_kind(record: type[Record], name: str) -> Any:
    """A value a step or a form may be answered with in this field: the first choice, yes, or a sample of its kind."""
    info, number = record.__table__.columns[name].info, next(_numbers)
    if "choices" in info:
        return next(iter(info["choices"]))
    return True if info["kind"] is YES_NO else info["kind"].sample(number)
