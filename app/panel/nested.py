"""Lines in the REST API: given with the row they are a part of, and written with it in one transaction.

``"lines": {"paper": [{"name": "Invoice"}, {"id": 7, "version": 2, "name": "Bill"}, {"id": 8, "version": 1, "remove":
true}]}``: without ``id`` a line is added, with it changed or removed; lines that are not named stay as they are, and
the order of those that are named is theirs where lines are `Ordered`. What was read may be sent back as it is.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.access import find_part
from app.kernel.actor import current_actor
from app.kernel.fields import writable_fields
from app.kernel.values import parsed
from app.panel.fields import form_fields, lines_of
from app.panel.serving import as_json
from app.panel.showing import in_order
from app.schema.errors import Conflict, Invalid, Refusal
from app.schema.record import Line, Record
from app.schema.traits import Ordered

MOST = 1000
"""Lines that one request may write."""


def lines_in(session: Session, row: Any) -> Iterator[tuple[str, list[Any]]]:
    """The lines of a row by the name of their sort, each in its own order."""
    for line in lines_of(type(row)):
        mine = select(line).where(getattr(line, line.parent) == row.id).order_by(*in_order(line))
        yield str(line.__tablename__), list(session.scalars(mine))


def taken(body: dict[str, Any], record: type[Record]) -> dict[type[Line], list[dict[str, Any]]]:
    """Take the lines out of a request's body. Raises `Refusal` for what does not look like lines of the record."""
    given = body.pop("lines", None)
    known = {str(line.__tablename__): line for line in lines_of(record)}
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(
        name in known and isinstance(parts, list) and all(isinstance(part, dict) for part in parts)
        for name, parts in given.items()
    ):
        raise Refusal("Send lines as an object of lists, by the name of their sort.", field="lines")
    if sum(len(parts) for parts in given.values()) > MOST:
        raise Refusal("Send at most %(most)d lines at once.", field="lines", most=MOST)
    return {known[name]: [dict(part) for part in parts] for name, parts in given.items()}


def writable(record: type[Record], row: Record | None = None) -> frozenset[str]:
    """The fields the current actor may fill in, of a new row or of `row`."""
    fixed = set(record.panel.fixed) if row is not None else set()
    names = {each.key for each in form_fields(record)} - fixed
    if row is None and issubclass(record, Line):
        names.add(record.parent)
    return writable_fields(current_actor(), "edit" if row is not None else "add", row or record, names)


def changed_only(row: Record, given: dict[str, Any]) -> dict[str, Any]:
    """Of what was sent only what differs from what the API shows of the row: what was read may be sent back.

    A masked value stands for the one that is there, and a field nobody may write for itself.
    """
    shown = as_json(row)
    return {name: value for name, value in given.items() if name not in shown or not _same(shown[name], value)}


def _same(shown: Any, sent: Any) -> bool:
    """Whether they are the same JSON: to Python ``true`` is 1."""
    return json.dumps(shown, sort_keys=True) == json.dumps(sent, sort_keys=True)


def write(session: Session, whole: Record, lines: dict[type[Line], list[dict[str, Any]]]) -> None:
    """Write the lines of a row that has its id. Raises `Invalid` naming line and field; nothing is kept then."""
    for line, parts in lines.items():
        for number, given in enumerate(parts):
            try:
                _write(session, whole, line, given, number + 1)
                session.flush()
            except Invalid as invalid:
                place = f"{line.__tablename__}.{number}"
                raise Invalid({f"{place}.{name}": why for name, why in invalid.problems.items()}) from invalid
            except Refusal as refusal:
                refusal.field = ".".join(filter(None, (str(line.__tablename__), str(number), refusal.field)))
                raise


def _write(session: Session, whole: Record, line: type[Line], given: dict[str, Any], position: int) -> None:
    key, version, remove = given.pop("id", None), given.pop("version", None), given.pop("remove", False)
    part: Any = None
    if key is not None:
        part = find_part(session, line, whole.id, key)
        if version != part.version:
            raise Conflict("Somebody changed this line meanwhile. Look at it again, then save.", field="version")
    if remove is True and part is not None:
        session.delete(part)
        return
    if part is not None:
        given = changed_only(part, given)
        if not given and not (issubclass(line, Ordered) and part.position != position):
            return
    values = parsed(line, writable(line, part) - {line.parent}, given, part)
    if part is None:
        part = line(**{line.parent: whole.id})
        session.add(part)
    with session.no_autoflush:
        for name, value in values.items():
            setattr(part, name, value)
        if issubclass(line, Ordered) and part.position != position:
            part.position = position
