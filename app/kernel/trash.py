"""The trash: a deleted row is kept whole for a while, its lines with it, and can be put back through the normal rules.

The snapshot is taken in the transaction of the deletion. It holds private values as they were, for without them there
would be nothing to put back; nothing of it but the title is ever shown, and it is gone for good after the days the
department sets.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, func, insert, or_, select
from sqlalchemy.orm import Session

from app.kernel import access, files
from app.kernel.actor import Actor, current_actor, on_behalf
from app.kernel.history.writing import BOOKKEEPING, plain, shown
from app.kernel.settings import setting_value
from app.kernel.tables import AuditEntry, Trashed
from app.kernel.workflow import adopt
from app.schema.errors import Conflict, Invalid, NotFound, Refusal
from app.schema.kinds import INTEGER, BadValue
from app.schema.record import Line, Record, kind_of, many_of, words
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.settings import setting

DAYS = setting("trash.days", 30, INTEGER, "How long a deleted entry can be restored", "days")


def keep(session: Session, row: Record, at: datetime) -> None:
    """Keep a row that is about to be deleted, with its lines; a line deleted by itself is told by the history alone.

    Their files are put away with them; `at` is the moment of the deletion.
    """
    files.bury(session, type(row), [row.id], at)
    if isinstance(row, Line):
        return
    record, actor = type(row), current_actor()
    with on_behalf("trash"):
        lines = list(_lines(session, record, row.id))
        values = {column.key: plain(getattr(row, column.key)) for column in _columns(record)}
        values |= {name: list(getattr(row, name)) for name in many_of(record)}
        kept = {
            "record": str(record.__tablename__),
            "record_id": row.id,
            "title": _title(row),
            "owner_id": getattr(row, "owner_id", None),
            "unit_id": getattr(row, "unit_id", None),
            "deleted_by_id": actor.user_id,
            "deleted_by": actor.name,
            "at": at,
            "kept": values,
            "lines": lines,
        }
        for part in lines:
            files.bury(session, registry[part["record"]], [part["id"]], at)
        session.connection().execute(insert(Trashed).values(**kept))


def _columns(record: type[Record]) -> list[Any]:
    return [column for column in record.__table__.columns if column.key not in BOOKKEEPING]


def _title(row: Record) -> str:
    name = type(row).panel.title
    if name in type(row).__table__.columns:
        title = shown(type(row), name, getattr(row, name))
        return "" if title is None or name == "id" else str(title)[:300]
    return row.title[:300]


def _lines(session: Session, record: type[Record], key: int) -> Iterator[dict[str, Any]]:
    """The lines of a row and theirs, parents before their parts."""
    for line in registry:
        if not (issubclass(line, Line) and line.parent_record() is record):
            continue
        table = line.__table__
        rows = session.connection().execute(select(table).where(table.c[line.parent] == key).order_by(table.c.id))
        for found in rows.mappings().all():
            values = {column.key: plain(found[column.key]) for column in _columns(line)}
            yield {"record": str(line.__tablename__), "id": found["id"], "kept": values}
            yield from _lines(session, line, found["id"])


def listed(session: Session, before: int | None = None, limit: int = 50) -> list[Trashed]:
    """What the current actor deleted or might have deleted, newest first; those with ids below `before`."""
    names = session.scalars(select(Trashed.record).distinct()).all()
    wanted = select(Trashed).where(_mine([registry[name] for name in names if name in registry]))
    if before is not None:
        wanted = wanted.where(Trashed.id < before)
    return list(session.scalars(wanted.order_by(Trashed.id.desc()).limit(limit)))


def find(session: Session, trashed_id: int) -> Trashed:
    """One of those `listed`, locked. Raises `NotFound`, the same for others' and for none."""
    found = session.get(Trashed, trashed_id) if 0 < trashed_id < 2**31 else None
    if found is not None and found.record in registry:
        mine = select(Trashed).where(Trashed.id == trashed_id, _mine([registry[found.record]]))
        if (locked := session.scalars(mine.with_for_update()).one_or_none()) is not None:
            return locked
    raise NotFound("There is no such entry in the trash among those you may restore.")


