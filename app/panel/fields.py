"""A field as the screens see it: what a declared name stands for, resolved once."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Column, inspect

from app.kernel.actor import current_actor
from app.kernel.currency import house_currency
from app.kernel.fields import hidden, reads_everywhere
from app.panel.labels import field_label, translated
from app.panel.saying import gettext as _
from app.schema import tailored
from app.schema.kinds import MONEY, Choice, Kind
from app.schema.record import Line, Record, groups_of, kind_of, many_of, stored
from app.schema.record import lines_of as lines_of
from app.schema.tailored import in_force

USERS = "ab_user"
BOOKKEEPING = {"id", "version", "created_at", "changed_at", "created_by_id", "changed_by_id", "search_key"}

MOST_KNOWN = 20_000
"""Fields that are remembered: more than there are, should somebody ask for names without end."""


@dataclass(frozen=True)
class Field:
    """A name of a record's declaration: a column, a link by its column or relationship, or a property.

    `key` is the column's, or that of links to many; empty for a property. `target` is the table a link points at, `far`
    the one that links to many lead to. `order` counts no
    private column, for an order tells masked values apart. What follows from the declaration is worked out once, for
    lists ask it of a field for each row.
    """

    record: type[Record]
    name: str
    key: str
    kind: Kind | None = dataclasses.field(hash=False)  # has a dozen parts, and the others tell fields apart
    target: str
    choices: type[Choice] | None

    @cached_property
    def column(self) -> Column[Any] | None:
        """The column; None for a property and for links to many."""
        return stored(self.record)[self.key] if self.key and not self.far else None

    @cached_property
    def far(self) -> str:
        """The table that links to many lead to; empty for any other field."""
        made = many_of(self.record).get(self.key)
        return "" if made is None else made.target

    @property
    def label(self) -> str:
        """What it is called, in the language of the present person."""
        return field_label(self.record, self.key or self.name)

    @property
    def heading(self) -> str:
        """Its label above several values, or beside one: of amounts in the house's currency with that currency."""
        if self.kind is not MONEY or self.currency:
            return self.label
        return _("%(field)s (%(currency)s)", field=self.label, currency=translated(house_currency()))

    @cached_property
    def currency(self) -> str:
        """The field of the same row that names the currency of this amount; empty for any other field."""
        return self.column.info.get("currency", "") if self.column is not None else ""

    @cached_property
    def private(self) -> bool:
        """Whether its values are masked."""
        return self.kind is not None and self.kind.private

    @cached_property
    def many(self) -> bool:
        """Whether it holds several values of a closed list at once."""
        return self.column is not None and "many" in self.column.info

    @cached_property
    def numeric(self) -> bool:
        """Whether its values stand right-aligned."""
        return self.kind is not None and self.kind.numeric and not self.target

    @property
    def open(self) -> bool:
        """Whether the current actor reads it in every row, so that it may be searched, filtered and sorted by."""
        return reads_everywhere(self.record, self.key or self.name)

    @property
    def sortable(self) -> bool:
        """Whether a list may be ordered by it: a real column, not private, not a long text and no link's bare id."""
        if self.column is None or self.private or self.target or self.added or not self.open:
            return False
        return self.kind is None or self.kind.sortable

    @cached_property
    def added(self) -> bool:
        """Whether the department added it: no index stands for it, so that no list is ordered by it."""
        return self.column is not None and "extra" in self.column.info

    @cached_property
    def is_state(self) -> bool:
        """Whether it is the state of a workflow."""
        return self.column is not None and "initial" in self.column.info

    @property
    def given(self) -> bool:
        """Whether the house gives the value: the state, a number, the bookkeeping. No form asks for it."""
        if self.far:
            return False
        return self.column is None or self.is_state or "serial" in self.column.info or self.key in BOOKKEEPING


def field_of(record: type[Record], name: str) -> Field:
    """The field a declared name stands for."""
    known = in_force().known
    found: Field | None = known.get((record, name))
    if found is None:
        found = _resolved(record, name)
        if len(known) < MOST_KNOWN:
            known[record, name] = found
    return found


def _resolved(record: type[Record], name: str) -> Field:
    mapper, columns = inspect(record), stored(record)
    key = name if name in columns or name in many_of(record) else ""
    if not key and name in mapper.relationships:
        local = list(mapper.relationships[name].local_columns)
        key = local[0].key if len(local) == 1 and local[0].key != "id" else ""
    info = columns[key].info if key in columns else {}
    kind = info.get("kind") or kind_of(record, name)
    return Field(record, name, key, kind, info.get("ref", ""), info.get("choices"))


def fields_of(record: type[Record], names: Iterable[str]) -> list[Field]:
    """The fields of several names, each column once."""
    found: dict[str, Field] = {}
    for name in names:
        field = field_of(record, name)
        found.setdefault(field.key or field.name, field)
    return list(found.values())


def readable(fields: Iterable[Field]) -> list[Field]:
    """Those of `fields` that the current actor reads, in some rows at least."""
    actor = current_actor()
    return [field for field in fields if (field.key or field.name) not in hidden(actor, field.record).always]


def columns_of(record: type[Record]) -> list[Field]:
    """The columns of the record's list, of those the current actor reads; its title where it declares none."""
    listed = (name for name, column in tailored.added(record).items() if column.info["extra"].listed)
    return readable(fields_of(record, (*record.panel.columns, *listed))) or fields_of(record, (record.panel.title,))


def listable(record: type[Record]) -> list[Field]:
    """What a list of the record can show: its own columns first, then fields of its form and facts, and its owner.

    Of those the current actor reads. A property is offered only where the record's own list shows it: another might ask
    the database for every row.
    """
    panel, own = record.panel, columns_of(record)
    names = [*(name for group in groups_of(record) for name in group.fields), *panel.facts]
    names += [name for name in ("owner_id", "unit_id") if name in record.__table__.columns]
    known = {field.key or field.name for field in own}
    further = readable(field for field in fields_of(record, names) if field.column is not None or field.far)
    return own + [field for field in further if field.key not in known]


def lead_of(record: type[Record], columns: list[Field]) -> Field:
    """Of the columns a list shows by itself the one that leads to the row's page."""
    return next((field for field in columns if field.key == record.panel.title), columns[0])


def form_fields(record: type[Record]) -> list[Field]:
    """The fields of the record's form that a person fills in."""
    named = fields_of(record, (name for group in groups_of(record) for name in group.fields))
    parent = record.parent if issubclass(record, Line) else None
    return [field for field in named if not field.given and field.key != parent]


def links_of(record: type[Record]) -> dict[str, Field]:
    """Every link a screen may show a picker for, by column."""
    panel, workflow = record.panel, record.workflow
    names = [name for group in panel.form for name in group.fields]
    names += [*panel.columns, *panel.facts, "owner_id"]
    names += [asked.removesuffix("?") for step in (workflow.steps if workflow else ()) for asked in step.asks]
    known = set(record.__table__.columns.keys()) | set(dir(record))
    return {f.key: f for f in fields_of(record, (n for n in names if n in known)) if f.target or f.far}
