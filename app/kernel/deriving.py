"""What follows from a row and its lines is worked out anew before each write of any of them.

A record says so in `Record.derive`. What it sets is the engine's doing: nobody needs to be allowed to write it, and
it stands in the same entry of the history as what was written by hand.
"""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.kernel.actor import on_behalf
from app.schema.record import Line, Record
from app.schema.tailored import EXTRA

L = TypeVar("L", bound=Line)


def derive(session: Session, now: datetime) -> None:
    """Let the rows that are about to be written, and those whose lines are, work out what follows from them."""
    touched = [row for row in (*session.new, *session.deleted) if isinstance(row, Record)]
    touched += [row for row in session.dirty if isinstance(row, Record) and session.is_modified(row)]
    found = [_whole(session, row) for row in touched]
    wholes = dict.fromkeys(row for row in found if row is not None and row not in session.deleted)
    if not wholes:
        return
    before = {row: changed(row) for row in touched}
    with on_behalf("worked out"):
        for row in wholes:
            row.derive(session, now)
    after = {row: changed(row) for row in (*session.new, *session.dirty) if isinstance(row, Record)}
    session.info["derived"] = {row: fields - before.get(row, set()) for row, fields in after.items()}
    session.info["followed"] = {row for row, fields in before.items() if not fields} | (after.keys() - before.keys())


def follows(session: Session, row: Record) -> bool:
    """Whether a row is written only because it follows from what else is."""
    return row in session.info.get("followed", ()) and row not in session.deleted


def by_hand(session: Session, row: Record) -> set[str]:
    """The changed fields of a row that do not merely follow from others."""
    return changed(row) - session.info.get("derived", {}).get(row, set())


def changed(row: Record) -> set[str]:
    """The columns of a row that are about to be written with another value."""
    attrs: Any = inspect(row).attrs
    found = {column.key for column in type(row).__table__.columns if attrs[column.key].history.has_changes()}
    if EXTRA in found:
        past = attrs[EXTRA].history
        old, new = (past.deleted or [None])[0] or {}, getattr(row, EXTRA) or {}
        found = found - {EXTRA} | {name for name in {*old, *new} if old.get(name) != new.get(name)}
    return found


def lines_at_hand(session: Session, row: Record, line: type[L]) -> list[L]:
    """The lines of a row as they are about to be written: those of the database, those new, none that is deleted."""
    kept: list[L] = []
    if row.id is not None:
        with session.no_autoflush:
            mine: Any = select(line).where(line.__table__.c[line.parent] == row.id).order_by(line.id)
            kept = list(session.scalars(mine))
    fresh = [each for each in session.new if isinstance(each, line) and getattr(each, line.parent) == row.id]
    return [each for each in (*kept, *fresh) if each not in session.deleted and row.id is not None]


def _whole(session: Session, row: Record) -> Record | None:
    """The row that has something to work out when this one is written; None if there is none."""
    while isinstance(row, Line):
        record, key = type(row).parent_record(), getattr(row, type(row).parent)
        if record.derive is Record.derive and not issubclass(record, Line):
            return None
        with on_behalf("worked out"), session.no_autoflush:
            whole = None if key is None else session.get(record, key)
        if whole is None:
            return None
        row = whole
    return None if type(row).derive is Record.derive else row
