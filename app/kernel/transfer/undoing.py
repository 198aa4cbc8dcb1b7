"""Taking an import back: rows it made go to the trash, rows it changed become what they were.

Only what stands as the import left it is touched. A row that somebody changed since, or that others have come to
depend on, stays as it is and is told with the reason.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.kernel.actor import on_behalf
from app.kernel.database import put
from app.kernel.transfer.tables import ImportedRow
from app.schema.errors import Refusal
from app.schema.kinds import BadValue
from app.schema.record import Record, kind_of
from app.schema.registry import registry

SHOWN = 100
CHANGED_SINCE = "Somebody has changed this since; it stays as it is."
GONE = "This is no longer there."
IN_USE = "Others depend on this by now; it stays as it is."


@dataclass(frozen=True)
class Change:
    """What an import did to one row: the version it left behind, and the values there were; None where it made it."""

    row_id: int
    version: int
    old: dict[str, Any] | None


def remember(session: Session, batch_id: int, record: str, changes: Sequence[Change]) -> None:
    """Keep what it takes to undo these changes."""
    rows = [
        {"batch_id": batch_id, "record": record, "row_id": each.row_id, "version": each.version, "old": each.old}
        for each in changes
    ]
    put(session, ImportedRow.__table__, rows)


def forget(session: Session, batch_ids: Iterable[int]) -> None:
    """Keep nothing of these imports any more; they cannot be undone then."""
    gone = delete(ImportedRow).where(ImportedRow.batch_id.in_(list(batch_ids)))
    session.execute(gone.execution_options(synchronize_session=False))


def undoable(session: Session, batch_id: int) -> bool:
    """Whether there is anything left to take back."""
    return session.scalar(select(ImportedRow.id).where(ImportedRow.batch_id == batch_id).limit(1)) is not None


def undo(session: Session, batch_id: int) -> dict[str, Any]:
    """Take an import back, the last written first; the caller commits. Tells what was done, and what was left and why.

    It is done for whoever may import the like and asks for it, whether or not he or she may delete such rows: what is
    taken away is what the import itself brought, and nobody has touched it.
    """
    result: dict[str, Any] = {"removed": 0, "restored": 0, "left": [], "left_count": 0}
    with on_behalf("an import is taken back"):
        for entry in list(_entries(session, batch_id)):
            record = registry.get(entry.record)
            why = GONE if record is None else _taken_back(session, record, entry)
            if why is None:
                result["removed" if entry.old is None else "restored"] += 1
                continue
            result["left_count"] += 1
            if len(result["left"]) < SHOWN:
                result["left"].append({"record": entry.record, "row_id": entry.row_id, "why": why})
    forget(session, [batch_id])
    return result


def _entries(session: Session, batch_id: int) -> Iterator[Any]:
    columns = (ImportedRow.record, ImportedRow.row_id, ImportedRow.version, ImportedRow.old)
    found = select(*columns).where(ImportedRow.batch_id == batch_id).order_by(ImportedRow.id.desc())
    yield from session.execute(found)


def _taken_back(session: Session, record: type[Record], entry: Any) -> str | None:
    """Take one row back; why not, where it cannot be."""
    row = session.get(record, entry.row_id, with_for_update=True, populate_existing=True)
    if row is None:
        return GONE
    if row.version != entry.version:
        session.expunge(row)
        return CHANGED_SINCE
    try:
        with session.begin_nested():
            if entry.old is None:
                session.delete(row)
            else:
                for name, value in entry.old.items():
                    setattr(row, name, _read(record, name, value))
            session.flush()
    except Refusal as refusal:
        return refusal.message % refusal.args_ if refusal.args_ else refusal.message
    except (IntegrityError, DataError):
        return IN_USE
    finally:
        if row in session:
            session.expunge(row)
    return None


def _read(record: type[Record], name: str, value: Any) -> Any:
    kind = kind_of(record, name)
    if value is None or kind is None:
        return tuple(value) if isinstance(value, list) else value
    try:
        return kind.read(value)
    except BadValue:
        return value
