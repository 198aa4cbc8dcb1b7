"""All that stands on the page of one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import clocks, conditions, files, watching
from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.fields import hidden, writable_fields
from app.kernel.handing import may_assign, may_take
from app.kernel.reveal import may_reveal
from app.kernel.workflow import is_frozen, offers
from app.panel import cells, links, navigation, texts, timing
from app.panel.approving import boards_of
from app.panel.chart import flow_of
from app.panel.fields import Field, columns_of, field_of, fields_of, form_fields, lines_of
from app.panel.filters import linked_to
from app.panel.labels import record_plural, said, step_label, translated
from app.panel.listing import counting
from app.panel.saying import gettext as _
from app.panel.titles import Read, reading_of
from app.panel.traces import traced
from app.panel.trees import ancestors
from app.schema.errors import NotFound
from app.schema.kinds import File
from app.schema.panel import Related
from app.schema.record import Line, Record, groups_of, words
from app.schema.registry import registry
from app.schema.rows import _Placed
from app.schema.traits import Attached, Ordered, Tree

NOTHING: Mapping[str, str] = MappingProxyType({})
MOST_COUNTED = 100
"""Rows of another record that point here are counted up to here, so that a million cost as little as a hundred."""
FEW_PARTS = 2
"""Lines, lists and files below the details that one still oversees without a bar."""
WHO_AND_WHEN = ("created_by_id", "created_at", "changed_by_id", "changed_at")


@dataclass
class StepOffer:
    """A step as a button: closed with its reason, a question to answer first, or to be taken at once."""

    name: str
    label: str
    tone: str
    reason: str
    asks: bool


@dataclass
class LineTable:
    """The lines of one sort, in the row's page."""

    record: type[Line]
    title: str
    columns: list[Field]
    reads: list[Read]
    open: bool
    totals: dict[str, str]


@dataclass
class RelatedList:
    """Where the rows of another record that point here are listed, and how many there are, such as ``99+``.

    `place` is the id of its section on the page.
    """

    title: str
    place: str
    part: str
    list: str
    add: str
    count: str = ""


@dataclass(frozen=True)
class Section:
    """A section of a row's page that its bar leads to: the id, what it is called, and how many stand in it."""

    place: str
    title: str
    count: str = ""


def read_one(session: Session, record: type[Record], key: int, fields: list[Field]) -> Read:
    """One row with its links' titles. Raises `NotFound`, the same for hidden and missing rows."""
    reading = reading_of(record, fields)
    found = session.execute(reading.statement.where(record.id == key)).one_or_none() if 0 < key < 2**31 else None
    if found is None:
        raise NotFound("There is no such %(record)s among those you may see.", record=words(str(record.__tablename__)))
    return reading.read(found)


@dataclass
class Sheet:
    """A row that was read, with the fields its page tells of: by groups, beside them, whose it is, who and when."""

    read: Read
    groups: list[tuple[str, list[Field]]]
    facts: list[Field]
    placed: list[Field]
    who: list[Field]


def sheet_of(session: Session, record: type[Record], key: int) -> Sheet:
    """Read a row with all its page tells of its own fields. Raises `NotFound` as `read_one`."""
    panel = record.panel
    grouped = [(translated(group.title), fields_of(record, group.fields)) for group in groups_of(record)]
    shown = {f.key or f.name for _title, fields in grouped for f in fields}
    facts = [f for f in fields_of(record, (*panel.facts, *panel.columns)) if (f.key or f.name) not in shown]
    placed = fields_of(record, ("owner_id", "unit_id")) if issubclass(record, _Placed) else []
    who = fields_of(record, WHO_AND_WHEN)
    everything = [*(f for _title, fields in grouped for f in fields), *facts, *placed, *who]
    read = read_one(session, record, key, everything)
    links.load(session, record, [read.row], everything)
    facts = [f for f in facts if f not in placed and not f.is_state]
    return Sheet(read, grouped, facts, placed, who)


