"""From row to row as a list has them: the page of a row opened from a list knows its search, filters and order.

The address of the page carries the list's own parameters in one, ``from=``. Nothing is counted: the rows before and
after are found by key, among those the present person sees, with one statement.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request, url_for
from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.panel import listing
from app.schema.record import Record

LONGEST = 1500
"""Characters of a list's parameters that are carried along; more are not."""


@dataclass(frozen=True)
class Neighbours:
    """Addresses: of the list one came from, of the row before and of the row after; "" for none."""

    back: str
    previous: str
    next: str


def trail() -> str:
    """What the links of the present list add to the address of a row, that its page may know the list."""
    written = urlencode([(key, value) for key, value in request.args.items(multi=True) if value])
    return "?" + urlencode({"from": written}) if len(written) <= LONGEST else ""


def came_from() -> dict[str, Any]:
    """The parameter that says from which list one came, to be carried along; empty where one came from none."""
    written = request.args.get("from")
    return {"from": written} if written is not None and len(written) <= LONGEST else {}


def of(session: Session, row: Any) -> Neighbours | None:
    """The neighbours of a row in the list its page was opened from; None where it was opened from none."""
    carried = came_from()
    if not carried:
        return None
    record: type[Record] = type(row)
    name, args = str(record.__tablename__), parse_qsl(carried["from"])
    what = listing.asked(session, record, MultiDict(args))
    before, after = session.execute(
        select(_next_to(session, what, row, True), _next_to(session, what, row, False))
    ).one()
    previous, following = (url_for(f"{name}.show", key=key, **carried) if key else "" for key in (before, after))
    back = url_for(f"{name}.list")
    return Neighbours(f"{back}?{urlencode(args)}" if args else back, previous, following)


def _next_to(session: Session, what: listing.Asked, row: Any, backwards: bool) -> ScalarSelect[int]:
    record: Any = what.record
    place = getattr(row, what.order.field.key), row.id
    beyond = what.order.beyond(record, place, session.get_bind().dialect, backwards)
    wanted = select(record.id).where(*what.conditions, beyond)
    return what.order.apply(wanted, record, backwards).limit(1).scalar_subquery()
