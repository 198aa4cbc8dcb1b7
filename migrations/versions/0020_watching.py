"""Who watches a row, and who has it open.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("since", app.schema.types.UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record", "record_id", "user_id", name=op.f("pk_watch")),
    )
    op.create_index("ix_watch_user", "watch", ["user_id", "record"])
    op.create_table(
        "onlooker",
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("editing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record", "record_id", "user_id", name=op.f("pk_onlooker")),
    )
    op.create_index("ix_onlooker_user", "onlooker", ["user_id", "at"])


def downgrade() -> None:
    op.drop_table("onlooker")
    op.drop_table("watch")
