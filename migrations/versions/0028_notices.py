"""Ways of notices: what each person chose, copies by other channels than the bell.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

FOREIGN = "fk_notice_copy_of_id"


def upgrade() -> None:
    with op.batch_alter_table("notice") as table:
        table.add_column(sa.Column("topic", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("copy_of_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("forwarded_at", app.schema.types.UtcMoment(), nullable=True))
        table.create_foreign_key(FOREIGN, "notice", ["copy_of_id"], ["id"], ondelete="CASCADE")
    op.create_index(op.f("ix_notice_copy_of_id"), "notice", ["copy_of_id"])
    op.create_table(
        "notice_reader",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("since", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("quiet_from", sa.String(length=5), nullable=False),
        sa.Column("quiet_until", sa.String(length=5), nullable=False),
        sa.Column("summary", sa.Boolean(), nullable=False),
        sa.Column("summary_hour", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_reader")),
    )
    op.create_table(
        "notice_wish",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "topic", "channel", name=op.f("pk_notice_wish")),
    )


def downgrade() -> None:
    op.drop_table("notice_wish")
    op.drop_table("notice_reader")
    op.execute("DELETE FROM notice WHERE copy_of_id IS NOT NULL OR state = 'gathered'")
    op.drop_index(op.f("ix_notice_copy_of_id"), table_name="notice")
    with op.batch_alter_table("notice") as table:
        table.drop_constraint(FOREIGN, type_="foreignkey")
        table.drop_column("forwarded_at")
        table.drop_column("copy_of_id")
        table.drop_column("topic")
