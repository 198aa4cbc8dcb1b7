"""Answers of the API kept by their keys, scopes of its tokens, and the webhooks.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ALL, READING = "read write steps files", "read"


def upgrade() -> None:
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("status", sa.Integer(), nullable=True))
        table.add_column(sa.Column("answer", sa.Text(), nullable=True))
    with op.batch_alter_table("api_token") as table:
        table.add_column(sa.Column("may", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("records", sa.Text(), nullable=True))
    tokens = sa.table("api_token", sa.column("writes", sa.Boolean()), sa.column("may", sa.String()))
    op.execute(tokens.update().values(may=sa.case((tokens.c.writes, ALL), else_=READING)))
    with op.batch_alter_table("api_token") as table:
        table.alter_column("may", existing_type=sa.String(length=80), nullable=False)
        table.drop_column("writes")
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("secret_before", sa.Text(), nullable=True),
        sa.Column("before_until", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_user_id"), "webhook", ["user_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_webhook_user_id"), table_name="webhook")
    op.drop_table("webhook")
    with op.batch_alter_table("api_token") as table:
        table.add_column(sa.Column("writes", sa.Boolean(), nullable=True))
    tokens = sa.table("api_token", sa.column("writes", sa.Boolean()), sa.column("may", sa.String()))
    op.execute(tokens.update().values(writes=tokens.c.may.contains("write")))
    with op.batch_alter_table("api_token") as table:
        table.alter_column("writes", existing_type=sa.Boolean(), nullable=False)
        table.drop_column("records")
        table.drop_column("may")
    with op.batch_alter_table("submission") as table:
        table.drop_column("answer")
        table.drop_column("status")
