"""What the history is being told, kept in short until the transaction tells the subscriptions of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

NOTED = "noted_for_webhooks"
"""Key of `Session.info`."""
_SORTS = {"add": "added", "restore": "added", "edit": "changed", "revert": "changed", "delete": "deleted"}
_SORTS |= {"add file": "changed", "remove file": "changed"}


class Happening(NamedTuple):
    """Something that happened to a row: ``added``, ``changed``, ``step.accept``, ``deleted``.

    `changed` are the fields, `placed` whose the row was and of which unit, if it is gone.
    """

    sort: str
    record: str
    key: int
    at: datetime
    changed: tuple[str, ...] = ()
    placed: tuple[int | None, int | None] = (None, None)


def note(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    """Keep what subscriptions may be told of some entries of the history."""
    noted: list[Happening] = session.info.setdefault(NOTED, [])
    noted.extend(found for entry in entries if (found := _happening(entry)) is not None)


def _happening(entry: dict[str, Any]) -> Happening | None:
    """What an entry tells of; what happens to a line is a change of the whole."""
    verb, at = entry["verb"], entry["at"]
    if entry["part_of"] is not None and entry["part_of_id"] is not None:
        return Happening("changed", entry["part_of"], entry["part_of_id"], at)
    sort = f"step.{verb.removeprefix('step:')}" if verb.startswith("step:") else _SORTS.get(verb)
    if sort is None or entry["record_id"] is None:
        return None
    changes = entry["changes"]
    fields = tuple(changes)
    if sort != "deleted":
        return Happening(sort, entry["record"], entry["record_id"], at, fields)
    owner, unit = (changes[name][0] if name in changes else None for name in ("owner_id", "unit_id"))
    return Happening(sort, entry["record"], entry["record_id"], at, fields, (owner, unit))
