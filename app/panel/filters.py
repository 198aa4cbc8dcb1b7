"""Filters of a list: typed, from the columns it shows, by query parameters and nothing else.

``state=approved`` (several times: any of them, so also of links to many; of a list of values: any of those chosen),
``owner_id=5`` (``none`` for nobody's), ``expires_on.from=2026-03-01``, ``expires_on.to=…``, ``name.contains=li``. Which
of them a field knows, its kind says (`Kind.operators`). A value that cannot be read is left out and said so.
``clock=late`` asks for rows one of whose time limits has passed, ``clock.decision=today`` for one limit among several,
``clock.answer.promise=late`` for what was promised beside it; the words are those of `app.kernel.standing.Standing`.
``owner_id=me`` asks for one's own rows and those one stands in for, ``work=late`` for rows that wait for their owners
and are late (`app.kernel.waiting.Wait`), ``watched=me`` for those the present person watches.
"""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased
from werkzeug.datastructures import MultiDict

from app.kernel import waiting, watching
from app.kernel.actor import current_actor
from app.kernel.clock import own_zone
from app.kernel.standing import Standing, rows_that
from app.kernel.waiting import Wait
from app.panel import timing
from app.panel.fields import Field, columns_of, fields_of
from app.panel.labels import choice_label, said
from app.panel.saying import gettext as _
from app.panel.search import contains, tidy
from app.panel.titles import titles_of
from app.schema.kinds import LINKS, BadValue
from app.schema.record import Line, Record, link_of, many_of
from app.schema.registry import registry
from app.schema.rows import _Placed
from app.schema.traits import Tree
from app.schema.types import Several

NOBODY = "none"
ME = "me"
MOST = 50
"""So many values of one filter are looked at."""


@dataclass
class Filter:
    """One filter as offered: a choice among options, a yes or no, a range, a link to pick, or letters to contain.

    `wanted` are the values in force as written; `shown` their words; `title` that of a picked row.
    """

    field: Field
    style: str
    options: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    wanted: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    shown: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    title: str = ""

    @property
    def input(self) -> str:
        """The HTML input of a range."""
        control = self.field.kind.input if self.field.kind else ""
        return {"date": "date", "datetime": "date", "month": "month"}.get(control, "text")

    @property
    def looks(self) -> Hashable:
        """What tells its control from others, in one language; None while something is asked of it."""
        return None if self.wanted else (self.field.record, self.field.key, self.style, tuple(self.options))

    @property
    def figures(self) -> bool:
        """Whether the bounds of a range are figures."""
        return self.field.kind is not None and self.field.kind.input in ("number", "decimal")


def offered(record: type[Record]) -> Iterator[Filter]:
    """The filters of a record's list: clocks, columns, state, owner, and what points at others' pages."""
    names = ["owner_id"] if issubclass(record, _Placed) else []
    if record.workflow:
        names.append(record.workflow.field)
    if issubclass(record, Tree):
        names.append("parent_id")
    if issubclass(record, Line):
        names.append(record.parent)
    names += [r.field for other in registry for r in other.panel.related if r.record == record.__tablename__]
    for clocked in timing.clocked(record):
        yield Filter(clocked, "clock", [(how.value, timing.words(how)) for how in clocked.options])
    if waiting.works(record):
        yield Filter(Worked(record, "work", "work", None, "", None), "work", _waits())
    if not issubclass(record, Line):
        yield Filter(Watched(record, "watched", "watched", None, "", None), "watched", [(ME, _("by me"))])
    for each in fields_of(record, [f.name for f in columns_of(record)] + names):
        if each.far:
            yield Filter(each, "links")
            continue
        if each.column is None or each.private or not each.open:
            continue
        if each.choices is not None:
            yield Filter(each, "choice", [(value.value, choice_label(value)) for value in each.choices])
        elif each.target:
            yield Filter(each, "link")
        elif each.kind is not None and each.kind.input == "checkbox":
            yield Filter(each, "yes/no", [("yes", _("yes")), ("no", _("no"))])
        elif each.kind is not None and "ge" in each.kind.operators:
            yield Filter(each, "range")
        elif each.kind is not None and "contains" in each.kind.operators:
            yield Filter(each, "text")
        elif each.kind is not None and each.kind.suggest is not None:
            yield Filter(each, "choice", [(value, value) for value in each.kind.suggest()])


