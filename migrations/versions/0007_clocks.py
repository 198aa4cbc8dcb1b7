"""Clocks and the house's own working days; a claim no longer counts its days by hand.

Open rows get their clocks from the first tick. Days a claim waited for papers before it are not known to its clock.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("promised", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("started_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("paused_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("limits", sa.String(length=300), nullable=False),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("reckoned", sa.String(length=80), nullable=False),
        sa.Column("due", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("warn_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("warned_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("breached_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("stopped_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("record", "row_id", "name", "promised", "round"),
    )
    op.create_index("ix_clock_due", "clock", ["stopped_at", "due"])
    op.create_table(
        "working_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("off", "work", name="DayKind_is_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("hours", sa.String(length=200), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("hours IS NULL OR kind = 'work'", name=op.f("ck_working_day_a_day_off_has_no_hours")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_working_day_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_working_day_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_day")),
        sa.UniqueConstraint("day", name=op.f("uq_working_day_day")),
    )
    op.create_index(op.f("ix_working_day_kind"), "working_day", ["kind"])
    # Not as a batch: that would rebuild the table on SQLite, and lose its check constraints.
    op.drop_column("claim", "counting_since")
    op.drop_column("claim", "days_used")
    op.add_column("claim", sa.Column("refusal_told_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("claim", "refusal_told_on")
    op.add_column("claim", sa.Column("days_used", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("claim", sa.Column("counting_since", sa.Date(), nullable=True))
    op.drop_index(op.f("ix_working_day_kind"), table_name="working_day")
    op.drop_table("working_day")
    op.drop_index("ix_clock_due", table_name="clock")
    op.drop_table("clock")
