"""Cells of a file as values: read by kind, translated, or looked up as the key of another record's row."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.kernel.links import SEPARATOR
from app.kernel.sheets import to_day, to_decimal, to_integer, to_moment, to_month, to_text, to_yes_no
from app.kernel.sheets.errors import shown
from app.schema.errors import DeclarationError
from app.schema.kinds import BadValue, Kind
from app.schema.record import metadata
from app.schema.registry import registry
from app.schema.transfer import Cell

Convert = Callable[[Any], Any]
UNKNOWN = "the profile does not know “%(value)s”"
_REMEMBERED = 50_000


class Unknown(BadValue):
    """A value the profile does not translate."""


class Links:
    """Finds rows of one table by their natural key, many at a time."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.table, key = natural_key(name)
        self.key = self.table.c[key]
        self._ids: dict[str, int] = {}

    def forget(self) -> None:
        """Begin afresh if much has been gathered."""
        if len(self._ids) > _REMEMBERED:
            self._ids.clear()

    def prepare(self, texts: set[str]) -> None:
        """Look those up which are not known yet."""
        if missing := sorted(texts - self._ids.keys()):
            found = self._session.execute(select(self.key, self.table.c.id).where(self.key.in_(missing)))
            self._ids.update({str(key): id_ for key, id_ in found})

    def find(self, text: Any) -> int:
        """The id of the row with that key; raises `BadValue`."""
        try:
            return self._ids[str(text)]
        except KeyError:
            name = self.table.name.removeprefix("ab_").replace("_", " ")
            raise BadValue("there is no %(record)s “%(key)s”", record=name, key=shown(text)) from None

    def key_of(self, id_: int) -> str:
        """The key a row was found by."""
        return next(key for key, found in self._ids.items() if found == id_)


def natural_key(name: str) -> tuple[Table, str]:
    """The table of a record, or of the users, and the field its rows are known by in files."""
    if name == "ab_user":
        return metadata.tables[name], "username"
    transfer = registry[name].transfer
    if transfer is None:
        raise DeclarationError(f"{name} is not known in files: give it transfer = Transfer(key=…)")
    return registry[name].__table__, transfer.key


def codes(text: str | None) -> tuple[str, ...]:
    """The codes of a cell that names several rows, each once; full-width semicolons count too."""
    parts = (text or "").replace("；", SEPARATOR).split(SEPARATOR)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def draft(cell: Cell, kind: Kind | None, zone: ZoneInfo) -> Convert:
    """Reads a cell by its kind, translates it, computes what is stored."""
    read = _translation(cell.values) if cell.values is not None else _parser(cell, kind, zone)
    then = cell.then
    if then is None:
        return read

    def compute(raw: Any) -> Any:
        value = read(raw)
        try:
            return None if value is None else then(value)
        except BadValue:
            raise
        except ValueError as error:
            raise BadValue("%(problem)s", problem=error) from error

    return compute


def _translation(values: Mapping[str, Any]) -> Convert:
    by_text = {text.casefold(): value for text, value in values.items()} | dict(values)
    blank = values.get("")

    def translate(raw: Any) -> Any:
        text = to_text(raw)
        if text is None:
            return blank
        try:
            return by_text[text] if text in by_text else by_text[text.casefold()]
        except KeyError:
            raise Unknown(UNKNOWN, value=shown(text)) from None

    return translate


def _parser(cell: Cell, kind: Kind | None, zone: ZoneInfo) -> Convert:
    """The reader of cells for a kind; what it gives, the field's own kind then checks."""
    match kind.draft if kind else "text":
        case "day":
            return lambda raw: to_day(raw, cell.order)
        case "moment":
            return lambda raw: to_moment(raw, zone, cell.order)
        case "month":
            return lambda raw: to_month(raw, cell.order)
        case "integer":
            return lambda raw: to_integer(raw, mark=cell.mark)
        case "decimal":
            return lambda raw: to_decimal(raw, mark=cell.mark)
        case "yes/no":
            return to_yes_no
        case "lines":
            return lambda raw: to_text(raw, lines=True)
    return to_text
