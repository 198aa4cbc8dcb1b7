"""History is only ever added to, says from where, and is sealed.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSE = "BEGIN SELECT RAISE(ABORT, 'this table is only ever added to'); END"
TABLES = {"audit_entry": "id", "audit_seal": "number"}


def upgrade() -> None:
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("part_of", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("part_of_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reverts_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint("fk_audit_entry_user_id", type_="foreignkey")
        batch_op.drop_index("ix_audit_entry_row")
        batch_op.create_index("ix_audit_entry_row", ["record", "record_id", "id"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_part",
            ["part_of", "part_of_id", "id"],
            unique=False,
            postgresql_where=sa.text("part_of IS NOT NULL"),
            sqlite_where=sa.text("part_of IS NOT NULL"),
        )
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    _close()


def _close() -> None:
    """Let the database refuse every change of what was written."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'this table is only ever added to' USING ERRCODE = 'restrict_violation'; END $$"
        )
        for table in TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table, key in TABLES.items():
        op.execute(f"CREATE TRIGGER {table}_keeps_what_was_written BEFORE UPDATE ON {table} {REFUSE}")
        op.execute(f"CREATE TRIGGER {table}_keeps_its_rows BEFORE DELETE ON {table} {REFUSE}")
        taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
        op.execute(f"CREATE TRIGGER {table}_replaces_no_row BEFORE INSERT ON {table} {taken} {REFUSE}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_entry_is_only_added_to ON audit_entry")
        op.execute("DROP TRIGGER audit_seal_is_only_added_to ON audit_seal")
        op.execute("DROP FUNCTION refuse_change()")
    else:
        for table in TABLES:
            for name in ("keeps_what_was_written", "keeps_its_rows", "replaces_no_row"):
                op.execute(f"DROP TRIGGER {table}_{name}")
    op.drop_table("audit_seal")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_part")
        batch_op.drop_index("ix_audit_entry_row")
        batch_op.create_index("ix_audit_entry_row", ["record", "record_id"], unique=False)
        batch_op.create_foreign_key("fk_audit_entry_user_id", "ab_user", ["user_id"], ["id"], ondelete="SET NULL")
        batch_op.drop_column("reverts_id")
        batch_op.drop_column("part_of_id")
        batch_op.drop_column("part_of")
        batch_op.drop_column("address")
