"""A profile made ready to read lines: each cell by the kind of the field it fills."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Table
from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from app.kernel.history import plain
from app.kernel.links import SEPARATOR
from app.kernel.sheets import Row, to_text
from app.kernel.sheets.errors import shown
from app.kernel.transfer import cells
from app.kernel.transfer.outcome import Problem
from app.kernel.values import MASKED
from app.schema.errors import DeclarationError
from app.schema.kinds import BadValue, Kind
from app.schema.record import Record, many_of, stored
from app.schema.registry import registry
from app.schema.transfer import Cell, Fixed, LinkTo, Match, Parsed, Profile, Rest, Source, Target


class Entry(NamedTuple):
    """What a line says of one target: the key as text, and the values in the order of its fields (links None)."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Field:
    """How one field of a target gets its value. `draft` reads a cell as far as possible without the database.

    Files repeat their values by the thousand, so what was read once is remembered (`known`, up to a limit).
    """

    name: str
    column: Column[Any] | None
    kind: Kind | None
    source: Source
    draft: cells.Convert = lambda raw: raw
    links: cells.Links | None = None
    match: cells.Matches | None = None
    default: Any = None
    optional: bool = False
    known: dict[Any, Any] = dataclass_field(default_factory=dict)

    def of_cell(self, raw: Any) -> Any:
        """The value of a cell; raises `BadValue`."""
        if raw.__class__ is not str:  # in a workbook, 1 and True and 1.0 are the same key
            return self._finish(self.draft(raw))
        return self.known[raw] if raw in self.known else self._keep(raw, self._finish(self.draft(raw)))

    def of_value(self, value: Any) -> Any:
        """A fixed or computed value as it is stored; raises `BadValue` for one its kind does not accept."""
        if not isinstance(value, _REMEMBERED):
            return self._stored(value)
        key = (value.__class__, value)
        return self.known[key] if key in self.known else self._keep(key, self._stored(value))

    def finished(self, raw: Any) -> Any:
        """The value of a cell, not remembered; raises `BadValue`."""
        return self._finish(self.draft(raw))

    def _keep(self, key: Any, value: Any) -> Any:
        if len(self.known) < _MOST:
            self.known[key] = value
        return value

    def _finish(self, value: Any) -> Any:
        if self.column is None:
            assert self.links is not None
            return tuple(sorted({self.links.find(code) for code in value or ()}))
        if value is not None and self.links is not None:
            return self.links.find(value)
        return self._stored(self.match.find(value) if value is not None and self.match is not None else value)

    def _stored(self, value: Any) -> Any:
        if value is not None and self.kind is not None:
            if self.kind.private and isinstance(value, str) and MASK in value:
                raise BadValue(MASKED)
            value = self.kind.read(value)
        if value is None:
            value = self.default
        if value is None and not self.optional:
            raise BadValue("a value is needed here")
        return value


_MOST = 1000
MASK = "•"
NEW = "\0"
"""How the key of a row begins that has none yet; the number of its line follows."""
_REMEMBERED = (str, Decimal, date)


