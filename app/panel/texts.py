"""Values in words: as a person reads them in a cell, a message or a file."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from app.kernel.clock import house_zone
from app.panel.fields import Field
from app.panel.labels import choice_label, translated
from app.schema.kinds import Choice


def text(field: Field, value: Any) -> str:
    """What is shown of a value: private ones masked, amounts grouped, moments on the house's clock; "" for none."""
    if value is None:
        return ""
    if field.private:
        assert field.kind is not None
        return field.kind.mask(value)
    return plain(value, field.kind.name if field.kind else "")


def plain(value: Any, kind: str = "") -> str:
    """As `text`, of a value that is not private."""
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value, kind)
    return choice_label(value) if isinstance(value, Choice) else str(value)


def _decimal(value: Decimal, kind: str) -> str:
    if kind == "quantity":
        return f"{value:,f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return f"{value:,.2f}"


def _moment(value: datetime, kind: str) -> str:
    return value.astimezone(house_zone()).strftime("%Y-%m-%d %H:%M")


_WRITERS: dict[type, Callable[[Any, str], str]] = {
    str: lambda value, kind: translated(value) if kind == "label" else value,
    Decimal: _decimal,
    int: lambda value, kind: f"{value:,}" if kind == "integer" and abs(value) >= 10_000 else str(value),
    bool: lambda value, kind: _("yes") if value else _("no"),
    date: lambda value, kind: value.isoformat(),
    datetime: _moment,
    list: lambda value, kind: ", ".join(str(part) for part in value),
}
