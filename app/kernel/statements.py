"""Which statements the row guard cannot narrow: those that name a record's table, write in bulk, or are text."""

import re
from typing import Any
from weakref import WeakSet

from sqlalchemy import ColumnClause, FromClause, Join, Select, TableClause, UpdateBase
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.selectable import AliasedReturnsRows

from app.kernel.actor import current_actor
from app.schema.errors import NotPermitted
from app.schema.record import Record
from app.schema.registry import registry

BULK = "Bulk and text statements pass by the row guard: change rows one by one."
TABLES = "Name the record in a statement, not its table: tables pass by the row guard."
_harmless: WeakSet[Any] = WeakSet()


def refuse_bulk(*classes: type) -> None:
    """Refuse anyone but the system a bulk write of records."""
    if not current_actor().system and any(issubclass(each, Record) for each in classes):
        raise NotPermitted(BULK)


def touches_records(statement: Any) -> bool:
    """Whether a statement names a record's table in any way, or holds words that nobody can look through.

    A query that was found to name none is not looked through again: those each page asks are built once.
    """
    if statement in _harmless:
        return False
    touches = _touches_records(statement)
    if isinstance(statement, Select) and not touches:
        _harmless.add(statement)
    return touches


def _touches_records(statement: Any) -> bool:
    for element in visitors.iterate(statement):
        named = element.table if isinstance(element, UpdateBase | ColumnClause) else element
        while isinstance(named, AliasedReturnsRows):
            named = named.element
        if isinstance(element, TextClause) or (isinstance(named, FromClause) and _kept(_name(named))):
            return True
        if isinstance(element, ColumnClause) and element.is_literal and _is_query(element.name):
            return True
        if isinstance(element, Select) and _has_words(element):
            return True
        if isinstance(element, Select) and any(_kept(_name(part)) for part in _sources(element)):
            return True
    return False


def _is_query(words: str) -> bool:
    return not re.fullmatch(r"[\w*'. -]*", words) or re.search(r"\b(select|table|values)\b", words, re.I) is not None


def _has_words(element: Select[Any]) -> bool:
    """Whether text stands before, behind or in the middle of a query."""
    return any((element._prefixes, element._suffixes, element._hints, element._statement_hints))


def _kept(table: str) -> bool:
    """Whether rows of a record are kept in a table, or their links to many."""
    return registry.kept_in(table) is not None


def _name(part: Any) -> str:
    """The table a part of a statement stands for, if it is one."""
    return str(getattr(getattr(part, "table", part), "name", ""))


def _sources(element: Select[Any]) -> list[Any]:
    named = [*element._raw_columns, *element._from_obj, *(join[0] for join in element._setup_joins)]
    found = []
    for part in named:
        while isinstance(part, AliasedReturnsRows):
            part = part.element
        found.append(part)
    return found


def refuse(statement: Any) -> None:
    """Refuse a statement that touches a record's table otherwise than through the mapped class."""
    for element in visitors.iterate(statement):
        if isinstance(element, Select):
            if _has_words(element):
                raise NotPermitted(TABLES)
            named = [*element._raw_columns, *element._from_obj, *(join[0] for join in element._setup_joins)]
        elif isinstance(element, Join):
            named = [element.left, element.right]
        elif isinstance(element, UpdateBase):
            if _kept(_name(element.table)):
                raise NotPermitted(BULK)
            continue
        elif isinstance(element, ColumnClause) and not _mapped(element):
            named = [element.table] if element.table is not None else []
            if element.is_literal and _is_query(element.name):
                raise NotPermitted(TABLES)
        elif isinstance(element, TextClause):
            raise NotPermitted(TABLES)
        else:
            continue
        if any(_is_bare(part) for part in named):
            raise NotPermitted(TABLES)


def _is_bare(part: Any) -> bool:
    """A record's table, or an alias of it, that does not come from the mapped class."""
    while isinstance(part, AliasedReturnsRows) and not _mapped(part):
        part = part.element
    return isinstance(part, TableClause) and _kept(part.name) and not _mapped(part)


def _mapped(element: Any) -> bool:
    return "parententity" in element._annotations or "parentmapper" in element._annotations
