"""Lines inside the form of the row they are a part of: one grid per sort, saved together with the row.

Cells are named ``<line>.<token>.<field>``; beside them stand ``id`` and ``version`` of a line that exists, ``remove``,
and ``position`` where lines are `Ordered`. A line that a form does not mention is left as it is; a new one in which
nothing was written is no line.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.access import may
from app.kernel.actor import current_actor
from app.panel import texts
from app.panel.fields import Field, field_of, form_fields, lines_of
from app.panel.forms import Form, Input, fill, form_of, written
from app.panel.labels import record_plural, said
from app.panel.saving import broken_rule
from app.panel.saying import gettext as _
from app.panel.showing import in_order
from app.panel.titles import titles_of
from app.schema.errors import Conflict, Refusal
from app.schema.record import Line, Record
from app.schema.traits import Ordered
from app.schema.written import natural

EMPTY = 1
"""Empty lines that a form offers to who has no script."""
MOST = 200
"""Lines of one sort that a form takes; where there are more they are written one by one on the row's page."""
PATTERN = "new"
"""The token of the line from which a script makes further ones."""
GONE = "Somebody removed this line meanwhile. Save again to add it anew, or remove it."
CHANGED = "Somebody changed this line meanwhile. Look at it again, then save."


@dataclass
class Row:
    """One line as it stands in the form. `key` is the id of a line that exists, else 0."""

    token: str
    form: Form
    key: int = 0
    removed: bool = False
    values: dict[str, Any] = field(default_factory=dict)

    def cells(self, grid: "Grid") -> list[Input | None]:
        """Its inputs, called as in the whole form, one for each field of the grid; None for what it does not hold.

        Conditions are for the server alone to decide: the browser looks at fields by their names in one form.
        """
        asked = {each.name: each for each in self.form.inputs}
        start = f"{grid.name}.{self.token}."
        return [
            dataclasses.replace(asked[each.key], name=start + each.key, shown_if="", required_if="", applies=True)
            if each.key in asked
            else None
            for each in grid.fields
        ]


@dataclass
class Grid:
    """The lines of one sort in a form."""

    line: type[Line]
    rows: list[Row]
    most = MOST

    def __post_init__(self) -> None:
        """Make the pattern of a further line."""
        self.pattern = Row(PATTERN, form_of(self.line))
        held = {each.name for row in (self.pattern, *self.rows) for each in row.form.inputs}
        self.fields: list[Field] = [each for each in form_fields(self.line) if each.key in held]

    @property
    def name(self) -> str:
        """The table of the lines, with which the names of cells begin."""
        return str(self.line.__tablename__)

    @property
    def title(self) -> str:
        """What the lines are called together."""
        return record_plural(self.line)

    @property
    def sends_files(self) -> bool:
        """Whether a file may be sent with a line."""
        return self.pattern.form.sends_files

    def takes_file(self, name: str, raw: Mapping[str, str]) -> bool:
        """Whether a file may be sent for the cell of that name, in a form that says `raw`."""
        line, _dot, rest = name.partition(".")
        token, _dot, cell = rest.partition(".")
        if line != self.name or token == PATTERN:
            return False
        key = natural(raw.get(f"{line}.{token}.id")) or 0
        row = next((row for row in self.rows if key and row.key == key), self.pattern)
        return any(each.name == cell and each.takes_file and not each.locked for each in row.form.inputs)

    @property
    def ordered(self) -> bool:
        """Whether a person puts the lines in order."""
        return issubclass(self.line, Ordered)

    @property
    def faulty(self) -> bool:
        """Whether anything in it is wrong."""
        return any(row.form.faulty for row in self.rows if not row.removed)

    @property
    def shown(self) -> list[Row]:
        """The lines, and some empty ones."""
        fresh = (Row(f"n{n}", form_of(self.line)) for n in range(EMPTY))
        taken = {row.token for row in self.rows}
        return [*self.rows, *(row for row in fresh if row.token not in taken)]

    def typed(self, raw: Mapping[str, str]) -> None:
        """Take what was written; what cannot be read is marked at its cell."""
        known = {row.key: row for row in self.rows}
        found: list[tuple[int, Row]] = []
        for token, cells in _written(raw, self.name).items():
            key = natural(cells.get("id")) or 0
            there = known.get(key) if key else None
            removed = bool(cells.get("remove"))
            if there is None and (removed or (not key and self._untouched(cells))):
                continue
            row = there or Row(token, form_of(self.line), key)
            row.token, row.removed = token, removed
            row.values = row.form.typed(cells)
            row.form.version = cells.get("version", "") if key else ""
            place = natural(cells.get("position"))
            found.append((MOST if place is None else place, row))
        self.rows = [row for _place, row in (sorted(found, key=lambda each: each[0]) if self.ordered else found)]

    def _untouched(self, cells: Mapping[str, str]) -> bool:
        """Whether a new line says nothing beyond what stood in it at first."""
        given = {each.name: "" if each.control == "checkbox" else each.value for each in self.pattern.form.inputs}
        boxes = {each.name: each.value for each in self.pattern.form.inputs if each.control == "checkbox"}
        same = all(cells.get(name, "").strip() == value for name, value in given.items() if name not in boxes)
        return same and all(bool(cells.get(name)) == (value == "yes") for name, value in boxes.items())

    def save(self, session: Session, whole: Record) -> None:
        """Write the lines of a row that has its id. Raises `Refusal` at the first one refused, marked at its place."""
        parts = _parts(session, self.line, whole.id) if any(row.key for row in self.rows) else {}
        position = 0
        for row in self.rows:
            position += not row.removed
            try:
                self._write(session, whole, row, parts.get(row.key), position)
                session.flush()
            except IntegrityError as error:
                row.form.complain(refusal := broken_rule(error))
                raise refusal from error
            except Refusal as refusal:
                row.form.complain(refusal)
                row.removed = False
                raise

    def _write(self, session: Session, whole: Record, row: Row, part: Any, position: int) -> None:
        if row.key:
            if part is None:
                raise Conflict(GONE)
            if row.form.version != str(part.version):
                raise Conflict(CHANGED)
        if row.removed:
            session.delete(part)
            return
        with session.no_autoflush:
            if part is None:
                part = self.line(**{self.line.parent: whole.id})
                session.add(part)
            fill(part, row.form, row.values)
            if self.ordered and part.position != position:
                part.position = position

    def compare(self, session: Session, whole_id: int) -> None:
        """After a conflict: show at each line what somebody else saved in it meanwhile, and take it from there."""
        parts = _parts(session, self.line, whole_id)
        for row in self.rows:
            part = parts.get(row.key)
            if part is not None and row.form.version != str(part.version):
                row.form.problem = row.form.problem or said(CHANGED)
                _mark_saved(row.form, part)
            elif row.key and part is None:
                row.key, row.form.version = 0, ""
                row.form.problem = row.form.problem or said(GONE)

    def totals(self) -> dict[str, str]:
        """The sums of the fields the line declares, of the lines as written, by field."""
        fields = {name: field_of(self.line, name) for name in self.line.totals}
        return {name: texts.text(each, self._sum(name)) for name, each in fields.items() if each.open}

    def _sum(self, name: str) -> Decimal | int:
        found = field_of(self.line, name)
        values = []
        for row in self.rows:
            each = next((each for each in row.form.inputs if each.name == found.key), None)
            if each is not None and each.value and not row.removed and not each.problem and found.kind is not None:
                values.append(found.kind.read(each.value))
        return sum(values, start=0 if any(isinstance(value, int) for value in values) else Decimal(0))


