"""How a database connection behaves, on SQLite and on PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from operator import itemgetter
from time import monotonic
from typing import Any, cast

import psycopg
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Engine,
    Enum,
    Table,
    any_,
    bindparam,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InvalidatePoolError
from sqlalchemy.orm import Session

from app.kernel.days import day_in_zone
from app.schema.types import Exact, UtcMoment

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)
_only_asks: ContextVar[bool] = ContextVar("only_asks", default=False)
_patience: ContextVar[int | None] = ContextVar("patience", default=None)
BUSY = 30_000
"""Milliseconds a write waits on SQLite for another to end."""
RESTED = 1.0
"""Seconds after which a connection may have died unnoticed."""


@contextmanager
def read_only() -> Iterator[None]:
    """Within this block nothing will be written: on SQLite readers need not queue behind the writer."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


@contextmanager
def read_write() -> Iterator[None]:
    """Within this block something is written, though the request only asked; no transaction may have begun before."""
    token = _read_only.set(False)
    try:
        yield
    finally:
        _read_only.reset(token)


@contextmanager
def impatient(milliseconds: int) -> Iterator[None]:
    """Within this block a transaction that begins waits no longer than this for another's write on SQLite.

    For what is worth less than a thread that stands waiting; the error is one of a lock (`is_locked`).
    """
    token = _patience.set(milliseconds)
    try:
        yield
    finally:
        _patience.reset(token)


def address(url: str) -> str:
    """The SQLAlchemy address with the driver we ship: psycopg 3 for PostgreSQL."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for this address; what else an engine needs, `prepare` binds to it."""
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30, "check_same_thread": False}}
    return {"pool_size": 10, "max_overflow": 20}


def prepare(engine: Engine) -> Engine:
    """Bind the behaviour to an engine.

    On PostgreSQL a connection that has rested is asked whether it lives before it is used, and one that was used just
    now is not: that would be a way to the server and back for every request. Nor does a request that only asks begin
    and end a transaction, two ways more: each statement sees what holds when it is asked, as in a transaction.
    SQLite has WAL, foreign keys, full sync and write transactions that begin as such.
    A transaction that begins by reading and then writes fails on SQLite as soon as another wrote in between;
    ``BEGIN IMMEDIATE`` queues for the write lock at the start instead (waiting up to the busy timeout).
    """
    if engine.dialect.name != "sqlite":
        _watch_rested(engine)
        _ask_alone(engine)
        return engine

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", f"busy_timeout={BUSY}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("house_day", 2, day_in_zone, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        patience = _patience.get()
        if patience is not None or connection.info.pop("impatient", False):
            connection.info["impatient"] = patience is not None
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY if patience is None else patience}")
        connection.exec_driver_sql("BEGIN" if _read_only.get() else "BEGIN IMMEDIATE")

    return engine


def _watch_rested(engine: Engine) -> None:
    @event.listens_for(engine, "checkin")
    def _rests(connection: Any, record: Any) -> None:
        record.info["rests"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _wakes(connection: Any, record: Any, proxy: Any) -> None:
        if monotonic() - record.info.get("rests", monotonic()) < RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool connects anew, and all that rested with it


def _ask_alone(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _only_asks.get() and _read_only.get():
            connection.connection.driver_connection.autocommit = connection.info["alone"] = True  # type: ignore[union-attr]
        elif connection.info.pop("alone", False):
            connection.connection.driver_connection.autocommit = False  # type: ignore[union-attr]

    @event.listens_for(engine, "checkin")
    def _back(connection: Any, record: Any) -> None:
        if record.info.pop("alone", False) and connection is not None and not connection.closed:
            connection.autocommit = False

    @event.listens_for(engine, "before_cursor_execute")
    def _refuse(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, *_more: Any) -> None:
        if context.is_crud and connection.info.get("alone"):
            raise RuntimeError("This request only asks: write within `read_write()`.")


def insert(session: Session, table: Any) -> Any:
    """An INSERT that can say ``on_conflict_do_nothing()``, in the session's dialect."""
    return {"postgresql": postgresql, "sqlite": sqlite}[session.get_bind().dialect.name].insert(table)


def put(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows that name the same columns, by the fastest way the database has; nobody asks who may.

    What they leave out gets the declared default. By COPY on PostgreSQL, in one prepared statement on SQLite.
    Raises IntegrityError or DataError as an INSERT would; the caller's savepoint is then to be rolled back.
    """
    if not rows:
        return
    connection = session.connection()
    names = list(rows[0])
    left_out: dict[Column[Any], Any] = {c: c.default for c in table.c if c.key not in names and c.default is not None}
    columns = [*(table.c[name] for name in names), *left_out]
    told, quote = _told(connection, columns, rows, names, left_out), connection.dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(quote(column.name) for column in columns)})"
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "postgresql":
        statement = f"INSERT INTO {into} VALUES ({', '.join('?' * len(columns))})"
        try:
            driver.executemany(statement, told)
        except sqlite3.IntegrityError as sqlite_error:
            raise IntegrityError(statement, None, sqlite_error) from sqlite_error
        return
    statement = f"COPY {into} FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for values in told:
                copy.write_row(values)
    except psycopg.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
    except psycopg.DataError as error:
        raise DataError(statement, None, error) from error


def _told(
    connection: Connection,
    columns: Sequence[Column[Any]],
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    left_out: Mapping[Column[Any], Any],
) -> Iterator[list[Any]]:
    """The values of rows as the driver takes them, in the order of the columns."""
    ways = [(n, way) for n, way in enumerate(_processed(column, connection) for column in columns) if way]
    told = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    for row in rows:
        values = [*told(row), *(each.arg(None) if each.is_callable else each.arg for each in left_out.values())]
        for n, way in ways:
            values[n] = way(values[n])
        yield values


def _processed(column: Column[Any], connection: Connection) -> Callable[[Any], Any] | None:
    """What turns a value of the column into what the driver takes; None where it takes the value itself.

    Rows repeat their days and states by the thousand, so what was turned once is remembered.
    """
    process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    if process is None:
        return None
    known: dict[Any, Any] = {}

    def turned(value: Any) -> Any:
        found = known.get(value, known)
        if found is known:
            found = process(value)
            if len(known) < _REMEMBERED:
                known[value] = found
        return found

    return turned if isinstance(column.type, _ALIKE) else process


_REMEMBERED = 10_000
_ALIKE = (Exact, Date, UtcMoment, Boolean, Enum)
"""Types whose values are stored alike where they are equal."""


def among(session: Session, column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column holds one of many values, as one parameter on PostgreSQL: no text of a thousand places."""
    if session.get_bind().dialect.name != "postgresql":
        return cast("ColumnElement[bool]", column.in_(list(values)))
    return cast("ColumnElement[bool]", column == any_(bindparam(None, list(values), ARRAY(column.type), unique=True)))


def hurry(session: Session, milliseconds: int) -> None:
    """Let the database give up each statement that takes longer, where it can: on PostgreSQL.

    That holds for a transaction, so one begins here, also for who only asks.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.rollback()
        _only_asks.set(False)
        session.execute(select(func.set_config("statement_timeout", str(milliseconds), True)))


def took_too_long(error: DBAPIError) -> bool:
    """Whether the database gave a statement up as of `hurry`; the transaction is to be rolled back."""
    return isinstance(error.orig, psycopg.errors.QueryCanceled)


def is_locked(error: ExceptionContext | BaseException) -> bool:
    """Whether a database error says that somebody else holds the lock and the same may work a moment later."""
    text = str(error)
    return "database is locked" in text or "could not obtain lock" in text or "lock timeout" in text
