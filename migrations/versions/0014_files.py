"""Files: their table, and the fields of claims that hold them.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FIELDS = {"paper": ("scan",), "survey": ("photo", "signed")}
IS_A_FILE = "length({0}) BETWEEN 46 AND 400 AND substr({0}, 41, 1) = ' '"


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("released_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("buried_at", app.schema.types.UtcMoment(), nullable=True),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_size_is_above_0")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("token", name=op.f("uq_attachment_token")),
    )
    op.create_index("ix_attachment_row", "attachment", ["record", "record_id", "field"])
    op.create_index("ix_attachment_waiting", "attachment", ["user_id", "at"])
    for table, fields in FIELDS.items():
        with op.batch_alter_table(table) as batch_op:
            for field in fields:
                batch_op.add_column(sa.Column(field, sa.String(length=400), nullable=True))
                batch_op.create_check_constraint(batch_op.f(f"ck_{table}_{field}_is_a_file"), IS_A_FILE.format(field))


def downgrade() -> None:
    for table, fields in FIELDS.items():
        with op.batch_alter_table(table) as batch_op:
            for field in fields:
                batch_op.drop_constraint(batch_op.f(f"ck_{table}_{field}_is_a_file"), type_="check")
                batch_op.drop_column(field)
    op.drop_table("attachment")
