"""How a database connection behaves, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)


@contextmanager
def read_only() -> Iterator[None]:
    """Within this block nothing will be written: on SQLite readers need not queue behind the writer."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


def address(url: str) -> str:
    """The SQLAlchemy address with the driver we ship: psycopg 3 for PostgreSQL."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for this address: dead connections are noticed before use."""
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30, "check_same_thread": False}}
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20}


def prepare(engine: Engine) -> Engine:
    """Bind the behaviour to an engine: WAL, foreign keys, full sync and write transactions that begin as such.

    A transaction that begins by reading and then writes fails on SQLite as soon as another wrote in between;
    ``BEGIN IMMEDIATE`` queues for the write lock at the start instead (waiting up to the busy timeout).
    """
    if engine.dialect.name != "sqlite":
        return engine

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if _read_only.get() else "BEGIN IMMEDIATE")

    return engine


def insert(session: Session, table: Any) -> Any:
    """An INSERT that can say ``on_conflict_do_nothing()``, in the session's dialect."""
    return {"postgresql": postgresql, "sqlite": sqlite}[session.get_bind().dialect.name].insert(table)


def is_locked(error: ExceptionContext | BaseException) -> bool:
    """Whether a database error says that somebody else holds the lock and the same may work a moment later."""
    text = str(error)
    return "database is locked" in text or "could not obtain lock" in text or "lock timeout" in text
