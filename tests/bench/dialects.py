"""The little in which the SQL of PostgreSQL and SQLite differs where rows are made by the million."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, text

LONGEST = 300
"""Seconds after which PostgreSQL gives up a statement: a figure is then missing, and the run goes on."""


class Dialect:
    """SQL of one database. Arguments and results are expressions in SQL; `n` counts the rows being made."""

    def __init__(self, name: str) -> None:
        self.lite = name == "sqlite"

    def series(self, last: int) -> str:
        """A source of rows ``s`` with ``n`` from 1 to `last`."""
        if self.lite:
            return (
                f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c) s"
            )
        return f"generate_series(1, CAST({last} AS BIGINT)) AS s(n)"

    def day(self, start: date, days: str) -> str:
        """So many days after `start`."""
        return f"date('{start}', ({days}) || ' days')" if self.lite else f"(DATE '{start}' + CAST({days} AS INTEGER))"

    def later(self, day: str, days: str) -> str:
        """So many days after the day in a column."""
        return f"date({day}, ({days}) || ' days')" if self.lite else f"({day} + CAST({days} AS INTEGER))"

    def money(self, cents: str) -> str:
        """An amount, from its cents (kept as whole cents on SQLite)."""
        return f"({cents})" if self.lite else f"(({cents}) / 100.0)"

    def quantity(self, cents: str) -> str:
        """A number of six decimals, from its hundredths."""
        return f"(({cents}) * 10000)" if self.lite else f"(({cents}) / 100.0)"

    def padded(self, number: str, width: int) -> str:
        """A whole number with leading zeros."""
        return f"substr(CAST({10**width} + {number} AS TEXT), 2)"

    def letter(self, letters: str, place: str) -> str:
        """The letter at a place (from 0), going round."""
        return f"substr('{letters}', CAST(({place}) % {len(letters)} + 1 AS INTEGER), 1)"

    def one_of(self, choices: tuple[str, ...], place: str) -> str:
        """The choice at a place (from 0), going round."""
        cases = " ".join(f"WHEN {i} THEN '{choice}'" for i, choice in enumerate(choices))
        return f"CASE ({place}) % {len(choices)} {cases} END"


@contextmanager
def without_indexes(connection: Connection, table: str) -> Iterator[None]:
    """Fill `table` without its indexes and build them afterwards: many times faster than entry by entry.

    Unique constraints stay, for they keep the data right.
    """
    if connection.dialect.name == "sqlite":
        listing = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :t AND sql IS NOT NULL"
    else:
        listing = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = :t"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
    indexes = list(connection.execute(text(listing), {"t": table}))
    for name, _ in indexes:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        connection.exec_driver_sql(definition)


def hurry(connection: Connection) -> None:
    """For this transaction: memory for sorting and, where we may, no look at the foreign keys of made-up rows."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA cache_size = -400000")
        return
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
    if connection.exec_driver_sql("SHOW is_superuser").scalar() == "on":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")


def settle(connection: Connection, tables: tuple[str, ...]) -> None:
    """Let serial ids go on after the rows made, gather the planner's statistics, and limit later statements."""
    if connection.dialect.name == "postgresql":
        database = connection.engine.url.database
        connection.exec_driver_sql(f"ALTER DATABASE \"{database}\" SET statement_timeout = '{LONGEST}s'")
        for table in tables:
            connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    connection.exec_driver_sql("ANALYZE")
