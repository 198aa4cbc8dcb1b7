"""Believable rows for every record, made from the kinds of its fields: as many as wanted, always the same ones.

For trying out an installation and for measuring it, never for real use. Rows are written set by set beside the guard,
by the system; the history has one entry per record. What a rule of the database refuses is left out and counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import UniqueConstraint, func, select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.kernel import files, history, numbering
from app.kernel.actor import current_actor
from app.kernel.database import put
from app.kernel.permissions import holders
from app.kernel.store import the_store
from app.schema.errors import NotPermitted
from app.schema.kinds import File, FileKind
from app.schema.kinds.files import sample
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import Role
from app.schema.rows import Shared, _Placed

LANGUAGES = {"en": ("en",), "zh": ("zh_Hans",), "both": ("zh_Hans", "en")}
BATCH = 2_000
FILES = 60
"""Rows of a record, by id, that get their files; more would only fill the disk."""
FEW = 40
"""Rows of a shared record, such as a reference list, that are enough however much there is of the others."""
MOST_TRIED = 4
"""Rows made for each one wanted, where rows must differ from one another, before that is given up."""
USERS = "ab_user"


@dataclass
class Filled:
    """What came of one record: rows written now, rows that stood before, rows a rule of the database refused."""

    written: int = 0
    stood: int = 0
    refused: int = 0


def fill(session: Session, size: int, *, seed: int, language: str, today: date) -> dict[str, Filled]:
    """Bring the rows of all records together up to about `size`; the system is acting. Does not commit.

    Days and moments lie around `today`. The same seed, day and database give the same rows, and a second run adds
    nothing. Raises `NotPermitted` for anybody but the system.
    """
    if not current_actor().system:
        raise NotPermitted("Only the system fills in rows that nobody has written.")
    records = in_order(registry)
    share = -(-size // max(1, sum(not issubclass(record, Shared) for record in records)))
    house = House(session, today)
    return {
        str(record.__tablename__): Filler(
            house, record, Random(f"{seed} {record.__tablename__}"), LANGUAGES[language]
        ).fill(min(share, FEW) if issubclass(record, Shared) else share)
        for record in records
    }


def in_order(records: Iterable[type[Record]]) -> list[type[Record]]:
    """The records, each after those it links to as far as that can be; by name where nothing else says."""
    waiting = sorted(records, key=lambda record: str(record.__tablename__))
    found: list[type[Record]] = []
    while waiting:
        names = {str(record.__tablename__) for record in waiting}
        ready = [r for r in waiting if not (_needs(r) - {str(r.__tablename__)}) & names] or waiting[:1]
        found += ready
        waiting = [record for record in waiting if record not in ready]
    return found


def _needs(record: type[Record]) -> set[str]:
    return {column.info["ref"] for column in record.__table__.columns if "ref" in column.info}


class House:
    """What rows point at: the ids of each record, the users with their units, by role."""

    def __init__(self, session: Session, today: date) -> None:
        self.session, self.today = session, today
        self._ids: dict[str, list[int]] = {}
        person = registry["person"].__table__.c
        rows = session.connection().execute(select(person.user_id, person.unit_id).where(person.user_id.is_not(None)))
        self.units: dict[int, int] = {row.user_id: row.unit_id for row in rows.all()}

    def ids(self, name: str) -> list[int]:
        """The ids of a record, oldest first."""
        if name == USERS:
            return sorted(self.units)
        if name not in self._ids:
            key = registry[name].__table__.c.id
            self._ids[name] = list(self.session.connection().scalars(select(key).order_by(key)))
        return self._ids[name]

    def grown(self, name: str) -> None:
        """Rows of a record have come; read its ids anew."""
        self._ids.pop(name, None)

    def workers(self, roles: Iterable[Role]) -> list[int]:
        """The users of these roles who have a unit; everybody who has one where there is none."""
        held = set().union(*(holders(self.session, str(role)) for role in roles))
        return sorted(held & self.units.keys()) or sorted(self.units)


class Filler:
    """Makes and writes the rows of one record."""

    def __init__(self, house: House, record: type[Record], random: Random, languages: tuple[str, ...]) -> None:
        self.house, self.record, self.random, self.languages = house, record, random, languages
        self.table: Any = record.__table__
        self.name = str(record.__tablename__)
        self.columns = [c for c in self.table.columns if c.key not in ("id", "version")]
        self.owners = house.workers(record.grants.work) if issubclass(record, _Placed) else []
        self.together = [
            [column.key for column in each.columns]
            for each in self.table.constraints
            if isinstance(each, UniqueConstraint)
        ]
        self.together += [[column.key] for column in self.columns if column.unique]
        self.used: list[set[tuple[Any, ...]]] = []

    def fill(self, wanted: int) -> Filled:
        """Write rows until there are `wanted`."""
        stood = len(self.house.ids(self.name))
        done = Filled(stood=stood)
        if stood >= wanted or not all(self.house.ids(c.info["ref"]) for c in self.columns if self._needed_link(c)):
            return done
        connection = self.house.session.connection()
        self.used = [
            {tuple(row) for row in connection.execute(select(*(self.table.c[key] for key in keys)))}
            for keys in self.together
        ]
        first = (connection.scalar(select(func.max(self.table.c.id))) or 0) + 1
        tried = map(self._row, range(first, first + MOST_TRIED * (wanted - stood)))
        new = (row for row in tried if self._is_new(row))
        while rows := list(islice(new, min(BATCH, wanted - stood - done.written))):
            self._number(rows)
            written = self._put(rows)
            done.written, done.refused = done.written + written, done.refused + len(rows) - written
            last = rows[-1]["id"]
        if done.written:
            self._keep_files(first, last)
        self._move_sequence()
        self.house.grown(self.name)
        if done.written:
            bounds = {"filled": done.written, "from": first, "to": last}
            history.summarise(self.house.session, self.name, "add", bounds)
        return done

    def _needed_link(self, column: Any) -> bool:
        return "ref" in column.info and not column.nullable and column.info["ref"] != self.name

    def _row(self, number: int) -> dict[str, Any]:
        """The row with that id."""
        language = self.languages[number % len(self.languages)]
        born = self.house.today - timedelta(days=self.random.randrange(1, 400))
        noted = datetime.combine(born, time(self.random.randrange(1, 10), self.random.randrange(60)), UTC)
        row: dict[str, Any] = {"id": number, "version": 1}
        owner = self.random.choice(self.owners) if self.owners else None
        day = born
        for column in self.columns:
            key, info = column.key, column.info
            if key in ("created_at", "changed_at"):
                value: Any = noted
            elif key in ("owner_id", "created_by_id", "changed_by_id"):
                value = owner
            elif key == "unit_id" and owner is not None:
                value = self.house.units[owner]
            elif key == "archived_at" or "serial" in info:
                value = None
            elif "ref" in info:
                value = self._link(column, number)
            elif "choices" in info and not info.get("many"):
                value = self.random.choice(list(info["choices"]))
            elif (kind := info.get("kind")) is None:
                value = None
            elif isinstance(kind, FileKind):
                value = self._file(kind, key, number)[0] if number <= FILES or not column.nullable else None
            elif isinstance(value := self._sample(kind, key, number, language), datetime):
                value = noted + timedelta(hours=self.random.randrange(1, 500))
            elif isinstance(value, date):
                day += timedelta(days=self.random.randrange(0, 200))
                value = day
            row[key] = value
        return row

    def _sample(self, kind: Any, key: str, number: int, language: str) -> Any:
        """A value of the kind; what its name says more of, as a measure, is of that."""
        if key in NAMED:
            return self.random.choice(sorted(NAMED[key]()))
        return kind.sample(number, language)

    def _file(self, kind: FileKind, key: str, number: int) -> tuple[File, bytes]:
        """The file of a row in a field, and its bytes."""
        return sample(kind, number, self.languages[number % len(self.languages)], f"{self.name}.{key}")

    def _keep_files(self, first: int, last: int) -> None:
        """Keep the bytes of the files that rows were written with, and note whose they are."""
        for key, kind in files.fields_of(self.record).items():
            column = self.table.c[key]
            rows = select(self.table.c.id).where(column.is_not(None), self.table.c.id.between(first, last))
            for number in list(self.house.session.connection().scalars(rows)):
                file, body = self._file(kind, key, number)
                the_store().remove(file.id)
                the_store().put(file.id, body)
                files.entered(self.house.session, file, body, (self.name, number, key))

    def _link(self, column: Any, number: int) -> int | None:
        ids = self.house.ids(column.info["ref"])
        if column.info["ref"] == self.name:
            return None
        if not ids or (column.nullable and self.random.random() < 0.3):
            return None
        if column.unique or any(keys == [column.key] for keys in self.together):
            return ids[number % len(ids)]
        return self.random.choice(ids)

    def _is_new(self, row: dict[str, Any]) -> bool:
        """Whether a row is unlike all others where rows must differ; it is then remembered."""
        keys = [tuple(row[key] for key in together) for together in self.together]
        if any(None not in key and key in used for key, used in zip(keys, self.used, strict=True)):
            return False
        for key, used in zip(keys, self.used, strict=True):
            used.add(key)
        return True

    def _number(self, rows: list[dict[str, Any]]) -> None:
        """Give the house's numbers, all of a series at once."""
        for column in self.columns:
            if column.info.get("serial") and rows:
                year = self.house.today.year
                last = numbering.take(self.house.session, numbering.series(column), year, len(rows))
                for seq, row in enumerate(rows, last - len(rows) + 1):
                    row[column.key] = numbering.written(column, year, seq)

    def _put(self, rows: list[dict[str, Any]]) -> int:
        """Write rows; where the database refuses some, the halves are tried until only those are left out."""
        try:
            with self.house.session.begin_nested():
                put(self.house.session, self.table, rows)
            return len(rows)
        except (IntegrityError, DataError):
            if len(rows) == 1:
                return 0
            middle = len(rows) // 2
            return self._put(rows[:middle]) + self._put(rows[middle:])

    def _move_sequence(self) -> None:
        """PostgreSQL counts ids in a sequence of its own; it goes on after the newest row."""
        connection = self.house.session.connection()
        if connection.dialect.name == "postgresql":
            newest = f"SELECT setval(pg_get_serial_sequence('{self.name}', 'id'), max(id)) FROM \"{self.name}\""
            connection.execute(text(newest))


NAMED: dict[str, Callable[[], Iterable[str]]] = {
    "measure": lambda: (measure.name for measure in registry.measures),
    "role": lambda: (role.value for role in Role),
}
"""Texts that name something declared, by the field they stand in."""
