"""Alerts of measures, and the figures somebody was told of.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

import app.schema.rules
import app.schema.types

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measure_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=80), nullable=False),
        sa.Column(
            "of_whom",
            sa.Enum(
                "all_together",
                "each_person",
                "each_unit",
                name="Cut_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "days",
            sa.Enum(
                "this_month",
                "last_7_days",
                "last_30_days",
                name="Over_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "side",
            sa.Enum(
                "falls_below", "rises_above", name="Side_is_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("threshold", app.schema.types.Exact(precision=18, scale=6), nullable=False),
        sa.Column("told_role", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "length(remark) <= 20000", name=op.f("ck_measure_alert_remark_has_at_most_20000_characters")
        ),
        sa.CheckConstraint("length(measure) <= 80", name=op.f("ck_measure_alert_measure_has_at_most_80_characters")),
        sa.CheckConstraint(
            "length(told_role) <= 64", name=op.f("ck_measure_alert_told_role_has_at_most_64_characters")
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("active IN (true, false)", "active IN (0, 1)"),
            name=op.f("ck_measure_alert_active_is_yes_or_no"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "threshold BETWEEN -999999999999.999999 AND 999999999999.999999",
                "threshold BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_measure_alert_threshold_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_measure_alert_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_measure_alert_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["ab_user.id"], name=op.f("fk_measure_alert_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_measure_alert_unit_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_alert")),
    )
    with op.batch_alter_table("measure_alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_measure_alert_days"), ["days"], unique=False)
        batch_op.create_index(batch_op.f("ix_measure_alert_of_whom"), ["of_whom"], unique=False)
        batch_op.create_index(batch_op.f("ix_measure_alert_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_measure_alert_side"), ["side"], unique=False)
        batch_op.create_index(batch_op.f("ix_measure_alert_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "measure_crossing",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["measure_alert.id"], name=op.f("fk_measure_crossing_alert_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_measure_crossing_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "user_id", "subject", name=op.f("pk_measure_crossing")),
    )


def downgrade() -> None:
    op.drop_table("measure_crossing")
    with op.batch_alter_table("measure_alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_measure_alert_unit_id"))
        batch_op.drop_index(batch_op.f("ix_measure_alert_side"))
        batch_op.drop_index(batch_op.f("ix_measure_alert_owner_id"))
        batch_op.drop_index(batch_op.f("ix_measure_alert_of_whom"))
        batch_op.drop_index(batch_op.f("ix_measure_alert_days"))

    op.drop_table("measure_alert")
