"""Links: one row points at another, or at several."""

from typing import Any

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import MappedColumn, mapped_column

from app.schema.kinds.kind import BadValue, Kind
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

MOST = 1000
"""Rows that one row may be linked to by one field."""


def _several(raw: Any) -> tuple[int, ...]:
    parts = raw.replace(";", ",").split(",") if isinstance(raw, str) else raw if hasattr(raw, "__iter__") else [raw]
    found = sorted({INTEGER.parse(part) for part in parts if part not in ("", None)})
    if found and not (found[0] > 0 and found[-1] < 2**31):
        raise BadValue("choose from the list")
    if len(found) > MOST:
        raise BadValue("choose at most %(most)d", most=MOST)
    return tuple(found)


LINKS = Kind(
    "links",
    _several,
    "picks",
    write=lambda value: ",".join(str(key) for key in value),
    schema={"type": "array", "items": {"type": "integer", "minimum": 1}},
    operators=("has",),
    example=lambda number, language: (number + 1,),
)


def ref(record: str, *, ondelete: str = "RESTRICT", default: Any = None) -> MappedColumn[int]:
    """A link to another record, named by its table, so that no import is needed. `default` may be a function."""
    key = ForeignKey(f"{record}.id", ondelete=ondelete)
    return mapped_column(Integer, key, default=default, index=True, info={"kind": LINK, "ref": record})
