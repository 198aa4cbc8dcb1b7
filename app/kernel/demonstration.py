"""Which rows are demonstration, and taking exactly these away again.

What the demonstration writes is noted as ranges of ids, table by table, as it is written. Taking it away removes those
rows, its people among them, and what is said beside them (clocks, notices, comments, files, approvals). Rows that came
later stay, also one that SQLite gave the number of a demonstration row deleted before; where one names a demonstration
row and need not, that is emptied. One that cannot be without a demonstration row, such as a contract of an invented
customer, is in the way: it is told, and goes only if that is asked for. The history stays as it was written, and notes
the end of each row.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    text,
    true,
    update,
)
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
IN_PRODUCTION = "In production no demonstration data is loaded: its sign-ins are known to everybody."
THERE = "The demonstration data is there already."
ENTERED = "Demonstration data is loaded only where nothing has been entered yet."
ONE_OF_THEM = "You are one of the demonstration's people: sign in as an administrator of your own first."
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

    @property
    def seal(self) -> str:
        """A digest of what hangs on it, by which is known whether more has come since somebody looked."""
        return hashlib.sha256(json.dumps(self.hanging, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def noting(session: Session) -> Iterator[None]:
    """Note every row that is written within the block as demonstration. The caller commits.

    Nobody else writes such rows meanwhile: SQLite has one writer anyway, in PostgreSQL they wait.
    """
    if session.get_bind().dialect.name == "postgresql":
        named = ", ".join(f'"{table.name}"' for table in _tables())
        session.execute(text(f"LOCK TABLE {named} IN SHARE ROW EXCLUSIVE MODE"))
    before = {table.name: _newest(session, table) for table in _tables()}
    yield
    session.flush()
    for table in _tables():
        newest = _newest(session, table)
        if newest > before[table.name]:
            session.add(DemoRange(table=table.name, first=before[table.name] + 1, last=newest))
    session.flush()


def refuse_in(mode: str) -> None:
    """Raise `Refusal` in the mode in which no demonstration data may be loaded."""
    if mode == "production":
        raise Refusal(IN_PRODUCTION)


def load(session: Session, write: Callable[[Session], Any], mode: str) -> int:
    """Let `write` write the demonstration where nothing has been entered; the system is acting. Returns the rows.

    Does not commit. Raises `NotPermitted` for anybody but the system; `Refusal` in production, where it is there
    already, and where rows have been entered: what it does would draw them in.
    """
    if not current_actor().system:
        raise NotPermitted("Only the system loads the demonstration.")
    refuse_in(mode)
    if since(session) is not None:
        raise Refusal(THERE)
    if entered(session):
        raise Refusal(ENTERED)
    with noting(session):
        write(session)
    return sum(counted(session).values())


def since(session: Session) -> datetime | None:
    """When the first of what is noted here was loaded; None where nothing is."""
    return session.scalar(select(func.min(DemoRange.noted_at)))


def entered(session: Session) -> list[str]:
    """The records that have rows, demonstration or not; the system is acting."""
    tables = [table for table in _tables() if table.name != USERS]
    there = session.connection().execute(select(*(exists(select(table.c.id)) for table in tables))).one()
    return [table.name for table, any_ in zip(tables, there, strict=True) if any_]


def people(session: Session) -> dict[int, str]:
    """The user names of the demonstration's people, by id."""
    table, ranges = metadata.tables[USERS], _ranges(session).get(USERS)
    asked = select(table.c.id, table.c.username).order_by(table.c.id)
    return {row.id: row.username for row in session.execute(asked.where(_within(table, ranges)))} if ranges else {}


def counted(session: Session) -> dict[str, int]:
    """How many demonstration rows there are, by table; the system is acting."""
    ranges, connection = _ranges(session), session.connection()
    tables = [table for table in _tables() if table.name in ranges]
    rows = (select(func.count()).select_from(table).where(_within(table, ranges[table.name])) for table in tables)
    counts = {table.name: connection.scalar(each) or 0 for table, each in zip(tables, rows, strict=True)}
    return {name: count for name, count in counts.items() if count}


def found(session: Session) -> Found:
    """What is there of the demonstration, and what hangs on it."""
    told = Found(counted(session))
    _follow(session, told, _ranges(session))
    return told


def loosened(session: Session, told: Found) -> dict[tuple[str, str], int]:
    """How many rows stay and lose a link, by record and link; who entered or changed a row aside."""
    gone = _going(session, told)
    lost: dict[tuple[str, str], int] = {}
    for table in _tables():
        stays = not_(or_(*gone[table.name])) if table.name in gone else true()
        for column, there in _links_to(table, gone):
            if table.name != USERS and column.name not in history.BOOKKEEPING:
                link, count = (table.name, str(column.name)), select(func.count()).select_from(table)
                lost[link] = lost.get(link, 0) + (session.connection().scalar(count.where(stays, there)) or 0)
    return {link: count for link, count in lost.items() if count}


def remove(session: Session, *, with_hanging: bool = False) -> Found:
    """Take the demonstration away, and with it what hangs on it if that is asked for; the system is acting.

    Does not commit. Raises `NotPermitted` for anybody but the system; `Refusal` while something hangs on it that is not
    to go along, when whoever asks would go with it, or when nobody would be left who may administer people.
    """
    if not current_actor().system:
        raise NotPermitted("Only the system takes the demonstration away.")
    if current_actor().user_id in people(session):
        raise Refusal(ONE_OF_THEM)
    told = found(session)
    if told.hanging and not with_hanging:
        raise Refusal("Rows that came later hang on the demonstration; say that they go along, or move them first.")
    connection = session.connection()
    gone = _going(session, told)
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


def _going(session: Session, told: Found) -> dict[str, list[ColumnElement[bool]]]:
    """Conditions on the rows that go, by table."""
    ranges = _ranges(session)
    return {table.name: _gone(table, ranges, told) for table in _tables() if table.name in {*told.ours, *told.hanging}}


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
    for column, there in _links_to(table, gone):
        connection.execute(update(table).where(there).values({column.name: None}))


def _links_to(table: Table, gone: dict[str, list[ColumnElement[bool]]]) -> Iterator[tuple[Any, ColumnElement[bool]]]:
    """The links of a table that may be empty, each with the condition that it leads to a row that goes."""
    for column in table.columns:
        for key in column.foreign_keys if column.nullable and key_is_kept(column) else ():
            far = key.column.table
            for condition in gone.get(far.name, ()):
                yield column, column.in_(select(far.c.id).where(condition))


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
