"""Tables that are only ever added to: the database itself refuses to change or remove a row, whoever asks.

The triggers come with ``create_all``; migrations write the same ones out. SQLite drops a table's triggers when batch
mode rebuilds it: a migration that does so makes them again.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, Table, event

_REFUSES = "this table is only ever added to"
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSES}' USING ERRCODE = 'restrict_violation'; END $$"
)


def append_only(table: Table) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of `table` from the moment it is created."""
    (key,) = table.primary_key.columns
    for dialect, statement in statements(table.name, key.name):
        event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))


def statements(table: str, key: str) -> Iterator[tuple[str, str]]:
    """The triggers of a table with primary key `key`, each with the dialect it is for."""
    yield "postgresql", _FUNCTION
    yield (
        "postgresql",
        f"CREATE TRIGGER {table}_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSES}'); END"
    yield "sqlite", f"CREATE TRIGGER {table}_keeps_what_was_written BEFORE UPDATE ON {table} {refuse}"
    yield "sqlite", f"CREATE TRIGGER {table}_keeps_its_rows BEFORE DELETE ON {table} {refuse}"
    # INSERT OR REPLACE removes the row it replaces without asking a DELETE trigger.
    taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
    yield "sqlite", f"CREATE TRIGGER {table}_replaces_no_row BEFORE INSERT ON {table} {taken} {refuse}"
