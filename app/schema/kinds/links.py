"""Links: one row points at another."""

from typing import Any

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import MappedColumn, mapped_column

from app.schema.kinds.kind import Kind
from app.schema.kinds.numbers import INTEGER

LINK = Kind(
    "link",
    INTEGER.parse,
    "picker",
    schema={"type": "integer", "minimum": 1},
    operators=("eq",),
    type_=Integer,
    example=lambda number, language: number + 1,
)


def ref(record: str, *, ondelete: str = "RESTRICT", default: Any = None) -> MappedColumn[int]:
    """A link to another record, named by its table, so that no import is needed. `default` may be a function."""
    key = ForeignKey(f"{record}.id", ondelete=ondelete)
    return mapped_column(Integer, key, default=default, index=True, info={"kind": LINK, "ref": record})
