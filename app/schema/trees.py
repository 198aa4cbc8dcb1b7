"""Trees: no row stands above itself. The database itself refuses it, whoever writes and however many at once.

The triggers come with ``create_all``; migrations write the same ones out. SQLite drops a table's triggers when batch
mode rebuilds it: a migration that does so makes them again.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, Table, event

from app.schema.rules import Rule, name_rule

RULE = Rule(
    "no_row_stands_above_itself",
    "",
    "the row would stand above itself; choose one that does not lie below it",
)
LOCK = "tree"
"""The class of PostgreSQL's advisory locks by which two changes of one tree wait for each other, as a word to hash."""
_ANY = "' || quote_ident(TG_TABLE_NAME) || '"


def _above(parent: str, table: str) -> str:
    """The ids above a row whose parent is `parent`, as the beginning of a query."""
    tree = f"SELECT t.parent_id FROM {table} AS t JOIN above ON t.id = above.id"
    return f"WITH RECURSIVE above(id) AS (SELECT {parent} UNION {tree})"


_FUNCTION = (
    "CREATE OR REPLACE FUNCTION keep_tree() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE circle boolean; BEGIN "
    f"PERFORM pg_advisory_xact_lock(hashtext('{LOCK}'), hashtext(TG_TABLE_NAME)); "
    f"EXECUTE '{_above('$1', _ANY)} "
    "SELECT $2 IN (SELECT id FROM above WHERE id IS NOT NULL)' INTO circle USING NEW.parent_id, NEW.id; "
    "IF circle THEN RAISE EXCEPTION 'a row stands above itself' USING ERRCODE = 'check_violation', "
    f"TABLE = TG_TABLE_NAME, CONSTRAINT = 'ck_' || TG_TABLE_NAME || '_{RULE.name}'; END IF; RETURN NULL; END $$"
)


def keep(table: Table) -> None:
    """Refuse circles of ``parent_id`` in `table` from the moment it is created."""
    name_rule(table, f"ck_{table.name}_{RULE.name}", "parent_id", RULE)
    for dialect, statement in statements(table.name):
        event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))


def statements(table: str) -> Iterator[tuple[str, str]]:
    """The triggers of a tree kept in `table`, each with the dialect it is for."""
    yield "postgresql", _FUNCTION
    yield (
        "postgresql",
        f"CREATE TRIGGER {table}_is_a_tree AFTER INSERT OR UPDATE OF id, parent_id ON {table} "
        "FOR EACH ROW WHEN ((new.parent_id IS NOT NULL)) EXECUTE FUNCTION keep_tree()",
    )
    refuse = (
        f"BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: ck_{table}_{RULE.name}') "
        f"WHERE NEW.id IN ({_above('NEW.parent_id', table)} SELECT id FROM above); END"
    )
    for name, moment in (("grows_as_a_tree", "INSERT"), ("stays_a_tree", "UPDATE OF id, parent_id")):
        yield (
            "sqlite",
            f"CREATE TRIGGER {table}_{name} AFTER {moment} ON {table} WHEN NEW.parent_id IS NOT NULL {refuse}",
        )
