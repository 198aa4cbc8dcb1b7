"""Bring a PostgreSQL database back to how it was, a hundred times faster than copying it again.

What a test wrote is read from PostgreSQL's own counts of the rows it inserted, changed and deleted; those tables alone
are filled again from a copy kept beside them. A test that changed the schema is not undone so: it is told.
"""

import time
from contextlib import suppress

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


_NEXT = "SELECT pg_stat_force_next_flush()"
"""What a process wrote is counted when it leaves, or when it is asked to, as it can be since PostgreSQL 15."""


class Rewind:
    """The database at `address` (a psycopg address) as it stands now, and the way back to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._kept: Connection | None = None
        connection = self._alone()
        connection.execute(f"CREATE SCHEMA {KEPT}")
        for (table,) in connection.execute(_TABLES).fetchall():
            copy = sql.SQL("CREATE TABLE {} AS TABLE {}").format(sql.Identifier(KEPT, table), sql.Identifier(table))
            connection.execute(copy)
        self._shape = connection.execute(_SHAPE).fetchone()
        self._places = dict(connection.execute(_PLACES).fetchall())
        self._counts = self._counted(connection)

    def back(self) -> bool:
        """Undo every write since; False where the schema was changed, then nothing is undone."""
        connection = self._alone()
        if connection.execute(_SHAPE).fetchone() != self._shape:
            connection.close()
            return False
        written = [t for t, n in connection.execute(_COUNTS).fetchall() if n != self._counts.get(t)]
        tables = [sql.Identifier(table) for table in written]
        if tables:
            connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))
            # or what comes later would lie in the gaps, and be found in another order
            connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(tables)))
        again = [
            sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE TABLE {}").format(table, sql.Identifier(KEPT, name))
            for table, name in zip(tables, written, strict=True)
        ]
        for sequence, place in connection.execute(_PLACES).fetchall():
            if place != (stands := self._places[sequence]):
                what = (f'"{sequence}"', stands or 1, stands is not None)
                again.append(sql.SQL("SELECT setval({}::regclass, {}, {})").format(*map(sql.Literal, what)))
        if again:
            connection.execute(sql.SQL("; ").join(again))
        self._counts = self._counted(connection)
        return True

    def _counted(self, connection: Connection) -> dict[object, object]:
        """Rows written so far, by table, ours among them."""
        if connection.info.server_version < 150_000:
            connection.close()
            connection = self._alone()
        else:
            connection.execute(_NEXT)
        return dict(connection.execute(_COUNTS).fetchall())

    def _alone(self) -> Connection:
        """The connection, once nobody else has one: a process counts its last writes when it leaves."""
        connection = self._connected()
        until = time.monotonic() + PATIENCE
        while others := connection.execute(_OTHERS).fetchall():
            if time.monotonic() > until:
                for (pid,) in others:
                    connection.execute("SELECT pg_terminate_backend(%s)", [pid])
            time.sleep(0.002)
        return connection

    def _connected(self) -> Connection:
        """The connection, made anew where a test has cut it."""
        if self._kept is not None:
            with suppress(psycopg.OperationalError):
                self._kept.execute("SELECT 1")
        if self._kept is None or self._kept.closed:
            self._kept = psycopg.connect(self.address, autocommit=True)
            self._kept.execute("SET session_replication_role = replica")  # no trigger undoes the undoing
        return self._kept
