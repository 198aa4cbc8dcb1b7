"""What was sent is remembered by its key for a week, so that sent twice it makes one row."""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_submission_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_submission")),
    )


def downgrade() -> None:
    op.drop_table("submission")
