"""What a connection to PostgreSQL is spared: the question whether it lives, and a transaction around mere questions."""

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, event, select, text, update
from sqlalchemy.exc import OperationalError

from app.kernel import database
from app.kernel.database import engine_options, prepare, read_only, read_write
from app.kernel.tables import Epoch
from tests.department import enter


@pytest.fixture
def engine(postgres_backend):
    postgres_backend.reset()
    made = prepare(create_engine(postgres_backend.url, **engine_options(postgres_backend.url)))
    yield made
    made.dispose()


def end_one_at_rest(engine):
    """Let a connection rest in the pool, and the server end it there."""
    with engine.connect() as connection, engine.connect() as other:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        connection.close()
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        other.invalidate()


def test_a_connection_that_died_at_rest_is_made_anew(engine, monkeypatch):
    monkeypatch.setattr(database, "RESTED", 0)
    end_one_at_rest(engine)
    with engine.connect() as connection:
        assert connection.scalar(select(1)) == 1


def test_one_that_was_used_just_now_is_not_asked_and_fails_no_more_than_once(engine, monkeypatch):
    monkeypatch.setattr(database, "RESTED", 60)
    end_one_at_rest(engine)
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.scalar(select(1))
    with engine.connect() as connection:
        assert connection.scalar(select(1)) == 1


def status(connection):
    return connection.connection.driver_connection.info.transaction_status


def test_who_only_asks_begins_no_transaction_and_writes_nothing(engine):
    write = update(Epoch).values(value=99)
    token = database._only_asks.set(True)
    try:
        with read_only():
            with engine.connect() as connection:
                connection.scalar(select(1))
                assert status(connection) == TransactionStatus.IDLE
                with pytest.raises(RuntimeError, match="read_write"):
                    connection.execute(write)
            with read_write(), engine.connect() as connection:
                connection.execute(write)
                assert status(connection) == TransactionStatus.INTRANS
    finally:
        database._only_asks.reset(token)
    with engine.connect() as connection:
        assert connection.scalars(select(Epoch.value).where(Epoch.value == 99)).all() == []


def test_it_is_pages_that_only_ask(postgres_backend):
    postgres_backend.reset()
    postgres_backend.app.extensions["actors"].forget()
    begun = []

    def begins(connection):
        begun.append(connection.connection.driver_connection.autocommit)

    client = postgres_backend.app.test_client()
    csrf = enter(client, "manager")
    event.listen(postgres_backend.engine, "begin", begins)
    try:
        assert client.get("/contract/").status_code == 200
        assert set(begun) == {True}
        begun.clear()
        client.post("/contract/views", data={"name": "Mine", "csrf_token": csrf})
        assert set(begun) == {False}
    finally:
        event.remove(postgres_backend.engine, "begin", begins)


def test_who_wants_no_transaction_still_has_none(engine):
    token = database._only_asks.set(True)
    try:
        with read_only(), engine.connect() as connection:
            connection.scalar(select(1))
    finally:
        database._only_asks.reset(token)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM epoch")
    with engine.connect() as connection:
        connection.scalar(select(1))
        assert status(connection) == TransactionStatus.INTRANS
