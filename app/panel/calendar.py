"""The calendar: the rows of a list by one of their dates, a month at a time. None is moved here: dates follow steps.

``on=expires_on&during=2026-11`` beside the list's own parameters; without them the day rows are due by, and this month.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from babel.dates import format_skeleton, get_day_names
from flask import render_template, request
from flask_appbuilder import expose
from flask_babel import get_locale
from sqlalchemy import select

from app.extensions import db
from app.kernel.clock import own_zone
from app.panel import links, listing
from app.panel.base import RecordView
from app.panel.fields import Field, field_of
from app.panel.looks import DURING, ON, dates_of, looks_of
from app.panel.titles import Read, reading_of
from app.panel.trees import name_paths
from app.schema.errors import NotFound
from app.schema.kinds import MOMENT
from app.schema.record import Record

SHOWN = 8
"""Rows of one day that are shown; the list shows them all."""
TOLD = 2
"""Columns of the list that an agenda tells besides a row's title and state."""
YEARS = range(1900, 2200)
"""Of which a month may be asked for."""


@dataclass
class Day:
    """A day of the month: the ids of its rows, and those rows of them that are shown."""

    day: date
    keys: list[int] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)


class Dating(RecordView):
    """The list of a record with dates, by day."""

    @expose("/calendar")
    def calendar(self) -> str:
        """The rows the address asks for, as a list's does, whose date lies in one month."""
        dates = dates_of(self.record)
        if not dates:
            raise NotFound("There is no calendar of this: its rows have no date, or it is not shown to you.")
        zone, locale = own_zone(), get_locale()
        today = datetime.now(zone).date()
        by = next((each for each in dates if each.key == request.args.get(ON)), dates[0])
        first = month_of(request.args.get(DURING, "")) or today.replace(day=1)
        what = listing.asked(db.session, self.record, request.args)
        days, whole = _days(what, by, first)
        told = _told(self.record, what.columns, by)
        _read(self.record, told, days)
        names = get_day_names("abbreviated", "stand-alone", locale)
        return render_template(
            "panel/calendar.html",
            record=self.record,
            what=what,
            dates=dates,
            by=by,
            days=days,
            whole=whole,
            most=listing.MOST_COUNTED,
            filtered=any(each.field.key == by.key and each.style == "range" for each in what.chosen.filters),
            today=today,
            month=format_skeleton("yMMMM", first, locale=locale),
            named=lambda day: format_skeleton("MMMEd", day, locale=locale),
            weekdays=[names[(locale.first_week_day + n) % 7] for n in range(7)],
            starts=(first.weekday() - locale.first_week_day) % 7,
            near=[f"{each:%Y-%m}" if each.year in YEARS else "" for each in (_before(first), _after(first))],
            told=told,
            clocked=by.kind is MOMENT,
            clock=lambda read: f"{getattr(read.row, by.key).astimezone(zone):%H:%M}",
            address=self.address,
            looks=looks_of(self.record),
            may_add=self.may_add(),
        )


def month_of(written: str) -> date | None:
    """The first day of a month written as ``2026-11``; None for what is none."""
    try:
        found = date.fromisoformat(f"{written}-01")
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def _days(what: listing.Asked, by: Field, first: date) -> tuple[list[Day], bool]:
    """The days of a month with their rows, and whether these are all: no more are looked at than a list counts."""
    record: Any = what.record
    column, zone, after = getattr(record, by.key), own_zone(), _after(first)
    begin, end = (
        datetime.combine(each, time.min, zone).astimezone(UTC) if by.kind is MOMENT else each for each in (first, after)
    )
    statement = select(record.id, column).where(*what.conditions, column >= begin, column < end)
    found = db.session.execute(statement.order_by(column, record.id).limit(listing.MOST_COUNTED + 1)).all()
    days = [Day(first + timedelta(days=n)) for n in range((after - first).days)]
    for key, value in found[: listing.MOST_COUNTED]:
        day = value.astimezone(zone).date() if by.kind is MOMENT else value
        days[day.day - 1].keys.append(key)
    return days, len(found) <= listing.MOST_COUNTED


def _read(record: type[Record], told: list[Field], days: list[Day]) -> None:
    """Read those rows of each day that are shown, in one statement."""
    wanted = [key for day in days for key in day.keys[:SHOWN]]
    reading, key_of = reading_of(record, told), record.id
    results = db.session.execute(reading.statement.where(key_of.in_(wanted))) if wanted else ()
    found = {read.row.id: read for read in map(reading.read, results)}
    for day in days:
        day.reads = [found[key] for key in day.keys[:SHOWN] if key in found]
    name_paths(db.session, record, list(found.values()))
    links.load(db.session, record, [read.row for read in found.values()], told)


def _told(record: type[Record], columns: list[Field], by: Field) -> list[Field]:
    """What is told of a row: its state, and the first columns of the list that are neither its title nor its date."""
    title = field_of(record, record.panel.title).key
    states = [each for each in columns if each.is_state]
    others = [each for each in columns if each.key not in (title, by.key) and not each.is_state]
    return [*states, *others[:TOLD]]
