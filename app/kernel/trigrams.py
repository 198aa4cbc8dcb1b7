"""Indexes for the search box on PostgreSQL: trigrams of every text a panel searches, kept as the declarations change.

They are no part of the schema: a database without the ``pg_trgm`` extension, or with leave to make none, searches
as rightly and more slowly. SQLite has no such index for a condition on the column itself.
"""

from collections.abc import Iterator

from sqlalchemy import Column, String, Text, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel.spelling import is_spelt
from app.schema.record import Record
from app.schema.registry import registry

PREFIX = "trgm_"
"""How the names of these indexes begin; Alembic passes them over."""


def searched() -> set[tuple[str, str]]:
    """Table and column of every text some panel's search or a picker looks for parts of."""
    return {(column.table.name, column.name) for record in registry for column in _columns(record) if _in_parts(column)}


def _columns(record: type[Record]) -> Iterator[Column[str]]:
    for path in record.panel.search or (record.panel.title,):
        *links, last = path.split(".")
        reached: type[Record] = record
        for link in links:
            reached = inspect(reached).relationships[link].mapper.class_
        if last in reached.__table__.columns:
            yield reached.__table__.columns[last]
        if is_spelt(reached, last):
            yield reached.__table__.columns["search_key"]


def _in_parts(column: Column[str]) -> bool:
    """Whether a text is searched by its parts: choices are filtered, private values found only in full."""
    kind = column.info.get("kind")
    private = kind is not None and kind.private
    return isinstance(column.type, String | Text) and "choices" not in column.info and not private


def keep(session: Session) -> dict[str, int]:
    """Make the indexes that are missing and drop those nothing searches any more; how many of each.

    Does nothing where the database offers no trigrams. Takes the table's lock while an index is built.
    """
    if session.get_bind().dialect.name != "postgresql" or not _offered(session):
        return {"made": 0, "dropped": 0}
    connection = session.connection()
    here = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE 'trgm\\_%'"
    there = set(connection.execute(text(here)).scalars())
    wanted = {f"{PREFIX}{table}_{column}"[:63]: (table, column) for table, column in searched()}
    quote = connection.dialect.identifier_preparer.quote
    for name in sorted(wanted.keys() - there):
        table, column = wanted[name]
        on = f"{quote(table)} USING gin ({quote(column)} gin_trgm_ops)"
        connection.execute(text(f"CREATE INDEX {quote(name)} ON {on}"))
    for name in sorted(there - wanted.keys()):
        connection.execute(text(f"DROP INDEX {quote(name)}"))
    return {"made": len(wanted.keys() - there), "dropped": len(there - wanted.keys())}


def _offered(session: Session) -> bool:
    """Whether trigrams are there, made so if this server has them and lets us."""
    connection = session.connection()
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")):
        return True
    if not connection.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")):
        return False
    try:
        with session.begin_nested():
            connection.execute(text("CREATE EXTENSION pg_trgm"))
    except DBAPIError:
        return False
    return True
