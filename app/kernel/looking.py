"""Who has a row open just now: marks that fade by themselves, in no history.

A page that is open marks its row every `BEAT`, by one short write in a transaction of its own that touches no row of
a record: fifty people looking are two or three such writes a second, each of a few milliseconds. Where SQLite is busy
with another's write the mark is left out, for the next comes soon (`PATIENCE`). A mark older than `FADES` counts no
more, and is taken out by the next mark of the same person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.access import find
from app.kernel.actor import current_actor
from app.kernel.attention import Onlooker
from app.kernel.database import insert
from app.schema.record import Record
from app.schema.registry import registry

BEAT = timedelta(seconds=20)
FADES = timedelta(seconds=60)
PATIENCE = 250
"""Milliseconds a mark waits for another's write."""


@dataclass(frozen=True)
class Others:
    """Who else has a row open: the names of those the asker knows of, and how many he or she does not."""

    looking: list[str]
    editing: list[str]
    unknown: int = 0


def mark(session: Session, record: type[Record], key: int, now: datetime, *, editing: bool = False) -> None:
    """The current actor has a row open at the moment `now`. Raises `NotFound` for one he or she does not see."""
    find(session, record, key)
    me = current_actor().user_id
    if me is None:
        return
    connection = session.connection()
    connection.execute(delete(Onlooker).where(Onlooker.user_id == me, Onlooker.at < now - FADES))
    values = {"record": str(record.__tablename__), "record_id": key, "user_id": me, "at": now, "editing": editing}
    put = insert(session, Onlooker).values(**values)
    places = [Onlooker.record, Onlooker.record_id, Onlooker.user_id]
    connection.execute(put.on_conflict_do_update(index_elements=places, set_={"at": now, "editing": editing}))


def leave(session: Session, record: type[Record], key: int) -> None:
    """The current actor has closed the row."""
    mine = (*_of(record, key), Onlooker.user_id == current_actor().user_id)
    session.connection().execute(delete(Onlooker).where(*mine))


def others(session: Session, record: type[Record], key: int, now: datetime) -> Others:
    """Who else has a row the asker sees open at the moment `now`.

    A name is told to who sees that person among the colleagues.
    """
    open_ = (Onlooker.at > now - FADES, Onlooker.user_id != current_actor().user_id)
    asked = select(Onlooker.user_id, Onlooker.editing)
    found = {each.user_id: each.editing for each in session.execute(asked.where(*_of(record, key), *open_))}
    names = _names(session, found) if found else {}
    return Others(
        [name for user_id, name in names.items() if not found[user_id]],
        [name for user_id, name in names.items() if found[user_id]],
        len(found) - len(names),
    )


def forget(session: Session, row: Record) -> None:
    """Nobody looks at a row that is deleted."""
    session.connection().execute(delete(Onlooker).where(*_of(type(row), row.id)))


def _names(session: Session, user_ids: Iterable[int]) -> dict[int, str]:
    """The names of those of some users whom the current actor sees among the people."""
    person: Any = registry["person"]
    known = select(person.user_id, person.name).where(person.user_id.in_(list(user_ids))).order_by(person.name)
    return {row.user_id: row.name for row in session.execute(known)}


def _of(record: type[Record], key: int) -> tuple[Any, Any]:
    return Onlooker.record == str(record.__tablename__), Onlooker.record_id == key
