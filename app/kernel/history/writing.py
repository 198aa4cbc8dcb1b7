"""Writing the history, in the transaction of the change itself. Private kinds are masked in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, attributes

from app.kernel.actor import Actor, current_actor, request_address
from app.kernel.deputies import signed
from app.kernel.tables import AuditEntry
from app.kernel.watching import noted
from app.schema.kinds import File, iso_duration
from app.schema.record import Line, Record, kind_of, many_of
from app.schema.tailored import EXTRA

BOOKKEEPING = {"id", "version", "created_at", "changed_at", "created_by_id", "changed_by_id", "search_key"}


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, File):
        return value.as_json()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return iso_duration(value)
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value


def shown(record: type[Record], field: str, value: Any) -> Any:
    """A value as the history keeps it: private ones masked."""
    kind = kind_of(record, field)
    if value is not None and kind is not None and kind.private:
        return kind.mask(value)
    return plain(value)


def _told(record: type[Record], field: str, old: Any, new: Any) -> list[Any]:
    """A change as old and new; of links to many what was removed and what was added."""
    if field in many_of(record):
        return [sorted(set(old) - set(new)), sorted(set(new) - set(old))]
    return [shown(record, field, old), shown(record, field, new)]


def _changes(row: Record, verb: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for key in (column.key for column in type(row).__table__.columns):
        if key in BOOKKEEPING:
            continue
        if key == EXTRA:
            found |= _extra(row, verb)
            continue
        past = attributes.get_history(row, key)
        if verb == "delete":
            old, new = getattr(row, key), None
        else:
            if not past.has_changes():
                continue
            old, new = (past.deleted[0] if past.deleted else None), (past.added[0] if past.added else None)
        if old != new:
            found[key] = [shown(type(row), key, old), shown(type(row), key, new)]
    return found


def _extra(row: Record, verb: str) -> dict[str, list[Any]]:
    """The changes of the fields the department added, each by its own name."""
    now: dict[str, str] = getattr(row, EXTRA) or {}
    past = attributes.get_history(row, EXTRA)
    old, new = (now, {}) if verb == "delete" else ((past.deleted or [None])[0] or {}, now)
    if verb != "delete" and not past.has_changes():
        return {}
    return {name: [old.get(name), new.get(name)] for name in sorted({*old, *new}) if old.get(name) != new.get(name)}


def _linked(session: Session, row: Record) -> dict[str, list[Any]]:
    """By field the ids a row is no longer linked to and those it is now, as `app.kernel.links` is about to write."""
    found = session.info.get("linking", {}).get(row, {})
    return {name: [list(removed), list(added)] for name, (removed, added) in found.items()}


@dataclass
class Act:
    """A step under way: its name and reason, and what is told `beside` the fields it changes, as old and new.

    `noted` says whether an entry tells of it yet, `waits` whether others have to agree before the state moves.
    """

    step: str
    why: str | None
    beside: dict[str, list[Any]]
    noted: bool = False
    waits: bool = False


def collect(session: Session) -> None:
    """Before the flush: note what is about to change.

    ``session.info["noting"]`` may say of a row by what verb its change is told, and which entry it takes back.
    """
    # A flush that failed wrote nothing: what it had noted is not to be told by the next one.
    pending = session.info["history"] = []
    for verb, rows in (("add", session.new), ("edit", session.dirty), ("delete", session.deleted)):
        for row in rows:
            if isinstance(row, Record) and (changes := _changes(row, verb) | _linked(session, row)):
                act = session.info.get("step", {}).get(row)
                told, reverts = session.info.get("noting", {}).get(row, (verb, None))
                if act is not None:
                    act.noted, told = True, f"step:{act.step}"
                    changes |= act.beside
                pending.append((row, told, changes, act.why if act is not None else None, reverts))


def write(session: Session) -> None:
    """After the flush, when new rows have their ids: one entry per row."""
    pending = session.info.pop("history", [])
    if not pending:
        return
    actor, now = current_actor(), datetime.now(UTC)
    entries = [
        _entry(signed(session, actor, row), now, type(row), row.id, verb, changes, why, whole_of(row))
        | {"reverts_id": reverts}
        for row, verb, changes, why, reverts in pending
    ]
    session.connection().execute(insert(AuditEntry), entries)
    noted(session, entries)


def _entry(
    actor: Actor,
    at: datetime,
    record: type[Record] | str,
    row_id: int | None,
    verb: str,
    changes: Any,
    why: str | None,
    whole: int | None = None,
) -> dict[str, Any]:
    """The columns of an entry; `whole` is the row that a line is a part of."""
    part_of = record.parent_record() if whole is not None and not isinstance(record, str) else None
    return {
        "at": at,
        "user_id": actor.user_id,
        "actor": actor.name,
        "source": actor.source,
        "address": request_address(),
        "record": record if isinstance(record, str) else str(record.__tablename__),
        "record_id": row_id,
        "part_of": part_of and str(part_of.__tablename__),
        "part_of_id": whole,
        "verb": verb,
        "changes": changes,
        "why": why or actor.why,
    }


def whole_of(row: Record) -> int | None:
    """The id of what a line is a part of; None for a row of its own."""
    return getattr(row, row.parent) if isinstance(row, Line) else None


def _parent(record: type[Record]) -> str | None:
    """The link of a line to what it is a part of."""
    return record.parent if issubclass(record, Line) else None


def summarise(
    session: Session,
    record: str,
    verb: str,
    bounds: dict[str, Any],
    why: str | None = None,
    *,
    row_id: int | None = None,
    reverts: int | None = None,
) -> None:
    """One entry for a set-based change: the query's bounds, how many rows, the affected keys.

    Or for a change of what is no record, such as a role: its id is `row_id` then, and `reverts` the entry taken back.
    """
    entry = _entry(current_actor(), datetime.now(UTC), record, row_id, verb, bounds, why)
    session.connection().execute(insert(AuditEntry).values(**entry, reverts_id=reverts))


def edited(
    session: Session, record: type[Record], rows: Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """One entry per row that a set-based update changed: its id, its values before, the new ones."""
    actor, now, parent = current_actor(), datetime.now(UTC), _parent(record)
    entries = [
        _entry(
            actor,
            now,
            record,
            id_,
            "edit",
            {f: _told(record, f, old[f], new[f]) for f in new},
            None,
            old.get(parent) if parent else None,
        )
        for id_, old, new in rows
    ]
    session.connection().execute(insert(AuditEntry), entries)
    noted(session, entries)


def note(session: Session, row: Record, verb: str, why: str | None, changes: dict[str, Any] | None = None) -> None:
    """An entry that no column change goes with, such as a value revealed or a step that keeps the state."""
    who = signed(session, current_actor(), row)
    entry = _entry(who, datetime.now(UTC), type(row), row.id, verb, changes or {}, why, whole_of(row))
    session.connection().execute(insert(AuditEntry).values(**entry))
    noted(session, [entry])


def end(session: Session, record: type[Record], ids: Iterable[int], why: str) -> None:
    """Note of many rows that each is removed: SQLite gives their numbers again, and those rows begin anew."""
    now, actor = datetime.now(UTC), current_actor()
    entries = [_entry(actor, now, record, each, "delete", {}, why) for each in ids]
    if entries:
        session.connection().execute(insert(AuditEntry), entries)


def timeline(session: Session, row: Record, limit: int = 50) -> list[AuditEntry]:
    """The newest entries about a row the actor already sees; `reading` has them with everything else."""
    mine = (AuditEntry.record == str(type(row).__tablename__), AuditEntry.record_id == row.id)
    return list(session.scalars(select(AuditEntry).where(*mine).order_by(AuditEntry.id.desc()).limit(limit)))


def takers(session: Session, row: Record, verb: str) -> set[int]:
    """The users who took a step (``step:decide``) or added the row (``add``)."""
    return takers_of(session, str(type(row).__tablename__), row.id, verb)


def takers_of(session: Session, record: str, key: int | None, verb: str) -> set[int]:
    """The same of a row known by its record and id, whether one sees it or not."""
    mine = (AuditEntry.record == record, AuditEntry.record_id == key, AuditEntry.verb == verb)
    return {u for u in session.scalars(select(AuditEntry.user_id).where(*mine)) if u is not None}
