"""Single keys may be turned off, a newcomer is shown around once, the house has a logo, demonstration rows are noted.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user_preference") as batch_op:
        batch_op.add_column(sa.Column("single_keys", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("toured", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "house_picture",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("content_type", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_house_picture")),
    )
    op.create_table(
        "demo_range",
        sa.Column("table_name", sa.String(length=80), nullable=False),
        sa.Column("first_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("noted_at", app.schema.types.UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "first_id", name=op.f("pk_demo_range")),
    )
    # Who is there already is no newcomer.
    op.execute("UPDATE user_preference SET toured = true")
    op.execute(
        "INSERT INTO user_preference (user_id, single_keys, toured)"
        " SELECT id, true, true FROM ab_user WHERE id NOT IN (SELECT user_id FROM user_preference)"
    )


def downgrade() -> None:
    op.drop_table("demo_range")
    op.drop_table("house_picture")
    with op.batch_alter_table("user_preference") as batch_op:
        batch_op.drop_column("toured")
        batch_op.drop_column("single_keys")
