"""Cells of a file as values: read by kind, translated, or looked up as the key of another record's row."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Table, select
from sqlalchemy.orm import Session

from app.kernel.links import SEPARATOR
from app.kernel.sheets import to_day, to_decimal, to_integer, to_moment, to_month, to_text, to_yes_no
from app.kernel.sheets.errors import shown
from app.schema.kinds import BadValue, Kind
from app.schema.record import known_by, metadata
from app.schema.registry import registry
from app.schema.transfer import Cell, Match

USERS = "ab_user"
Convert = Callable[[Any], Any]
NOWHERE = "there is no %(record)s “%(key)s”"
UNKNOWN = "the profile does not know “%(value)s”"
_REMEMBERED = 50_000


class Unknown(BadValue):
    """A value the profile does not translate."""


class Finder(Protocol):
    """What a cell leads to, found for many cells at a time."""

    def forget(self) -> None: ...

    def prepare(self, texts: set[str]) -> None: ...

    def find(self, text: Any) -> Any: ...


class Links:
    """Finds rows of one table by their natural key, many at a time: those the current actor sees."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.table, key = natural_key(name)
        entity: Any = self.table.c if name == USERS else registry[name]
        self.key, self._id = getattr(entity, key), entity.id
        self._ids: dict[str, int] = {}

    @property
    def known(self) -> int:
        """How many rows are known by now."""
        return len(self._ids)

    def forget(self) -> None:
        """Begin afresh if much has been gathered."""
        if len(self._ids) > _REMEMBERED:
            self._ids.clear()

    def prepare(self, texts: set[str]) -> None:
        """Look those up which are not known yet."""
        if missing := sorted(texts - self._ids.keys()):
            keys: list[Any] = missing
            if isinstance(self.table.c[self.key.key].type, Integer):
                keys = [int(text) for text in missing if text.isascii() and text.isdigit() and len(text) < 10]
            found = self._session.execute(select(self.key, self._id).where(self.key.in_(keys)))
            self._ids.update({str(key): id_ for key, id_ in found})

    def find(self, text: Any) -> int:
        """The id of the row with that key; raises `BadValue`."""
        try:
            return self._ids[str(text)]
        except KeyError:
            raise nowhere(self.table, text) from None

    def key_of(self, id_: int) -> str:
        """The key a row was found by."""
        return next(key for key, found in self._ids.items() if found == id_)


class Facts:
    """Finds rows of a record by a unique field, with the fields of it that later targets look at."""

    def __init__(self, session: Session, table: Table, key: str, names: tuple[str, ...]) -> None:
        self._session, self._table, self._key = session, table, table.c[key]
        self._columns = [table.c[name] for name in names]
        self._found: dict[str, dict[str, Any]] = {}

    def forget(self) -> None:
        """Begin afresh if much has been gathered."""
        if len(self._found) > _REMEMBERED:
            self._found.clear()

    def prepare(self, texts: set[str]) -> None:
        """Look those up which are not known yet."""
        if missing := sorted(texts - self._found.keys()):
            wanted = select(self._key.label("_key"), *self._columns).where(self._key.in_(missing))
            for row in self._session.execute(wanted).mappings():
                self._found[str(row["_key"])] = {column.key: row[column.key] for column in self._columns}

    def find(self, text: Any) -> dict[str, Any]:
        """The fields of the row with that key; raises `BadValue`."""
        try:
            return self._found[str(text)]
        except KeyError:
            raise nowhere(self._table, text) from None


class Matches:
    """Finds what rows have in one field by what they have in another, as a person's sign-in by the name."""

    def __init__(self, session: Session, match: Match) -> None:
        self._session, self._match = session, match
        self._table = registry[match.record].__table__
        self._by, self._gives = self._table.c[match.field], self._table.c[match.gives]
        self._found: dict[str, set[Any]] = {}

    def forget(self) -> None:
        """Begin afresh if much has been gathered."""
        if len(self._found) > _REMEMBERED:
            self._found.clear()

    def prepare(self, texts: set[str]) -> None:
        """Look those up which are not known yet."""
        if missing := sorted(texts - self._found.keys()):
            self._found |= {text: set() for text in missing}
            wanted = select(self._by, self._table.c.id, self._gives).where(self._by.in_(missing))
            for text, id_, value in self._session.execute(wanted):
                self._found[str(text)].add((id_, value))

    def find(self, text: Any) -> Any:
        """What the one row of that text has; of none or several nothing, or `BadValue` where the match is strict."""
        rows = self._found.get(str(text), set())
        if len(rows) == 1:
            return next(iter(rows))[1]
        if not self._match.strict:
            return None
        if rows:
            raise BadValue(
                "there are %(count)d of %(record)s “%(key)s”; write which one is meant",
                count=len(rows),
                record=_called(self._table),
                key=shown(text),
            )
        raise nowhere(self._table, text)


def _called(table: Table) -> str:
    return table.name.removeprefix("ab_").replace("_", " ")


def nowhere(table: Table, text: Any) -> BadValue:
    """That no row of the table is known by this text."""
    return Unknown(NOWHERE, record=_called(table), key=shown(text))


def natural_key(name: str) -> tuple[Table, str]:
    """The table of a record, or of the users, and the field its rows are known by in files."""
    if name == USERS:
        return metadata.tables[name], "username"
    return registry[name].__table__, known_by(registry[name])


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


def _as_it_stands(raw: Any) -> str | None:
    """The text of a cell of a file of our own, with every blank and every width as it was written."""
    return (raw.strip() or None) if isinstance(raw, str) else to_text(raw)


def _parser(cell: Cell, kind: Kind | None, zone: ZoneInfo) -> Convert:
    """The reader of cells for a kind; what it gives, the field's own kind then checks."""
    sort = kind.draft if kind else "text"
    if cell.exact and sort in ("text", "lines"):
        return _as_it_stands
    match sort:
        case "day":
            return lambda raw: to_day(raw, cell.order, cell.pivot)
        case "moment":
            return lambda raw: to_moment(raw, zone, cell.order, cell.pivot)
        case "month":
            return lambda raw: to_month(raw, cell.order, cell.pivot)
        case "integer":
            return lambda raw: to_integer(raw, mark=cell.mark)
        case "decimal":
            return lambda raw: to_decimal(raw, mark=cell.mark)
        case "yes/no":
            return to_yes_no
        case "lines":
            return lambda raw: to_text(raw, lines=True)
    return to_text