def grids_of(session: Session, record: type[Record], row: Any = None) -> list[Grid]:
    """The grids of a record's form: of the lines a person writes, if he may; filled with those of `row`."""
    if not may(current_actor(), "edit", record):
        return []
    found = []
    for line in lines_of(record):
        if not form_fields(line):
            continue
        parts = _parts(session, line, row.id) if row is not None else {}
        if len(parts) <= MOST:
            found.append(Grid(line, [Row(str(key), form_of(line, part), key) for key, part in parts.items()]))
    return found


def name_links(session: Session, grids: list[Grid]) -> None:
    """Find the titles of what the pickers in the grids have chosen: one statement for each record pointed at."""
    wanted: dict[str, list[Input]] = {}
    for grid in grids:
        for each in (each for row in grid.rows for each in row.form.inputs):
            if each.control == "picker" and natural(each.value) and each.field is not None and not each.title:
                wanted.setdefault(each.field.target, []).append(each)
    for target, inputs in wanted.items():
        titles = titles_of(session, target, {int(each.value) for each in inputs})
        for each in inputs:
            each.title = titles.get(int(each.value)) or f"#{each.value}"


def _parts(session: Session, line: type[Line], whole_id: int) -> dict[int, Any]:
    mine = select(line).where(getattr(line, line.parent) == whole_id)
    return {part.id: part for part in session.scalars(mine.order_by(*in_order(line)).limit(MOST + 1))}


def _written(raw: Mapping[str, str], name: str) -> dict[str, dict[str, str]]:
    """What was written, by token and field, in the order of the form; the pattern is none of it."""
    found: dict[str, dict[str, str]] = {}
    for key, value in raw.items():
        sort, _dot, rest = key.partition(".")
        token, _dot, cell = rest.partition(".")
        if sort == name and cell and token != PATTERN and (token in found or len(found) < 2 * MOST):
            found.setdefault(token, {})[cell] = value
    return found


def _mark_saved(form: Form, part: Any) -> None:
    """Show beside each cell what somebody else has saved in it meanwhile; the line is judged by that from here on."""
    for each in form.inputs:
        if each.field is None or each.locked or each.blind:
            continue
        now = getattr(part, each.field.key)
        if (texts.text if each.field.private else written)(each.field, now) != each.value:
            each.saved = texts.text(each.field, now) if not each.field.target else _("changed")
    form.version = str(part.version)
