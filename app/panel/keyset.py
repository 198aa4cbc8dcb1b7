"""Paging by key: the page after a row is found by the row's own values, however far down it stands.

Databases put the absent values last (PostgreSQL) or first (SQLite) in ascending order; the conditions follow the
database's own order, so that it can walk an index.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.engine import Dialect

from app.kernel.history import plain
from app.panel.fields import Field
from app.schema.kinds import INTEGER, BadValue


@dataclass(frozen=True)
class Order:
    """One field, up or down; the id breaks ties in the same direction."""

    field: Field
    descending: bool

    @property
    def written(self) -> str:
        """As an address carries it: ``-number`` is descending."""
        return ("-" if self.descending else "") + self.field.key

    def key_of(self, row: Any) -> str:
        """The place of a row in this order, as an address carries it."""
        value = plain(getattr(row, self.field.key))
        return base64.urlsafe_b64encode(json.dumps([value, row.id]).encode()).decode().rstrip("=")

    def place(self, key: str) -> tuple[Any, int] | None:
        """What `key_of` wrote; None for anything else."""
        try:
            value, row_id = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
            if not isinstance(row_id, int) or isinstance(row_id, bool) or not 0 <= row_id < 2**31:
                return None
            if value is not None:
                value = (self.field.kind or INTEGER).read(value)
            return value, row_id
        except (ValueError, TypeError, RecursionError, binascii.Error, BadValue):
            return None

    def apply(self, statement: Select[Any], entity: Any, backwards: bool = False) -> Select[Any]:
        """Sort `statement`; backwards to read the page before a row, or the last one."""
        down = self.descending != backwards
        columns = [getattr(entity, self.field.key)] + ([entity.id] if self.field.key != "id" else [])
        return statement.order_by(*(column.desc() if down else column.asc() for column in columns))

    def beyond(self, entity: Any, place: tuple[Any, int], dialect: Dialect, backwards: bool) -> ColumnElement[bool]:
        """The rows after `place` in this order, before it when read backwards."""
        value, row_id = place
        up = self.descending == backwards
        column, key = getattr(entity, self.field.key), entity.id
        tie = key > row_id if up else key < row_id
        if self.field.key == "id":
            return tie
        nulls_follow = (dialect.name == "postgresql") == up
        if value is None:
            same = and_(column.is_(None), tie)
            return same if nulls_follow else or_(same, column.is_not(None))
        ahead = (
            and_(column >= value, or_(column > value, tie)) if up else and_(column <= value, or_(column < value, tie))
        )
        if nulls_follow and self.field.column is not None and self.field.column.nullable:
            return or_(ahead, column.is_(None))
        return ahead