def told_of(session: Session, sheet: Sheet, actor: Actor) -> dict[str, Any]:
    """What a template needs to tell of a row by itself: head, steps and facts."""
    read, record = sheet.read, type(sheet.read.row)
    state = field_of(record, record.workflow.field) if record.workflow else None
    return {
        "record": record,
        "read": read,
        "row": read.row,
        "heading": cells.heading(record, read),
        "state": cells.cell(state, read) if state else None,
        "groups": [(title, found) for title, fields in sheet.groups if (found := pairs(fields, read))],
        "facts": pairs(sheet.facts, read),
        "placed": pairs(sheet.placed, read),
        "steps": steps_of(session, read.row, actor),
        "can": allowed(actor, read.row),
    }


def glance(session: Session, record: type[Record], key: int) -> dict[str, Any]:
    """What stands of a row beside the list it was opened from: what it says by itself, and its time limits."""
    actor, sheet = current_actor(), sheet_of(session, record, key)
    row = sheet.read.row
    sheet.read.reveals = may_reveal(actor, row)
    limits = timing.of(session, row, actor, clocks.of_row(session, row))
    return {**told_of(session, sheet, actor), "clocks": limits}


def of(
    session: Session,
    record: type[Record],
    key: int,
    revealed: Mapping[str, str] = NOTHING,
    part: tuple[str, int] | None = None,
) -> dict[str, Any]:
    """What the template of a row's page needs; `revealed` are private values to be shown in full, this once.

    They are those of the row itself or, where `part` names one by sort and id, of one of its lines.
    """
    actor = current_actor()
    sheet = sheet_of(session, record, key)
    read, row = sheet.read, sheet.read.row
    read.revealed, read.reveals = {} if part else dict(revealed), may_reveal(actor, row)
    lines = [lines_table(session, line, row, actor) for line in lines_of(record)]
    for table in lines:
        for each in table.reads:
            mine = part == (table.record.__tablename__, each.row.id)
            each.revealed, each.reveals = dict(revealed) if mine else {}, read.reveals
    related, sent = related_of(session, record, row, actor), files_of(session, row)
    rounds = clocks.of_row(session, row)
    return {
        **told_of(session, sheet, actor),
        "ancestors": ancestors(session, row),
        "who": pairs(sheet.who, read),
        "watched": watching.watches(session, row),
        "beside": navigation.beside(row),
        "boards": boards_of(session, row),
        "rounds": rounds,
        "clocks": timing.of(session, row, actor, rounds),
        "files": sent,
        "flow": flow_of(record, getattr(row, record.workflow.field)) if record.workflow else None,
        "lines": lines,
        "related": related,
        "sections": sections_of(lines, related, sent),
    }


def sections_of(
    lines: list[LineTable], related: list[RelatedList], sent: "list[tuple[File, datetime]] | None"
) -> list[Section]:
    """The sections of a row's page that is long, for its bar; of a page with few parts none, for it needs no bar."""
    parts = [Section(str(table.record.__tablename__), table.title, str(len(table.reads))) for table in lines]
    parts += [Section(each.place, each.title, each.count) for each in related]
    if sent is not None:
        parts.insert(0, Section("files", _("Files"), str(len(sent))))
    if len(parts) <= FEW_PARTS:
        return []
    return [Section("details", _("Details")), *parts, Section("timeline", _("History"))]


def pairs(fields: list[Field], read: Read) -> list[tuple[str, Markup, bool]]:
    """Label, value, and whether the value wants the whole width, as a text does that has been written.

    What the actor may not read of this row is left out, and so is an empty field that does not apply to it.
    """
    value_of = conditions.of_row(read.row, type(read.row))
    wanted = [f for f in fields if (f.key or f.name) not in read.hidden]
    wanted = [
        f for f in wanted if conditions.applies(f.record, f.key, value_of) or getattr(read.row, f.key) is not None
    ]
    found = [(f, traced(f, read, cells.cell(f, read))) for f in wanted]
    long = [(f.far or (f.kind is not None and f.kind.long)) and c is not cells.NONE for f, c in found]
    return [(f.heading, c, bool(wide)) for (f, c), wide in zip(found, long, strict=True)]


