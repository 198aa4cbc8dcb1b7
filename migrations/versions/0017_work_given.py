"""The work of somebody who leaves, given to others.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_given",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("finished_at", app.schema.types.UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["by_id"], ["ab_user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_given")),
        sa.UniqueConstraint("key", name=op.f("uq_work_given_key")),
    )
    op.create_index("ix_work_given_user", "work_given", ["user_id", "finished_at"])


def downgrade() -> None:
    op.drop_table("work_given")