def _mine(records: list[type[Record]]) -> ColumnElement[bool]:
    """Rows of these records that lie within the actor's reach, and that he or she deleted or might have deleted."""
    actor = current_actor()
    ways = [
        and_(
            Trashed.record == str(record.__tablename__),
            _reached(actor, record, "read"),
            or_(Trashed.deleted_by_id == actor.user_id, _reached(actor, record, "delete")),
        )
        for record in records
        if actor.scope("read", str(record.__tablename__)) > Scope.NONE
    ]
    return or_(false(), *ways)


def _reached(actor: Actor, record: type[Record], verb: str) -> ColumnElement[bool]:
    """The snapshots of a record within the reach of a verb, by the owner and the unit they had."""
    scope = access.widened(record, actor.scope(verb, str(record.__tablename__)))
    return access.within_scope(record, Trashed, scope)


def restore(session: Session, trashed_id: int) -> Record:
    """Put a row back under its old number, with its lines: an ordinary adding by the current actor, noted as this.

    Raises `NotFound`, `NotPermitted`, `Conflict` when the number is another's by now, `Refusal` for links that lead
    nowhere, and on the flush everything that adding a row is refused for.
    """
    kept = find(session, trashed_id)
    record = registry[kept.record]
    access.require(current_actor(), "add", record)
    with on_behalf("trash"):
        if session.scalar(select(record.id).where(record.id == kept.record_id)) is not None:
            raise Conflict("Another entry has its number by now, so it cannot be restored.")
        _check_links(session, record, kept.kept)
        ended = select(func.min(AuditEntry.id)).where(
            AuditEntry.record == kept.record,
            AuditEntry.record_id == kept.record_id,
            AuditEntry.verb == "delete",
            AuditEntry.at >= kept.at,
        )
        entry = session.scalar(ended)
    files.unearth(session, record, [kept.record_id], kept.at)
    for part in kept.lines:
        if (line := registry.get(part["record"])) is not None:
            files.unearth(session, line, [part["id"]], kept.at)
    row = _made(session, record, kept.record_id, kept.kept)
    noting = session.info.setdefault("noting", {})
    noting[row] = ("restore", entry)
    session.info["restoring"] = True
    try:
        session.add(row)
        session.flush()
        for part in kept.lines:
            if (line := registry.get(part["record"])) is not None:
                session.add(_made(session, line, part["id"], part["kept"]))
                session.flush()
    finally:
        noting.pop(row, None)
        session.info["restoring"] = False
    session.delete(kept)
    session.flush()
    return row


def _made(session: Session, record: type[Record], key: int, kept: dict[str, Any]) -> Any:
    """A new object with the values of a snapshot, in the state it was in."""
    values, problems = {}, {}
    for column in _columns(record):
        raw, kind = kept.get(column.key), kind_of(record, column.key)
        try:
            values[column.key] = kind.read(raw) if kind is not None else raw
        except BadValue as error:
            problems[column.key] = Refusal(error.msgid, field=column.key, **error.args_)
    if problems:
        raise Invalid(problems)
    values |= {name: tuple(kept.get(name) or ()) or None for name in many_of(record)}
    state = values.pop(record.workflow.field) if record.workflow is not None else None
    row = record(id=key, **{name: value for name, value in values.items() if value is not None})
    if state is not None:
        with on_behalf("trash"):
            adopt(session, row, state)
    return row


def _check_links(session: Session, record: type[Record], kept: dict[str, Any]) -> None:
    for column in _columns(record):
        target, value = registry.get(column.info.get("ref", "")), kept.get(column.key)
        if (
            target is not None
            and value is not None
            and session.scalar(select(target.id).where(target.id == value)) is None
        ):
            raise Refusal("What its %(what)s pointed at is gone.", what=words(column.key))
    for name, made in many_of(record).items():
        if _gone(session, registry[made.target], kept.get(name) or ()):
            raise Refusal("What its %(what)s pointed at is gone.", what=words(name))


def _gone(session: Session, target: type[Record], keys: Iterable[int]) -> bool:
    found: Any = target
    return bool(set(keys) - set(session.scalars(select(found.id).where(found.id.in_(list(keys))))))


def purge(session: Session, at: datetime) -> int:
    """Let go for good of what was deleted longer ago than the department keeps it; returns how many."""
    oldest = at - timedelta(days=setting_value(session, DAYS) or 0)
    gone = delete(Trashed).where(Trashed.at < oldest).execution_options(synchronize_session=False)
    return session.execute(gone).rowcount  # type: ignore[attr-defined]
