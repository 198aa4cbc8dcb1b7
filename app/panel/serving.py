"""A row and its files as the API shows them."""

from collections.abc import Container
from typing import Any

from app.kernel.history import plain
from app.kernel.previews import has_preview
from app.kernel.shown import shown
from app.panel.tickets import file_url
from app.schema.kinds import File
from app.schema.record import Record


def as_json(row: Record, fields: Container[str] | None = None) -> dict[str, Any]:
    """What the caller reads of a row; `fields` as of `shown`."""
    return shown(row, fields, _plain)


def _plain(value: Any) -> Any:
    return file_as_json(value) if isinstance(value, File) else plain(value)


def file_as_json(file: File, *, ticket: str = "") -> dict[str, Any]:
    """A file as the API shows it, with the addresses of its bytes and of its preview; `ticket` as of `file_url`."""
    preview = {"preview": file_url(file, "/preview", ticket=ticket)} if has_preview(file) else {}
    return file.as_json() | {"url": file_url(file, ticket=ticket)} | preview
