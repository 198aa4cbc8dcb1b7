"""Values in words: as a person reads them in a cell, a message or a file."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.kernel.clock import own_zone
from app.panel.fields import Field
from app.panel.labels import choice_label, translated
from app.panel.saying import gettext as _
from app.schema.kinds import Choice, Kind, Reader


def reader() -> Reader:
    """The present person: on which clock, in which language."""
    return _reader(own_zone())


@lru_cache(maxsize=1000)
def _reader(zone: tzinfo) -> Reader:
    return Reader(zone, translated)


def text(field: Field, value: Any) -> str:
    """What is shown of a value: private ones masked, the others in the words of their kind; "" for none."""
    if value is None:
        return ""
    if field.kind is None:
        return plain(value)
    return field.kind.mask(value) if field.private else field.kind.told(value, reader())


def plain(value: Any, kind: Kind | None = None) -> str:
    """A value that is no field's and not private, by what it is; a number as its `kind` has it, if one is given."""
    if kind is not None and kind.numeric and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return kind.told(value, reader())
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    return choice_label(value) if isinstance(value, Choice) else str(value)


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: str,
    Decimal: lambda value: f"{value:,.2f}",
    int: str,
    bool: lambda value: _("yes") if value else _("no"),
    date: date.isoformat,
    datetime: lambda value: value.astimezone(own_zone()).strftime("%Y-%m-%d %H:%M"),
    list: lambda value: ", ".join(str(part) for part in value),
}