def parameters(each: Filter) -> tuple[str, ...]:
    """The parameters of an address a filter is asked by."""
    name, kind = each.field.key, each.field.kind
    ranges = {"range": (f"{name}.from", f"{name}.to"), "text": (f"{name}.contains",)}.get(each.style, ())
    return ranges if ranges and kind is not None and "eq" not in kind.operators else (name, *ranges)


class Worked(Field):
    """Whether rows wait for their owners, as something a list is filtered by."""

    @property
    def label(self) -> str:
        """What it is called."""
        return _("Work")


class Watched(Field):
    """Whether the present person watches rows, as something a list is filtered by."""

    @property
    def label(self) -> str:
        """What it is called."""
        return _("Watched")


def _waits() -> list[tuple[str, str]]:
    return [(Wait.WAITING.value, _("waiting")), (Wait.TODAY.value, _("due today")), (Wait.LATE.value, _("late"))]


@dataclass
class Chosen:
    """What the parameters of an address say: filters as offered, conditions in force, and what could not be read.

    `faulty` are the problems once more, each with its filter.
    """

    filters: list[Filter]
    conditions: list[ColumnElement[bool]]
    problems: list[str]
    faulty: list[tuple[Filter, str]] = dataclasses.field(default_factory=list)

    @property
    def active(self) -> list[Filter]:
        """The filters in force."""
        return [each for each in self.filters if each.wanted]


def chosen(session: Session, record: type[Record], args: "MultiDict[str, str]") -> Chosen:
    """Read the filters of an address. Parameters no filter knows are none of our business."""
    found = Chosen(list(offered(record)), [], [])
    for each in found.filters:
        known = len(found.problems)
        for reader in _READERS[each.style]:
            found.conditions += reader(session, record, each, args, found.problems)
        found.faulty += [(each, problem) for problem in found.problems[known:]]
        for parameter, values in each.wanted.items():
            each.shown += [(parameter, value, _words(each, parameter, value)) for value in values]
    return found


def _words(each: Filter, parameter: str, value: str) -> str:
    if parameter.endswith(".contains"):
        return _("%(field)s contains %(value)s", field=each.field.label, value=value)
    if parameter.endswith((".from", ".to")):
        template = _("%(field)s from %(value)s") if parameter.endswith(".from") else _("%(field)s up to %(value)s")
        return template % {"field": each.field.label, "value": value}
    special = {NOBODY: _("nobody"), ME: _("me")} if each.style == "link" else {}
    word = special.get(value) or dict(each.options).get(value, each.title or value)
    return _("%(field)s: %(value)s", field=each.field.label, value=word)


