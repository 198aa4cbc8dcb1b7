"""Rules that look at more than one row: the database itself keeps them, by triggers, whoever writes.

They come with ``create_all``; migrations write the same ones out. SQLite drops a table's triggers when batch mode
rebuilds it, and minds those that look at that table: a migration that does so takes them off and makes them again.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, Table, event

from app.schema.rules import Rule, name_rule


def refuse(table: Table, name: str, when: str, message: str, column: str, of: tuple[str, ...] = ()) -> None:
    """Refuse rows of `table` for which `when` holds, SQL in which ``NEW`` is the row, with `message` at `column`.

    `name` says what holds then, as a constraint's does: ``nobody_pays_what_he_or_she_approved``. It is asked when a row
    is made, and when it is changed in one of the columns `of`, by default in any.
    """
    name_rule(table, f"ck_{table.name}_{name}", column, Rule(name, "", message))
    for dialect, statement in statements(table.name, name, when, of):
        table.info.setdefault("triggers", []).append((dialect, statement))
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))


def statements(table: str, name: str, when: str, of: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The triggers of a rule, each with the dialect it is for."""
    constraint, update = f"ck_{table}_{name}", f"UPDATE OF {', '.join(of)}" if of else "UPDATE"
    yield (
        "postgresql",
        f"CREATE OR REPLACE FUNCTION {constraint}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} THEN "
        f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation', TABLE = '{table}', CONSTRAINT = '{constraint}'; "
        "END IF; RETURN NEW; END $$",
    )
    yield (
        "postgresql",
        f"CREATE TRIGGER {constraint} BEFORE INSERT OR {update} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {constraint}()",
    )
    for moment, words in (("insert", "INSERT"), ("update", update)):
        yield (
            "sqlite",
            f"CREATE TRIGGER {constraint}_on_{moment} BEFORE {words} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: {constraint}'); END",
        )
