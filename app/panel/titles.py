"""How rows are called when others point at them: found by joins in the statement that reads the others.

A linked row the actor may not see has no title here, for the session narrows the joined side as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from operator import itemgetter
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, and_, bindparam, case, select
from sqlalchemy.orm import Session, aliased

from app.kernel.actor import current_actor
from app.kernel.fields import hidden, hidden_in, readable_where
from app.kernel.permissions import person_name
from app.panel import texts
from app.panel.fields import USERS, Field, field_of
from app.panel.labels import record_label
from app.panel.saying import gettext as _
from app.schema.record import Record
from app.schema.registry import registry

DEEPEST = 3
"""A title may itself be a link's; followed no further than this."""


@dataclass
class Naming:
    """What to select and to join for the title of an entity, and how to put the title together."""

    columns: list[Any]
    compose: Callable[[Sequence[Any]], str]
    joins: list[tuple[Any, Any]] = field(default_factory=list)


def naming(target: str, entity: Any, depth: int = DEEPEST) -> Naming:
    """The naming of `entity`, an alias of the record (or the users) kept in `target`."""
    if target == USERS:
        return Naming([entity.first_name, entity.last_name], _user_name)
    record = registry[target]
    title = field_of(record, record.panel.title)
    if title.name == "id" or (title.target and not depth):
        return Naming([entity.id], lambda values: _numbered(record, values[0]))
    if title.target:
        further = _alias(title.target)
        inner = naming(title.target, further, depth - 1)
        join = (further, further.id == getattr(entity, title.key))
        return Naming(inner.columns, inner.compose, [join, *inner.joins])
    if title.key:
        return Naming([getattr(entity, title.key)], lambda values: texts.text(title, values[0]))
    return Naming([entity], lambda values: values[0].title if values[0] is not None else "")


def _alias(target: str) -> Any:
    return aliased(User if target == USERS else registry[target])


def _user_name(values: Sequence[Any]) -> str:
    return person_name(*values)


def _numbered(record: type[Record], key: Any) -> str:
    return _("%(record)s no. %(number)s", record=record_label(record), number=key) if key is not None else ""


@dataclass
class Read:
    """A row with the titles of what it links to, by column; an absent title is one the actor may not see.

    `revealed` are private values to be shown in full, by field; `reveals` says whether the actor may ask for any.
    """

    row: Any
    titles: dict[str, str]
    title: str
    revealed: dict[str, str] = field(default_factory=dict)
    reveals: bool = False

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The fields of the row the present actor may not read."""
        return hidden_in(current_actor(), self.row)


class Reading:
    """A statement that reads rows of a record together with the titles of the given links."""

    def __init__(self, record: type[Record], fields: Iterable[Field]) -> None:
        self.record = record
        self.statement: Select[Any] = select(record)
        self._slices: list[tuple[str, int, int, Callable[[Sequence[Any]], str]]] = []
        self._width = 1
        self._add("", naming(str(record.__tablename__), record))
        for link in {f.key: f for f in fields if f.target}.values():
            alias = _alias(link.target)
            found = naming(link.target, alias)
            found.joins.insert(0, (alias, alias.id == getattr(record, link.key)))
            self._add(link.key, found)

    def _add(self, key: str, found: Naming) -> None:
        for entity, condition in found.joins:
            self.statement = self.statement.outerjoin(entity, condition)
        self.statement = self.statement.add_columns(*found.columns)
        self._slices.append((key, self._width, self._width + len(found.columns), found.compose))
        self._width += len(found.columns)

    def read(self, result: Sequence[Any]) -> Read:
        """A result row of the statement, taken apart."""
        titles = {}
        for key, start, end, compose in self._slices:
            values = result[start:end]
            if any(value is not None for value in values):
                titles[key] = compose(values)
        return Read(result[0], titles, titles.pop("", ""))


class Values:
    """A statement that reads the values of fields, links as titles, and makes no objects of the rows, for a file.

    A property is asked of the row, so that a record with one among `fields` is read whole all the same. Where the
    actor may not read a field, there is nothing. Of links to many there is the row's id, for whoever reads them.
    """

    def __init__(self, record: type[Record], fields: Iterable[Field]) -> None:
        self._takers: list[Callable[[Sequence[Any]], Any]] = []
        columns: list[Any] = []
        joins: list[tuple[Any, Any]] = []
        for asked in fields:
            at = len(columns)
            if asked.target:
                alias = _alias(asked.target)
                found = naming(asked.target, alias)
                joined = and_(alias.id == getattr(record, asked.key), readable_where(record, asked.key))
                joins += [(alias, joined), *found.joins]
                columns += found.columns
                self._takers.append(_title_taker(at, at + len(found.columns), found.compose))
            elif asked.far:
                columns.append(record.id)
                self._takers.append(itemgetter(at))
            else:
                columns.append(_where_readable(asked, getattr(record, asked.key)) if asked.key else record)
                self._takers.append(itemgetter(at) if asked.key else _property_taker(at, asked.name))
        self.statement: Select[Any] = select(*columns).select_from(record)
        for entity, condition in joins:
            self.statement = self.statement.outerjoin(entity, condition)

    def read(self, result: Sequence[Any]) -> list[Any]:
        """The values of a result row, one for each field; an absent title is one the actor may not see."""
        return [take(result) for take in self._takers]


def _title_taker(start: int, end: int, compose: Callable[[Sequence[Any]], str]) -> Callable[[Sequence[Any]], Any]:
    def take(result: Sequence[Any]) -> str | None:
        values = result[start:end]
        return compose(values) if any(value is not None for value in values) else None

    return take


def _property_taker(at: int, name: str) -> Callable[[Sequence[Any]], Any]:
    actor = current_actor()
    return lambda result: None if name in hidden_in(actor, result[at]) else getattr(result[at], name)


def _where_readable(asked: Field, column: Any) -> Any:
    """The column, empty in the rows where the present actor may not read the field."""
    if asked.key not in hidden(current_actor(), asked.record):
        return column
    return case((readable_where(asked.record, asked.key), column))


def reading_of(record: type[Record], fields: Iterable[Field]) -> Reading:
    """The reading of a record with the given links, made once: it holds nothing of who reads."""
    return _reading(str(record.__tablename__), tuple(field.key for field in fields if field.target))


@lru_cache(maxsize=1024)
def _reading(name: str, links: tuple[str, ...]) -> Reading:
    return Reading(registry[name], [field_of(registry[name], key) for key in links])


@cache
def _naming_of(target: str) -> tuple[Select[Any], Callable[[Sequence[Any]], str]]:
    """The statement that names rows of a record (or users) by their ``ids``, made once, and how to put it together."""
    alias = _alias(target)
    found = naming(target, alias)
    statement = select(alias.id, *found.columns).where(alias.id.in_(bindparam("ids", expanding=True)))
    for other, condition in found.joins:
        statement = statement.outerjoin(other, condition)
    return statement, found.compose


def titles_of(session: Session, target: str, ids: Iterable[int]) -> dict[int, str]:
    """The titles of some rows by id; those the actor may not see are missing."""
    wanted = {key for key in ids if 0 < key < 2**31}
    if not wanted or not (target == USERS or target in registry):
        return {}
    statement, compose = _naming_of(target)
    return {row[0]: compose(row[1:]) for row in session.execute(statement, {"ids": sorted(wanted)})}
