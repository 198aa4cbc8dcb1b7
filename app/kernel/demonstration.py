"""Which rows are demonstration, and taking exactly these away again.

What the demonstration writes is noted as ranges of ids, table by table, as it is written. Taking it away removes those
rows, its people among them, and what is said beside them (clocks, notices, comments, files, approvals). Rows that came
later stay, also one that SQLite gave the number of a demonstration row deleted before; where one names a demonstration
row and need not, that is emptied. One that cannot be without a demonstration row, such as a contract of an invented
customer, is in the way: it is told, and goes only if that is asked for. The history stays as it was written, and notes
the end of each row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import ColumnElement, Integer, String, Table, and_, delete, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import history
from app.kernel.actor import current_actor
from app.kernel.granting import keep_administrators
from app.kernel.tables import AuditEntry
from app.schema.errors import NotPermitted, Refusal
from app.schema.record import metadata
from app.schema.registry import registry
from app.schema.types import UtcMoment

USERS = "ab_user"
CHUNK = 500
IN_USE = "Something still needs a demonstration row and cannot be without it: nothing was taken away."


class DemoRange(Model):
    """Rows of a table, from one id to another, that the demonstration wrote."""

    __tablename__ = "demo_range"
    __table_args__: Any = {"extend_existing": False}

    table: Mapped[str] = mapped_column("table_name", String(80), primary_key=True)
    first: Mapped[int] = mapped_column("first_id", Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column("last_id", Integer)
    noted_at: Mapped[datetime] = mapped_column(UtcMoment, default=lambda: datetime.now(UTC))


@dataclass
class Found:
    """Demonstration rows by table, and the rows that came later and cannot be without one of them."""

    ours: dict[str, int] = field(default_factory=dict)
    hanging: dict[str, list[int]] = field(default_factory=dict)


@contextmanager
def noting(session: Session) -> Iterator[None]:
    """Note every row that is written within the block as demonstration. The caller commits."""
    before = {table.name: _newest(session, table) for table in _tables()}
    yield
    session.flush()
    for table in _tables():
        newest = _newest(session, table)
        if newest > before[table.name]:
            session.add(DemoRange(table=table.name, first=before[table.name] + 1, last=newest))
    session.flush()


def found(session: Session) -> Found:
    """What is there of the demonstration, and what hangs on it."""
    told, ranges = Found(), _ranges(session)
    for table in _tables():
        if table.name in ranges:
            count = select(func.count()).select_from(table).where(_within(table, ranges[table.name]))
            if there := session.connection().scalar(count):
                told.ours[table.name] = there
    _follow(session, told, ranges)
    return told


def remove(session: Session, *, with_hanging: bool = False) -> Found:
    """Take the demonstration away, and with it what hangs on it if that is asked for; the system is acting.

    Does not commit. Raises `NotPermitted` for anybody but the system; `Refusal` while something hangs on it that is not
    to go along, or when nobody would be left who may administer people.
    """
    if not current_actor().system:
        raise NotPermitted("Only the system takes the demonstration away.")
    told, ranges = found(session), _ranges(session)
    if told.hanging and not with_hanging:
        raise Refusal("Rows that came later hang on the demonstration; say that they go along, or move them first.")
    connection = session.connection()
    gone = {table.name: _gone(table, ranges, told) for table in _tables() if table.name in {*told.ours, *told.hanging}}
    for name in filter(registry.get, gone):
        ids = select(registry[name].__table__.c.id).where(or_(*gone[name]))
        history.end(session, registry[name], list(connection.scalars(ids)), "the demonstration is taken away")
    try:
        for table in metadata.sorted_tables:
            _detach(connection, table, gone)
        for table in metadata.sorted_tables:
            _forget_beside(connection, table, gone)
        for table in reversed(metadata.sorted_tables):
            for condition in gone.get(table.name, ()):
                connection.execute(delete(table).where(condition))
        connection.execute(delete(DemoRange))
    except IntegrityError as error:
        raise Refusal(IN_USE) from error
    session.expire_all()
    keep_administrators(session)
    history.summarise(session, "demonstration", "remove", {"rows": [told.ours, None], "hanging": [told.hanging, None]})
    return told


def _tables() -> list[Table]:
    """Records, link tables aside, and the users: what the demonstration writes and a person would take for real."""
    return [table for table in metadata.sorted_tables if table.name == USERS or table.name in registry]


def _newest(session: Session, table: Table) -> int:
    return session.connection().scalar(select(func.max(table.c.id))) or 0


def _ranges(session: Session) -> dict[str, list[DemoRange]]:
    ranges: dict[str, list[DemoRange]] = {}
    for each in session.scalars(select(DemoRange)):
        ranges.setdefault(each.table, []).append(each)
    return ranges


def _within(table: Table, ranges: list[DemoRange]) -> ColumnElement[bool]:
    """Rows of these ranges that were there when they were noted; users are never deleted, so theirs always were."""
    written = table.c.get("created_at")
    return or_(
        *(
            and_(table.c.id.between(each.first, each.last), true() if written is None else written <= each.noted_at)
            for each in ranges
        )
    )


def _gone(table: Table, ranges: dict[str, list[DemoRange]], told: Found) -> list[ColumnElement[bool]]:
    """Conditions on the rows of a table that go."""
    ids = told.hanging.get(table.name, [])
    by_id = [table.c.id.in_(ids[at : at + CHUNK]) for at in range(0, len(ids), CHUNK)]
    return [*([_within(table, ranges[table.name])] if table.name in ranges else []), *by_id]


def _follow(session: Session, told: Found, ranges: dict[str, list[DemoRange]]) -> None:
    """Find what cannot be without a row that goes, and what cannot be without that, until nothing more is found."""
    connection, more = session.connection(), True
    while more:
        more = False
        for table in _tables():
            known = set(told.hanging.get(table.name, ()))
            ours = _within(table, ranges[table.name]) if table.name in ranges else None
            for column in table.columns:
                for key in column.foreign_keys if not column.nullable else ():
                    far = key.column.table
                    for condition in _gone(far, ranges, told):
                        needs = select(table.c.id).where(column.in_(select(far.c.id).where(condition)))
                        found_ids = connection.scalars(needs if ours is None else needs.where(~ours))
                        known |= set(found_ids)
            if len(known) > len(told.hanging.get(table.name, ())):
                told.hanging[table.name], more = sorted(known), True


def _detach(connection: Any, table: Table, gone: dict[str, list[ColumnElement[bool]]]) -> None:
    """Empty the links to rows that go, where they need not be; the database itself drops what belongs to a user."""
    for column in table.columns:
        for key in column.foreign_keys if column.nullable and key_is_kept(column) else ():
            far = key.column.table
            for condition in gone.get(far.name, ()):
                there = column.in_(select(far.c.id).where(condition))
                connection.execute(update(table).where(there).values({column.name: None}))


def key_is_kept(column: Any) -> bool:
    """Whether the row of a link outlives the row it leads to."""
    return all(key.ondelete != "CASCADE" for key in column.foreign_keys)


def _forget_beside(connection: Any, table: Table, gone: dict[str, list[ColumnElement[bool]]]) -> None:
    """Remove what is said of the rows that go in a table that names them by record and id; the history stays."""
    place = table.c.get("record_id", table.c.get("row_id"))
    if "record" not in table.c or place is None or table is AuditEntry.__table__ or table.name in registry:
        return
    for name, conditions in gone.items():
        for condition in conditions:
            theirs = select(metadata.tables[name].c.id).where(condition)
            connection.execute(delete(table).where(table.c.record == name, place.in_(theirs)))
