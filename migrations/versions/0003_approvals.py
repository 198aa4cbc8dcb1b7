"""Approvals in a table of their own; what a claim's approval is bound to is kept there, no longer on the claim.

Going up, a claim approved and not yet paid has no approval in the new table: it is taken back to review before it is
paid. Going down, the seal stays empty, with the same effect.
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIVE = sa.text("void_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("for_id", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("void_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("void_why", sa.String(length=200), nullable=True),
        sa.CheckConstraint("verdict IN ('yes', 'no')", name=op.f("ck_approval_verdict_is_known")),
        sa.ForeignKeyConstraint(["for_id"], ["ab_user.id"], name=op.f("fk_approval_for_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_approval_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    for name, column in (("part", "part"), ("giver", "user_id"), ("in_place_of", "for_id")):
        fields = ["record", "row_id", "step", column]
        op.create_index(
            f"uq_approval_{name}", "approval", fields, unique=True, sqlite_where=LIVE, postgresql_where=LIVE
        )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_column("seal")


def downgrade() -> None:
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seal", sa.String(length=200), nullable=True))
    op.drop_table("approval")
