"""Grouping a list: how many rows there are of each value of one field and what their amounts come to, asked at once.

``group=state`` groups by a state, a choice, a yes or no, a link or the month of a day: by whatever a filter of the list
can then narrow it to. Each group leads to its rows.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import Session

from app.panel import texts
from app.panel.fields import Field
from app.panel.filters import NOBODY, Filter
from app.panel.listing import Asked
from app.panel.titles import titles_of
from app.schema.kinds import DAY, MONEY, QUANTITY

MOST = 100
"""Groups that are shown: those with the most rows."""
SUMMED = (MONEY, QUANTITY)
"""What may be added up; an amount whose row names its currency may not."""
Changes = dict[str, str | None]


@dataclass(frozen=True)
class Group:
    """Some rows: what they have in common, how many they are, their sums in words, and what to change in the address.

    `changes` is None where no filter finds them.
    """

    label: str
    count: int
    sums: list[str]
    changes: Changes | None


@dataclass(frozen=True)
class Groups:
    """The groups by one field, with the sums of all rows at the end where all groups are there."""

    field: Field
    summed: list[Field]
    groups: list[Group]
    whole: Group | None


def offered(what: Asked) -> list[Filter]:
    """What the list may be grouped by: filters by a single value, and by a span of days."""
    fit = (each for each in what.chosen.filters if each.style in ("choice", "yes/no", "link") or _by_month(each))
    return [each for each in fit if not each.field.many]


def grouped(session: Session, what: Asked, name: str) -> Groups | None:
    """The groups of all rows the address asks for by a field, in one statement; None for what is not offered.

    The titles of links are asked in a second one.
    """
    by = next((each for each in offered(what) if each.field.key == name), None)
    if by is None:
        return None
    record: Any = what.record
    summed = [f for f in what.columns if f.kind in SUMMED and f.column is not None and f.open and not f.currency]
    value, count = getattr(record, name), func.count()
    if _by_month(by):
        postgresql = session.get_bind().dialect.name == "postgresql"
        # Constants of the statement itself: as parameters they would not be the same in both places.
        words = ("'YYYY-MM'",) if postgresql else ("1", "7")
        value = (func.to_char if postgresql else func.substr)(value, *map(literal_column, words))
    found: Select[Any] = select(value, count, *(func.sum(getattr(record, f.key)) for f in summed))
    found = (
        found.select_from(record).where(*what.conditions).group_by(value).order_by(count.desc(), value).limit(MOST + 1)
    )
    rows = [_Counted(key, number, sums) for key, number, *sums in session.execute(found)]
    whole = Group(_("All"), *_added(summed, rows), None) if len(rows) <= MOST else None
    groups = list(_named(session, by, summed, rows[:MOST]))
    if _by_month(by):
        groups.sort(key=lambda group: group.label, reverse=True)
    return Groups(by.field, summed, groups, whole)


@dataclass(frozen=True)
class _Counted:
    key: Any
    count: int
    sums: list[Any]


def _added(summed: list[Field], rows: list[_Counted]) -> tuple[int, list[str]]:
    """How many rows there are in some groups together, and their sums in words."""
    values = [[row.sums[at] for row in rows if row.sums[at] is not None] for at in range(len(summed))]
    words = [texts.text(f, sum(found[1:], found[0])) if found else "" for f, found in zip(summed, values, strict=True)]
    return sum(row.count for row in rows), words


def _named(session: Session, by: Filter, summed: list[Field], rows: list[_Counted]) -> Iterator[Group]:
    """The groups as they are called. Those of linked rows one does not see are one, which leads nowhere."""
    if by.style != "link":
        for row in rows:
            label = _("nothing") if row.key is None else row.key if _by_month(by) else texts.text(by.field, row.key)
            yield Group(label, *_added(summed, [row]), _changes(by, row.key))
        return
    titles = titles_of(session, by.field.target, [row.key for row in rows if row.key is not None])
    for row in rows:
        if row.key is None or row.key in titles:
            label = titles.get(row.key, "") if row.key is not None else _("nobody")
            yield Group(label, *_added(summed, [row]), _changes(by, row.key))
    if unseen := [row for row in rows if row.key is not None and row.key not in titles]:
        yield Group(_("not visible to you"), *_added(summed, unseen), None)


def _by_month(each: Filter) -> bool:
    return each.style == "range" and each.field.kind is DAY


def _changes(by: Filter, key: Any) -> Changes | None:
    """What makes the address show one group alone."""
    name, whole = by.field.key, {"group": None}
    if by.style == "link":
        return {name: NOBODY if key is None else str(key), **whole}
    if key is None:
        return None
    if _by_month(by):
        year, month = map(int, key.split("-"))
        last = date(year, month, calendar.monthrange(year, month)[1])
        return {f"{name}.from": last.replace(day=1).isoformat(), f"{name}.to": last.isoformat(), **whole}
    assert by.field.kind is not None
    return {name: by.field.kind.write(key), **whole}
