"""Units are a tree: the database refuses one that would stand above itself, whoever writes.

Revision ID: 0015
Revises: 0013
"""

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

ANY = "' || quote_ident(TG_TABLE_NAME) || '"


def _above(parent: str, table: str) -> str:
    """The ids above a row whose parent is `parent`, as the beginning of a query."""
    tree = f"SELECT t.parent_id FROM {table} AS t JOIN above ON t.id = above.id"
    return f"WITH RECURSIVE above(id) AS (SELECT {parent} UNION {tree})"


FUNCTION = (
    "CREATE OR REPLACE FUNCTION keep_tree() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE circle boolean; BEGIN "
    "PERFORM pg_advisory_xact_lock(hashtext('tree'), hashtext(TG_TABLE_NAME)); "
    f"EXECUTE '{_above('$1', ANY)} "
    "SELECT $2 IN (SELECT id FROM above WHERE id IS NOT NULL)' INTO circle USING NEW.parent_id, NEW.id; "
    "IF circle THEN RAISE EXCEPTION 'a row stands above itself' USING ERRCODE = 'check_violation', "
    "TABLE = TG_TABLE_NAME, CONSTRAINT = 'ck_' || TG_TABLE_NAME || '_no_row_stands_above_itself'; END IF; "
    "RETURN NULL; END $$"
)
REFUSE = (
    "BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: ck_unit_no_row_stands_above_itself') "
    f"WHERE NEW.id IN ({_above('NEW.parent_id', 'unit')} SELECT id FROM above); END"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
        op.execute(
            "CREATE TRIGGER unit_is_a_tree AFTER INSERT OR UPDATE OF id, parent_id ON unit "
            "FOR EACH ROW WHEN ((new.parent_id IS NOT NULL)) EXECUTE FUNCTION keep_tree()"
        )
        return
    for name, moment in (("grows_as_a_tree", "INSERT"), ("stays_a_tree", "UPDATE OF id, parent_id")):
        op.execute(f"CREATE TRIGGER unit_{name} AFTER {moment} ON unit WHEN NEW.parent_id IS NOT NULL {REFUSE}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER unit_is_a_tree ON unit")
        op.execute("DROP FUNCTION keep_tree()")
        return
    op.execute("DROP TRIGGER unit_grows_as_a_tree")
    op.execute("DROP TRIGGER unit_stays_a_tree")