def steps_of(session: Session, row: Any, actor: Actor) -> list[StepOffer]:
    """The steps the actor's roles allow from here: first those that are open."""
    found = [
        StepOffer(o.step.name, step_label(o.step), o.step.tone, said(o.reason) if o.reason else "", bool(o.step.asks))
        for o in offers(session, row, actor)
    ]
    return sorted(found, key=lambda step: bool(step.reason))


def may_change(actor: Actor, row: Any) -> bool:
    """Whether the actor may edit this row, lines included, in its present state."""
    return may(actor, "edit", row) and not is_frozen(row)


def allowed(actor: Actor, row: Any) -> dict[str, bool]:
    """Which buttons make sense: edit, duplicate, delete, assign, take."""
    record: type[Record] = type(row)
    change = may_change(actor, row)
    fixed = set(record.panel.fixed)
    keys = [f.key for f in form_fields(record) if f.key not in fixed and f.name not in fixed]
    free = bool(writable_fields(actor, "edit", row, keys))
    return {
        "edit": change and free,
        "duplicate": bool(record.panel.form) and may(actor, "add", record),
        "attach": change and isinstance(row, Attached),
        "delete": may(actor, "delete", row) and not is_frozen(row),
        "assign": may_assign(actor, row),
        "take": may_take(actor, row),
    }


def files_of(session: Session, row: Record) -> "list[tuple[File, datetime]] | None":
    """The files in the list of a row with when each was sent; None for a row that carries no list."""
    if not issubclass(type(row), Attached):
        return None
    return [(files.told(each), each.at) for each in files.listed(session, row)]


def lines_table(session: Session, line: type[Line], row: Any, actor: Actor) -> LineTable:
    """The lines of one sort that belong to a row, in their own order."""
    columns = [f for f in columns_of(line) if f.key != line.parent]
    reading = reading_of(line, columns)
    statement = reading.statement.where(getattr(line, line.parent) == row.id).order_by(*in_order(line))
    reads = [reading.read(result) for result in session.execute(statement)]
    can_change = may_change(actor, row) and bool(form_fields(line))
    return LineTable(line, record_plural(line), columns, reads, can_change, _totals(line, reads))


def in_order(line: type[Line]) -> tuple[Any, Any]:
    """The order of the lines of one row: their positions, else as their panel says; ids break ties."""
    order = field_of(line, "position" if issubclass(line, Ordered) else line.panel.order.removeprefix("-"))
    by: Any = getattr(line, order.key if order.key and order.open else "id")
    down = line.panel.order.startswith("-") and line.panel.order != "-id" and order.key != "position"
    return by.desc() if down else by.asc(), line.id


def _totals(line: type[Line], reads: list[Read]) -> dict[str, str]:
    """The sums the lines declare, in words, by field."""
    found = {}
    for name in line.totals:
        if not field_of(line, name).open:
            continue
        values = [value for read in reads if (value := getattr(read.row, name)) is not None]
        found[name] = texts.text(field_of(line, name), sum(values[1:], values[0])) if values else ""
    return found


def related_of(session: Session, record: type[Record], row: Any, actor: Actor) -> list[RelatedList]:
    """The lists of other records that point here, of those the actor may read; of a tree first what stands below."""
    found: list[RelatedList] = []
    counted = []
    below = (Related(str(record.__tablename__), "parent_id"),) if issubclass(record, Tree) else ()
    for related in (*below, *record.panel.related):
        other = registry[related.record]
        if issubclass(other, Line) or not may(actor, "read", other) or related.field in hidden(actor, other):
            continue
        args = {related.field: row.id}
        may_add = any(f.key == related.field for f in form_fields(other)) and may(actor, "add", other)
        some = counting(other, [linked_to(other, related.field, [row.id])], MOST_COUNTED)
        counted.append(some.scalar_subquery())
        found.append(
            RelatedList(
                _("Directly below") if related in below else record_plural(other),
                f"related-{related.record}-{related.field}",
                url_for(f"{related.record}.part", **args),
                url_for(f"{related.record}.list", **args),
                url_for(f"{related.record}.add", **args) if may_add else "",
            )
        )
    if found:
        for each, count in zip(found, session.execute(select(*counted)).one(), strict=True):
            each.count = str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
    return found