class Plan:
    """The targets of a profile with their fields, ready to read."""

    def __init__(self, profile: Profile, session: Session, zone: ZoneInfo, others: Sequence[str] = ()) -> None:
        """`others` are the columns of the file that the profile does not know."""
        self.profile, self.targets, self.others = profile, profile.targets, tuple(others)
        self.tables: tuple[Table, ...] = tuple(registry[target.record].__table__ for target in self.targets)
        self.position = {target.name: n for n, target in enumerate(self.targets)}
        self._session, self._zone = session, zone
        self._links: dict[str, cells.Links] = {}
        self._matches: dict[Match, cells.Matches] = {}
        self.facts = tuple(
            None if target.found is None else cells.Facts(session, table, target.key, target.found)
            for target, table in zip(self.targets, self.tables, strict=True)
        )
        self.fields = tuple(
            tuple(
                self._several(registry[target.record], name, source)
                if name in many_of(registry[target.record])
                else self._field(stored(registry[target.record])[name], source)
                for name, source in target.fields.items()
            )
            for target in self.targets
        )
        self._linked = tuple(
            tuple(self.position[f.source.target] for f in fields if isinstance(f.source, LinkTo))
            for fields in self.fields
        )

    def _field(self, column: Column[Any], source: Any) -> Field:
        kind, ref = column.info.get("kind"), column.info.get("ref")
        default = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
        draft: cells.Convert = lambda raw: raw  # noqa: E731
        links = match = None
        optional = bool(column.nullable) or isinstance(source, LinkTo)
        if self.profile.record:  # such a file says all of a row: a blank is a blank
            default = None if column.nullable else default
            optional = optional or column.primary_key or bool(column.info.get("serial"))
        if isinstance(source, Cell):
            if source.match is not None:
                match = self._matches.setdefault(source.match, cells.Matches(self._session, source.match))
            elif ref:
                links = self._links.setdefault(ref, cells.Links(self._session, ref))
            plain = ref or source.match is not None
            draft = cells.draft(source, source.kind or (None if plain else kind), self._zone)
            if source.needed:
                default, optional = None, False
        return Field(column.key, column, kind, source, draft, links, match, default, optional)

    def _several(self, record: type[Record], name: str, source: Any) -> Field:
        """A field that links to many: its cell holds codes with semicolons between."""
        target = many_of(record)[name].target
        links = self._links.setdefault(target, cells.Links(self._session, target))
        return Field(name, None, None, source, lambda raw: cells.codes(to_text(raw)), links, None, None, True)

    def prepare(self, rows: Iterable[Row]) -> None:
        """Look up what the cells of these rows link to."""
        finders: list[cells.Finder] = [*self._links.values(), *self._matches.values(), *filter(None, self.facts)]
        for finder in finders:
            finder.forget()
        for n, field in ((n, field) for n, fields in enumerate(self.fields) for field in fields):
            asked: cells.Finder | None = field.links or field.match or self.facts[n]
            if asked is None or not isinstance(field.source, Cell):
                continue
            texts = set()
            for row in rows:
                with suppress(BadValue):
                    value = field.draft(row.cells.get(field.source.column))
                    texts |= set(value) if isinstance(value, tuple) else {str(value)} if value is not None else set()
            asked.prepare(texts)

    def read(self, row: Row) -> tuple[list[Entry | None], list[tuple[Problem, bool]]]:
        """What a line says of each target, and its problems, each with whether it is a value not translated."""
        reading = _Reading(self, row)
        for n, target in enumerate(self.targets):
            reading.take(n, target)
        return reading.entries, list(reading.problems.values())

    def digest(self, n: int, entries: Sequence[Entry | None]) -> int:
        """A fingerprint of what the line says of target `n`, links by the keys they lead to; good for this process."""
        entry = entries[n]
        told = (entry and entry.values, tuple((other := entries[at]) and other.key for at in self._linked[n]))
        try:
            return hash(told)
        except TypeError:  # a value of JSON
            return hash(repr(told))

    def key_column(self, n: int) -> str | None:
        """The column of the file the key of target `n` comes from, if it comes from one."""
        source = self.targets[n].fields[self.targets[n].key]
        return source.column if isinstance(source, Cell) else None

    def column_of(self, n: int, name: str) -> str:
        """The column of the file that fills a field of target `n`; of one that no cell fills the field, as `→ name`."""
        source = self.targets[n].fields.get(name)
        return source.column if isinstance(source, Cell) else f"→ {name}"

    def shown(self, n: int, entries: Sequence[Entry | None]) -> dict[str, Any]:
        """What the line says of target `n`, for the eye: links by their key, private values masked."""
        entry, told = entries[n], {}
        for field, value in zip(self.fields[n], entry.values if entry else (), strict=True):
            if isinstance(field.source, LinkTo):
                other = entries[self.position[field.source.target]]
                told[field.name] = other.key if other else None
            elif isinstance(value, tuple) and field.links is not None:
                told[field.name] = SEPARATOR.join(field.links.key_of(key) for key in value)
            elif value is not None and field.links is not None:
                told[field.name] = field.links.key_of(value)
            elif value is not None and field.kind is not None and field.kind.private:
                told[field.name] = field.kind.mask(value)
            else:
                told[field.name] = plain(value)
        return told


