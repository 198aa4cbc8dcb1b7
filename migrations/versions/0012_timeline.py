"""Comments and the trash; notices about a row are found by it.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("earlier", sa.JSON(), nullable=False),
        sa.Column("named", sa.JSON(), nullable=False),
        sa.Column("edited_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("removed_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("removed_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["ab_user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_row", "comment", ["record", "record_id", "id"])
    op.create_table(
        "trash",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_by", sa.String(length=200), nullable=False),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trash")),
    )
    op.create_index("ix_trash_row", "trash", ["record", "record_id"])
    op.create_index("ix_trash_at", "trash", ["at"])
    op.create_index("ix_notice_row", "notice", ["record", "record_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_notice_row", table_name="notice")
    op.drop_table("trash")
    op.drop_table("comment")
