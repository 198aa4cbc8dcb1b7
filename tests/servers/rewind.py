"""Bring a PostgreSQL database back to how it was, a hundred times faster than copying it again.

What a test wrote is read from PostgreSQL's own counts of the rows it inserted, changed and deleted; those tables alone
are filled again from a copy kept beside them. A test that changed the schema is not undone so: it is told.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

KEPT = "kept"
PATIENCE = 2.0
"""Seconds after which whoever still holds a connection to the database is cut off."""

Connection = psycopg.Connection[tuple[object, ...]]

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_COUNTS = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
_PLACES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
_SHAPE = """
    SELECT (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_constraint),
           (SELECT count(*) FROM pg_proc), count(*), max(oid) FROM pg_class
"""
_OTHERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Rewind:
    """The database at `address` (a psycopg address) as it stands now, and the way back to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        with self._alone() as connection:
            connection.execute(f"CREATE SCHEMA {KEPT}")
            for (table,) in connection.execute(_TABLES).fetchall():
                copy = sql.SQL("CREATE TABLE {} AS TABLE {}").format(sql.Identifier(KEPT, table), sql.Identifier(table))
                connection.execute(copy)
            self._shape = connection.execute(_SHAPE).fetchone()
            self._places = dict(connection.execute(_PLACES).fetchall())
        with self._alone() as connection:
            self._counts = dict(connection.execute(_COUNTS).fetchall())

    def back(self) -> bool:
        """Undo every write since; False where the schema was changed, then nothing is undone."""
        with self._alone() as connection:
            if connection.execute(_SHAPE).fetchone() != self._shape:
                return False
            written = [t for t, n in connection.execute(_COUNTS).fetchall() if n != self._counts.get(t)]
            connection.execute("SET session_replication_role = replica")
            tables = sql.SQL(", ").join(map(sql.Identifier, written))
            for table in map(sql.Identifier, written):
                connection.execute(sql.SQL("DELETE FROM {}").format(table))
            if written:  # or what comes later would lie in the gaps, and be found in another order
                connection.execute(sql.SQL("VACUUM {}").format(tables))
            for table in written:
                again = sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE TABLE {}")
                connection.execute(again.format(sql.Identifier(table), sql.Identifier(KEPT, table)))
            for sequence, place in connection.execute(_PLACES).fetchall():
                if place != self._places[sequence]:
                    stands = self._places[sequence]
                    connection.execute(
                        "SELECT setval(%s::regclass, %s, %s)", [f'"{sequence}"', stands or 1, stands is not None]
                    )
        with self._alone() as connection:
            self._counts = dict(connection.execute(_COUNTS).fetchall())
        return True

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """A connection of its own, once nobody else has one: a process counts its last writes when it leaves."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            until = time.monotonic() + PATIENCE
            while others := connection.execute(_OTHERS).fetchall():
                if time.monotonic() > until:
                    for (pid,) in others:
                        connection.execute("SELECT pg_terminate_backend(%s)", [pid])
                time.sleep(0.002)
            yield connection
