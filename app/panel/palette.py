"""The search palette: what is found across the panel for a few letters, of what the present person may open.

Each record is asked by the conditions of its own list (see `app.panel.search`) in one statement, so that what a list
does not find or show, the palette does not either: rows out of reach, hidden fields, private values in part.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import case
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.database import hurry, took_too_long
from app.kernel.spelling import HAN, simplified, sounds, spelling
from app.panel import cells, search, texts
from app.panel.fields import Field, field_of, fields_of, readable
from app.panel.labels import record_label, record_plural
from app.panel.navigation import sidebar
from app.panel.titles import Read, reading_of
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.written import natural

EACH = 5
"""Rows shown of one record."""
MOST = 30
"""Rows shown in all."""
COMMANDS = 8
"""Pages and commands shown."""
RECENT = 10
"""Rows opened last that are shown."""
SHORTEST = 2
"""Letters it takes to look for rows; a Chinese character is enough by itself."""
PATIENCE = 2.5
"""Seconds after which no further record is asked."""
SLOWEST = 800
"""Milliseconds after which PostgreSQL gives up one record's statement."""
LONGEST = 60
"""Characters of what is said of a row beside its title."""


@dataclass(frozen=True)
class Hit:
    """Something to go to; `whole` when what was written is its number, and not only a part of it."""

    title: str
    url: str
    icon: str
    note: str = ""
    state: str = ""
    whole: bool = False


@dataclass
class Group:
    """Hits of one sort under their heading."""

    label: str
    hits: list[Hit]


@dataclass
class Found:
    """What there is to choose from; `stopped` when the search took too long and not everything was looked at."""

    groups: list[Group] = field(default_factory=list)
    stopped: bool = False

    @property
    def count(self) -> int:
        """How many things there are to choose from."""
        return sum(len(group.hits) for group in self.groups)


def long_enough(written: str) -> bool:
    """Whether rows are looked for."""
    return len(written) >= SHORTEST or HAN.search(written) is not None


def found(session: Session, written: str) -> Found:
    """What is found for `written`: rows whose number it is, then pages and commands, then the other rows."""
    commands = [Group(_("Go to"), hits)] if (hits := _commands(written)) else []
    rows, stopped = _rows(session, written) if long_enough(written) else ([], False)
    first = [group for group in rows if group.hits[0].whole]
    rest = [group for group in rows if not group.hits[0].whole]
    return Found([*first, *commands, *rest], stopped)


def recent(session: Session, places: Iterable[str]) -> Found:
    """The rows at `places`, each as ``contract.12``, in that order, without those the present person may not see."""
    wanted: dict[str, list[int]] = {}
    order = list(dict.fromkeys(places))[:RECENT]
    for place in order:
        name, _dot, number = place.partition(".")
        if key := natural(number):
            wanted.setdefault(name, []).append(key)
    hits: dict[str, Hit] = {}
    for record in _records():
        if keys := wanted.get(str(record.__tablename__)):
            statement = reading_of(record, ()).statement.where(record.id.in_(keys))
            for result in session.execute(statement):
                read = reading_of(record, ()).read(result)
                hits[f"{record.__tablename__}.{read.row.id}"] = _hit(record, read, record_label(record))
    shown = [hits[place] for place in order if place in hits]
    return Found([Group(_("Opened last"), shown)] if shown else [])


def _records() -> list[type[Record]]:
    """The records with pages that the present person may read, those of the sidebar first and in its order."""
    actor, known = current_actor(), current_app.view_functions

    def place(record: type[Record]) -> tuple[bool, int]:
        menu = record.panel.menu
        return menu is None, menu.order if menu else 0

    return sorted(
        (
            record
            for record in registry
            if not issubclass(record, Line) and f"{record.__tablename__}.show" in known and may(actor, "read", record)
        ),
        key=place,
    )


