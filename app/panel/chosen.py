"""The rows somebody chose in a list, and what became of each: ticked ones, or all that match the list.

Ticked rows are sent as ``row=12:3``, each in the version it was ticked in. All that match are sent as ``every=1`` with
the list's own parameters, and read anew when they are worked at, portion by portion (`PORTION`): first their number is
confirmed (``sure=1204``), and no more than that are touched.
"""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select

from app.extensions import db
from app.panel import listing
from app.schema.errors import Refusal
from app.schema.record import Record
from app.schema.written import natural

MOST = 100
"""Rows ticked at once: as many as a page of a list shows."""
EVERY = 5_000
"""Rows at most that are chosen as all that match."""
PORTION = 200
"""Of these, rows worked at in one request: a few seconds' work."""


@dataclass(frozen=True)
class Became:
    """What became of one of several rows: done, or `refused` for a reason. `before` is who owned it.

    `word` says what was done where it is not the same for all.
    """

    key: int
    title: str
    refused: str
    before: int | None = None
    word: str = ""


@dataclass(frozen=True)
class Past:
    """The portions that are behind: rows done and rows refused in them, and the id of the last of all."""

    done: int = 0
    refused: int = 0
    last: int = 0

    @property
    def written(self) -> str:
        """As a form carries it."""
        return f"{self.done}:{self.refused}:{self.last}"


@dataclass(frozen=True)
class Chosen:
    """Rows to work at now: their versions by id. `count` is how many were chosen altogether, `every` all that match.

    `sure` says whether that number was confirmed; without it of all that match there are no rows here.
    `further` says whether more are to come after these.
    """

    rows: dict[int, int]
    count: int
    every: bool = False
    sure: bool = False
    further: bool = False
    past: Past = Past()

    def after(self, results: list[Became]) -> Past:
        """What is behind once these rows are."""
        refused = sum(bool(each.refused) for each in results)
        past = self.past
        return Past(past.done + len(results) - refused, past.refused + refused, max(self.rows, default=past.last))


def ticked() -> dict[int, int]:
    """The versions of the ticked rows by id, in their order. Raises `Refusal`.

    None ticked, or too many, are refused. A row whose version is not said has 0, which none has.
    """
    if request.form.get("every"):
        raise Refusal("This is done with rows chosen one by one: choose those of a page.")
    found: dict[int, int] = {}
    for written in request.form.getlist("row"):
        key, _colon, version = written.partition(":")
        if number := natural(key):
            found.setdefault(number, natural(version) or 0)
    if not 0 < len(found) <= MOST:
        raise Refusal("Choose between 1 and %(most)d rows.", most=MOST)
    return found


def chosen(record: type[Record]) -> Chosen:
    """The chosen rows of a record: ticked ones, or a portion of all that match. Raises `Refusal`.

    A filter that cannot be read is refused, not left out; and so are more rows than `EVERY`.
    """
    sure = natural(request.form.get("sure")) or 0
    if request.form.get("every") != "1":
        rows = ticked()
        return Chosen(rows, len(rows), sure=sure == len(rows))
    what = listing.asked(db.session, record, request.args)
    if what.chosen.problems:
        raise Refusal(what.chosen.problems[0])
    past = _past()
    if past.last:
        return _portion(what, sure, past)
    count = int(db.session.scalar(listing.counting(record, what.conditions, EVERY + 1)) or 0)
    if count > EVERY:
        raise Refusal(
            "More than %(most)d rows match: narrow the list by search or filters, then choose all.", most=EVERY
        )
    if not count:
        raise Refusal("Nothing matches any more.")
    return _portion(what, count, past) if sure == count else Chosen({}, count, every=True)


def _portion(what: listing.Asked, sure: int, past: Past) -> Chosen:
    """The rows that follow those behind, of those that match now; together never more than were confirmed."""
    record: Any = what.record
    left = max(min(sure, EVERY) - past.done - past.refused, 0)
    statement = select(record.id, record.version).where(*what.conditions, record.id > past.last)
    found = db.session.execute(statement.order_by(record.id).limit(min(PORTION, left) + 1)).all()
    rows = {row.id: row.version for row in found[: min(PORTION, left)]}
    return Chosen(rows, sure, every=True, sure=True, further=len(found) > len(rows) and left > len(rows), past=past)


def _past() -> Past:
    """What a form says is behind; it decides nothing about what may be done with a row."""
    parts = [natural(part) or 0 for part in request.form.get("past", "").split(":")]
    return Past(*parts) if len(parts) == len(("done", "refused", "last")) else Past()


def narrowed_by(record: type[Record]) -> list[str]:
    """What the address asks of the list, in words: the search, and each filter."""
    what = listing.asked(db.session, record, request.args)
    searched = [_("Search: %(words)s", words=what.searched)] if what.searched else []
    return searched + [words for each in what.chosen.active for _parameter, _value, words in each.shown]
