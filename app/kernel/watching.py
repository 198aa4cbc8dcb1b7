"""Watching: somebody asks to be told what others do to a row he or she sees.

That one watches is written beside the rows and in no history; nobody else is told of it. `app.kernel.watchers` tells.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from app.kernel import access
from app.kernel.actor import current_actor
from app.kernel.attention import Watch
from app.kernel.database import insert
from app.kernel.webhooks import noting
from app.schema.errors import NotPermitted
from app.schema.record import Record

HAPPENED = "happened"
"""Key of `Session.info`: entries of the history about rows somebody watches, until the watchers are told of them."""
KEY = "watch/"
"""How the keys of notices to watchers begin."""
TOLD = frozenset(("edit", "revert", "comment", "add file", "remove file"))
"""Verbs of the history that watchers are told of, besides steps and whatever is done to the lines of a row."""
FEW = 200
"""So many rows are looked for by their ids; of more, all that anybody watches of the record are looked at."""


def watch(session: Session, row: Record) -> None:
    """The current actor watches a row from now on. Raises `NotFound` for one he or she does not see."""
    row = access.find(session, type(row), row.id)
    user_id = current_actor().user_id
    if user_id is None:
        raise NotPermitted("Only people watch.")
    values = {"record": str(row.__tablename__), "record_id": row.id, "user_id": user_id, "since": datetime.now(UTC)}
    session.connection().execute(insert(session, Watch).values(**values).on_conflict_do_nothing())


def unwatch(session: Session, row: Record) -> None:
    """The current actor watches the row no longer."""
    mine = (*_of(row), Watch.user_id == current_actor().user_id)
    session.connection().execute(delete(Watch).where(*mine))


def watches(session: Session, row: Record) -> bool:
    """Whether the current actor watches a row."""
    return (
        session.scalar(select(Watch.record_id).where(*_of(row), Watch.user_id == current_actor().user_id)) is not None
    )


def watched(record: Any) -> ColumnElement[bool]:
    """The rows of a record the current actor watches, as a condition."""
    mine = (Watch.record == str(record.__tablename__), Watch.user_id == current_actor().user_id)
    found: ColumnElement[bool] = record.id.in_(select(Watch.record_id).where(*mine))
    return found


def forget(session: Session, row: Record) -> None:
    """Nobody watches a row that is deleted."""
    session.connection().execute(delete(Watch).where(*_of(row)))


def noted(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    """Keep, of what the history is being told, what concerns rows that somebody watches. One statement, if any."""
    entries = list(entries)
    noting.note(session, entries)
    about: dict[str, dict[int, list[dict[str, Any]]]] = {}
    for entry in entries:
        if (place := place_of(entry)) is not None:
            about.setdefault(place[0], {}).setdefault(place[1], []).append(entry)
    ways = [
        and_(Watch.record == record, Watch.record_id.in_(list(ids))) if len(ids) <= FEW else Watch.record == record
        for record, ids in about.items()
    ]
    if not ways:
        return
    for record, key in session.connection().execute(select(Watch.record, Watch.record_id).where(or_(*ways)).distinct()):
        session.info.setdefault(HAPPENED, []).extend(about[record].get(key, ()))


def place_of(entry: dict[str, Any]) -> tuple[str, int] | None:
    """The record and the id of the row on whose page an entry stands, if its watchers are told of such."""
    if entry["part_of"] is not None and entry["part_of_id"] is not None:
        told = entry["verb"] in ("add", "edit", "delete", "revert")
        return (entry["part_of"], entry["part_of_id"]) if told else None
    told = entry["verb"] in TOLD or entry["verb"].startswith("step:")
    return (entry["record"], entry["record_id"]) if told else None


def _of(row: Record) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Watch.record == str(row.__tablename__), Watch.record_id == row.id