def _equal(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    column, name = getattr(record, each.field.key), each.field.key
    if each.field.kind is not None and not {"eq", "has"} & set(each.field.kind.operators):
        return
    ways: list[ColumnElement[bool]] = []
    for written in [value.strip() for value in args.getlist(name)][:MOST]:
        if not written:
            continue
        if written == NOBODY and each.style == "link":
            ways.append(column.is_(None))
            each.wanted.setdefault(name, []).append(written)
            continue
        if written == ME and name == "owner_id":
            ways.append(waiting.mine(record, current_actor()))
            each.wanted.setdefault(name, []).append(written)
            each.title = _("me")
            continue
        try:
            value: Any = (each.field.kind.read if each.field.kind else int)(written)
        except ValueError as error:
            problems.append(_problem(each.field, error))
            continue
        ways += [_holds(column, one) for one in value] if each.field.many else [column == value]
        each.wanted.setdefault(name, []).append(_as_written(each, value))
        if each.style == "link":
            each.title = titles_of(session, each.field.target, [value]).get(value) or _("not visible to you")
    if ways:
        yield or_(*ways)


def _linked(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    """Rows linked to any of those asked for, of those the present person may see."""
    name, wanted = each.field.key, list[int]()
    for written in [value.strip() for value in args.getlist(name)][:MOST]:
        try:
            wanted += LINKS.read(written) or ()
        except ValueError as error:
            problems.append(_problem(each.field, error))
    if wanted:
        titles = titles_of(session, each.field.far, wanted)
        each.wanted[name] = [str(key) for key in dict.fromkeys(wanted)]
        each.options = [(str(key), titles.get(key) or _("not visible to you")) for key in dict.fromkeys(wanted)]
        yield linked_to(record, name, wanted)


def linked_to(record: Any, name: str, ids: Iterable[int]) -> ColumnElement[bool]:
    """Rows linked by a field to any of those ids, of those the present person may see."""
    if name not in many_of(record):
        return getattr(record, name).in_(list(ids))
    link, target = link_of(record, name), aliased(registry[many_of(record)[name].target])
    near, far = getattr(link, link.parent), getattr(link, link.far)
    wanted = select(near).select_from(link).join(target, target.id == far).where(target.id.in_(list(ids)))
    return record.id.in_(wanted)


def _standing(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    """Rows whose clocks stand in any of the ways asked for."""
    assert isinstance(each.field, timing.Clocked)
    name, known = each.field.key, dict(each.options)
    for written in [value.strip() for value in args.getlist(name)][:MOST]:
        if written in known:
            each.wanted.setdefault(name, []).append(written)
        elif written:
            problems.append(_problem(each.field, BadValue("choose one of: %(choices)s", choices=", ".join(known))))
    if wanted := [Standing(written) for written in each.wanted.get(name, ())]:
        clocks = [(sla.name, promised) for sla, promised in each.field.clocks]
        yield rows_that(record, clocks, wanted, datetime.now(UTC))


def _working(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    """Rows that wait for their owners in the way asked for."""
    if written := args.get("work", "").strip():
        if written not in list(Wait):
            problems.append(_problem(each.field, BadValue("choose one of: %(choices)s", choices=", ".join(Wait))))
            return
        each.wanted["work"] = [written]
        yield waiting.waits(record, Wait(written), datetime.now(UTC))


def _watched(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    """Rows the present person watches; any other word is none of our business."""
    if args.get("watched", "").strip() == ME:
        each.wanted["watched"] = [ME]
        yield watching.watched(record)


def _holds(column: Any, value: Any) -> ColumnElement[bool]:
    """Whether a list of values has this one in it."""
    return type_coerce(column, Text).contains(Several.held([value]), autoescape=True)


def _containing(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    parameter = f"{each.field.key}.contains"
    if written := tidy(args.get(parameter)):
        each.wanted[parameter] = [written]
        yield contains(getattr(record, each.field.key), written)


def _as_written(each: Filter, value: Any) -> str:
    if each.style == "link":
        return str(value)
    assert each.field.kind is not None
    return each.field.kind.write(value)


def _range(
    session: Session, record: Any, each: Filter, args: "MultiDict[str, str]", problems: list[str]
) -> Iterator[ColumnElement[bool]]:
    column = getattr(record, each.field.key)
    for end in ("from", "to"):
        written = args.get(f"{each.field.key}.{end}", "").strip()
        if not written:
            continue
        try:
            value = _bound(each.field, written, end)
        except ValueError as error:
            problems.append(_problem(each.field, error))
            continue
        last_moment = end == "to" and isinstance(value, datetime)
        yield column >= value if end == "from" else (column < value if last_moment else column <= value)
        each.wanted[f"{each.field.key}.{end}"] = [written]


def _bound(field_: Field, written: str, end: str) -> Any:
    """The value of a bound; of a moment the begin of the day, or of the next one, on the person's clock."""
    assert field_.kind is not None
    if field_.kind.input != "datetime":
        return field_.kind.read(written)
    try:
        day = date.fromisoformat(written) + timedelta(days=end == "to")
    except (ValueError, OverflowError):
        raise BadValue("write a day as year-month-day, such as 2026-03-31") from None
    return datetime.combine(day, time.min, own_zone()).astimezone(UTC)


def _problem(field_: Field, error: ValueError) -> str:
    reason = said(error) if isinstance(error, BadValue) else _("write a whole number, such as 12")
    return _("The filter %(field)s is left out: %(reason)s", field=field_.label, reason=reason)


_READERS = {
    "choice": (_equal,),
    "yes/no": (_equal,),
    "link": (_equal,),
    "range": (_equal, _range),
    "text": (_equal, _containing),
    "links": (_linked,),
    "clock": (_standing,),
    "work": (_working,),
    "watched": (_watched,),
}
"""How each style of filter is read from an address."""
