"""A row as the API shows it."""

from collections.abc import Container
from typing import Any

from app.kernel import links
from app.kernel.actor import current_actor
from app.kernel.fields import hidden_in
from app.kernel.history import plain
from app.kernel.spelling import SPELLING
from app.panel.tickets import file_url
from app.schema.kinds import File
from app.schema.record import Record, computed_of, kind_of, many_of, stored


def as_json(row: Record, fields: Container[str] | None = None) -> dict[str, Any]:
    """Every field the caller reads (of those, only `fields`), private ones masked, amounts as exact text."""
    shown: dict[str, Any] = {}
    record, gone = type(row), hidden_in(current_actor(), row)
    for name in (*stored(record), *computed_of(record)):
        if name not in gone and name != SPELLING and (fields is None or name in fields):
            value, kind = getattr(row, name), kind_of(record, name)
            private = kind is not None and kind.private and value is not None
            shown[name] = kind.mask(value) if private and kind else _plain(value)
    for name in many_of(record):
        if fields is None or name in fields:
            found = links.linked(row, name)
            shown[name], shown[f"{name}_not_visible"] = list(found.ids), found.hidden
    return shown


def _plain(value: Any) -> Any:
    return file_as_json(value) if isinstance(value, File) else plain(value)


def file_as_json(file: File, *, revealed: bool = False) -> dict[str, Any]:
    """A file as the API shows it, with the address it is handed out at; `revealed` as of `file_url`."""
    return file.as_json() | {"url": file_url(file, revealed=revealed)}
