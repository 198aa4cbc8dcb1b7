"""Versions of a row, told from its history: what it was after an entry, and taking an edit back."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.history.reading import life_of
from app.kernel.history.writing import BOOKKEEPING, shown
from app.kernel.tables import AuditEntry
from app.kernel.values import parsed
from app.schema.errors import Conflict, NotFound, Refusal
from app.schema.kinds import BadValue
from app.schema.record import Record, kind_of, many_of, stored, words

EDITS = ("edit", "revert")
"""What can be taken back. A step is taken back by a step, a hand-over by a hand-over, a deletion from the trash."""


def pairs(changes: Any) -> list[tuple[str, Any, Any]]:
    """The changes of an entry as field, old value, new value; none of a summary."""
    if not isinstance(changes, Mapping):
        return []
    return [(key, *value) for key, value in changes.items() if isinstance(value, list) and len(value) == 2]


def entry_of(session: Session, row: Record, entry_id: int) -> AuditEntry:
    """An entry of this row's own life. Raises `NotFound`."""
    life = life_of(session, row)
    found = session.get(AuditEntry, entry_id) if life.entry < entry_id < 2**31 else None
    if found is None or (found.record, found.record_id) != (life.record, life.id):
        raise NotFound("There is no such entry in its history.")
    return found


def present(row: Record) -> dict[str, Any]:
    """The values of a row as the history keeps them."""
    keys = [key for key in stored(type(row)) if key not in BOOKKEEPING]
    linked = {name: list(getattr(row, name)) for name in many_of(type(row))}
    return {key: shown(type(row), key, getattr(row, key)) for key in keys} | linked


def after(session: Session, row: Record, entry_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What the row was after each of these entries: today's values with everything later undone, newest first.

    Set-based changes that left one summary for many rows are not undone; what they changed shows as it is today.
    """
    wanted = set(entry_ids)
    for entry_id in wanted:
        entry_of(session, row, entry_id)
    values, found = present(row), {}
    later = select(AuditEntry.id, AuditEntry.changes).where(
        AuditEntry.record == str(row.__tablename__), AuditEntry.record_id == row.id, AuditEntry.id >= min(wanted)
    )
    for id_, changes in session.execute(later.order_by(AuditEntry.id.desc())):
        if id_ in wanted:
            found[id_] = dict(values)
        for key, old, new in pairs(changes):
            if key in many_of(type(row)):
                values[key] = sorted((set(values[key]) - set(new)) | set(old))
            elif key in values:
                values[key] = old
    return found


def _is(record: type[Record], key: str, value: Any, kept: Any) -> bool:
    """Whether a value is the one the history keeps, however it was written: 2 is 2.00."""
    if shown(record, key, value) == kept:
        return True
    kind = kind_of(record, key)
    if kind is None or kind.private or kept is None:
        return False
    try:
        return bool(kind.read(kept) == value)
    except BadValue:
        return False


def revert(session: Session, row: Record, entry_id: int, allowed: Iterable[str]) -> None:
    """Write back what the fields were before an edit: an ordinary edit by the current actor, and noted as this.

    `allowed` are the fields the actor may fill in. Raises `NotFound`, `Conflict` where a field has changed again since,
    `Refusal` for what no edit may write and for private values, of which only the mask is kept; and on the flush, which
    is the caller's to commit, everything an edit is refused for.
    """
    entry, record, allowed = entry_of(session, row, entry_id), type(row), set(allowed)
    changes, before = pairs(entry.changes), {}
    if entry.verb not in EDITS or not changes:
        raise Refusal("Only an edit can be taken back.")
    for key, old, new in changes:
        kind, called = kind_of(record, key), words(key)
        if key not in allowed:
            raise Refusal("%(what)s cannot be written by an edit, so this is not taken back.", what=called)
        if kind is not None and kind.private and old is not None:
            raise Refusal("%(what)s is private: only its mask was kept. Write it anew.", what=called)
        many = key in many_of(record)
        now = set(getattr(row, key)) if many else set()
        if many and (set(new) <= now and not set(old) & now):
            before[key] = sorted((now - set(new)) | set(old))
        elif not many and _is(record, key, getattr(row, key), new):
            before[key] = old
        else:
            raise Conflict("%(what)s has changed again since. Take the later change back first.", what=called)
    values = parsed(record, allowed, before, row)
    noting = session.info.setdefault("noting", {})
    noting[row] = ("revert", entry.id)
    try:
        with session.no_autoflush:
            for key, value in values.items():
                setattr(row, key, value)
        session.flush()
    finally:
        noting.pop(row, None)