def _rows(session: Session, written: str) -> tuple[list[Group], bool]:
    """The rows that hold `written`, by record, and whether the search was stopped before its end.

    With enough rows no further record is asked, unless it may be a number: the row with that number goes first.
    """
    groups: list[Group] = []
    count, stopped, began = 0, False, monotonic()
    numeric = any(character.isdigit() for character in written)
    hurry(session, SLOWEST)
    for record in _records():
        if count >= MOST and not numeric:
            break
        if monotonic() - began > PATIENCE:
            stopped = True
            break
        try:
            hits = _hits(session, record, written)
        except OperationalError as error:
            if not took_too_long(error):
                raise
            session.rollback()
            hurry(session, SLOWEST)
            stopped = True
            continue
        if hits:
            count += min(len(hits), EACH)
            groups.append(Group(record_plural(record), hits))
    groups.sort(key=lambda group: not group.hits[0].whole)
    return list(_cut(groups)), stopped


def _cut(groups: list[Group]) -> Iterator[Group]:
    """The groups with no more than `MOST` rows among them."""
    left = MOST
    for group in groups:
        if left > 0:
            rows = group.hits[: min(EACH, left)]
            left -= len(rows)
            yield Group(group.label, rows + group.hits[EACH:])


def _hits(session: Session, record: type[Record], written: str) -> list[Hit]:
    """The rows of one record that hold `written`, `EACH` at most, then the way to its list where there are more."""
    noted = _noted(record)
    reading = reading_of(record, noted)
    later = case((search.whole(record, written), 0), else_=1).label("later_than_whole")
    statement = reading.statement.add_columns(later).where(search.newest(record, written, EACH + 1))
    results = session.execute(statement.order_by(later, record.id.desc()).limit(EACH + 1)).all()
    hits = []
    for result in results[:EACH]:
        read = reading.read(result)
        hits.append(_hit(record, read, _note(noted, read), whole=result[-1] == 0))
    if len(results) > EACH:
        address = url_for(f"{record.__tablename__}.list", q=written)
        hits.append(Hit(_("Show all: %(records)s", records=record_plural(record)), address, "list"))
    return hits


def _hit(record: type[Record], read: Read, note: str, *, whole: bool = False) -> Hit:
    workflow = record.workflow
    shown = workflow is not None and workflow.field not in read.hidden
    state = cells.state_badge(workflow, getattr(read.row, workflow.field)) if workflow and shown else ""
    address = url_for(f"{record.__tablename__}.show", key=read.row.id)
    icon = record.panel.menu.icon if record.panel.menu else "file-text"
    return Hit(cells.heading(record, read), address, icon, note, state, whole)


def _noted(record: type[Record]) -> list[Field]:
    """What tells rows of a record apart besides their title: the other fields it is searched by, no private ones."""
    title = field_of(record, record.panel.title)
    others = readable(fields_of(record, (path.partition(".")[0] for path in record.panel.search)))
    return [each for each in others if each.column is not None and not each.private and each.key != title.key]


def _note(noted: list[Field], read: Read) -> str:
    said = []
    for each in noted:
        if each.key not in read.hidden:
            value: Any = read.titles.get(each.key) if each.target else texts.text(each, getattr(read.row, each.key))
            said.append(value or "")
    return " · ".join(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in said if text)


def _commands(written: str) -> list[Hit]:
    """Pages of the sidebar and forms to add a row, called like `written`; those that begin with it first."""
    asked, heard = _bare(written), list(sounds(written))
    if not asked:
        return []
    called = [hit for hit in _all_commands() if _is_called(hit.title, asked, heard)]
    called.sort(key=lambda hit: not _bare(hit.title).startswith(asked))
    return called[:COMMANDS]


def _all_commands() -> Iterator[Hit]:
    for area, entries in sidebar():
        for entry in entries:
            yield Hit(entry.label, entry.url, entry.icon, area if area != entry.label else "")
    actor, known = current_actor(), current_app.view_functions
    for record in _records():
        form = f"{record.__tablename__}.add"
        if record.panel.menu and record.panel.form and form in known and may(actor, "add", record):
            yield Hit(_("Add: %(record)s", record=record_label(record)), url_for(form), "plus")


def _is_called(label: str, asked: str, heard: list[str]) -> bool:
    return asked in _bare(label) or any(form in _sound(label) for form in heard)


@lru_cache(maxsize=4096)
def _bare(text: str) -> str:
    """A text without spaces and signs, in one case and simplified characters."""
    return re.sub(r"[\W_]+", "", simplified(text))


@lru_cache(maxsize=4096)
def _sound(label: str) -> str:
    """How a label sounds, as of `spelling`."""
    return spelling(_bare(label)) or ""
