"""Units are a tree: the database refuses one that would stand above itself, whoever writes. Scripts name products.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0015"
down_revision = "0014"
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
    op.create_table(
        "script_products",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_script_products_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_script_products_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_script_products_product_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["script.id"], name=op.f("fk_script_products_script_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_products")),
        sa.UniqueConstraint("script_id", "product_id", name=op.f("uq_script_products_script_id_product_id")),
    )
    with op.batch_alter_table("script_products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_script_products_product_id"), ["product_id"], unique=False)
    _keep_the_tree()


def _keep_the_tree() -> None:
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
    op.drop_table("script_products")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER unit_is_a_tree ON unit")
        op.execute("DROP FUNCTION keep_tree()")
        return
    op.execute("DROP TRIGGER unit_grows_as_a_tree")
    op.execute("DROP TRIGGER unit_stays_a_tree")