class _Reading:
    """One line while it is read."""

    def __init__(self, plan: Plan, row: Row) -> None:
        self.plan, self.row = plan, row
        self.parsed: Parsed = {}
        self.entries: list[Entry | None] = []
        self.problems: dict[tuple[str, str], tuple[Problem, bool]] = {}

    def take(self, n: int, target: Target) -> None:
        """Read one target. After a problem, what would be computed from the bad value is left alone."""
        self.entries.append(None)
        sound = not self.problems
        if target.when is not None and not (sound and self._ask(target, target.when)):
            return
        parsed: dict[str, Any] = {}
        if sound:
            self.parsed[target.name] = parsed
        values = []
        for field in self.plan.fields[n]:
            source, value = field.source, None
            try:
                if isinstance(source, Cell):
                    value = parsed[field.name] = self._of_cell(target, field, source)
                    if (facts := self.plan.facts[n]) is not None:
                        parsed |= facts.find(value)
                elif isinstance(source, Rest):
                    value = parsed[field.name] = field.of_value(self._rest(source))
                elif isinstance(source, Fixed):
                    value = parsed[field.name] = field.of_value(source.value)
                elif isinstance(source, LinkTo):
                    self._check_link(field, source)
                elif not self.problems:
                    value = parsed[field.name] = field.of_value(self._compute(target, field, source.rule))
            except BadValue as error:
                self._refuse(field, error)
            values.append(value)
        if not self.problems:
            self.entries[n] = Entry(self._key(target, parsed), tuple(values))

    def _of_cell(self, target: Target, field: Field, cell: Cell) -> Any:
        """The value of a cell, or what stands for a blank one; raises `BadValue`. A bad line is asked no more rules."""
        raw = self.row.cells.get(cell.column)
        value = field.of_cell(raw) if cell.blank is None or to_text(raw, lines=True) is not None else None
        if value is None and cell.blank is not None and not self.problems:
            blank = cell.blank
            given = blank.value if isinstance(blank, Fixed) else self._compute(target, field, blank.rule)
            return field.of_value(given)
        if value is not None and cell.check is not None and not self.problems:
            check = cell.check
            self._compute(target, field, lambda parsed: check(value, parsed))
        return value

    def _rest(self, rest: Rest) -> str | None:
        cells_of_row = self.row.cells
        lines = [to_text(cells_of_row.get(rest.column), lines=True)] if rest.column else []
        for column in (*rest.also, *self.plan.others):
            if (text := to_text(cells_of_row.get(column))) is not None:
                lines.append(f"{column}: {text}")
        return "\n".join(filter(None, lines)) or None

    def _ask(self, target: Target, when: Callable[[Parsed, Mapping[str, Any]], bool]) -> bool:
        try:
            return bool(when(self.parsed, self.row.cells))
        except Exception as error:
            raise self._fault(target, "when", error) from error

    def _compute(self, target: Target, field: Field, rule: Callable[[Parsed], Any]) -> Any:
        try:
            return rule(self.parsed)
        except BadValue:
            raise
        except ValueError as error:
            raise BadValue("%(problem)s", problem=error) from error
        except Exception as error:
            raise self._fault(target, field.name, error) from error

    def _fault(self, target: Target, place: str, error: Exception) -> DeclarationError:
        name = f"profile {self.plan.profile.name}, target {target.name!r}, {place!r}"
        return DeclarationError(f"{name} fails on row {self.row.number}: {type(error).__name__}: {error}")

    def _check_link(self, field: Field, source: LinkTo) -> None:
        needed = field.column is not None and not field.column.nullable
        if not self.problems and needed and not self.entries[self.plan.position[source.target]]:
            raise BadValue(
                "this row names no %(target)s, which its %(field)s needs", target=source.target, field=field.name
            )

    def _key(self, target: Target, parsed: dict[str, Any]) -> str:
        source = target.fields[target.key]
        if isinstance(source, LinkTo):
            linked = self.entries[self.plan.position[source.target]]
            return linked.key if linked else ""
        if parsed[target.key] is None:
            return f"{NEW}{self.row.number}"
        return str(plain(parsed[target.key]))

    def _refuse(self, field: Field, error: BadValue) -> None:
        source = field.source
        column = source.column if isinstance(source, Cell) else f"→ {field.name}"
        raw = self.row.cells.get(column)
        private = field.kind is not None and field.kind.private
        value = shown(raw) if raw is not None and not private else None
        problem = Problem(self.row.number, column, value, error.msgid, error.args_)
        # A column that fills several fields is at fault once.
        self.problems.setdefault((column, error.msgid), (problem, isinstance(error, cells.Unknown)))
