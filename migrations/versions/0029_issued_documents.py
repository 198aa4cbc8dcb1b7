"""Documents that were issued: numbered, with the code that verifies them.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issued_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("whom", sa.String(length=80), nullable=False),
        sa.Column("substance", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("issued_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("replaced_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_issued_document_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_document")),
        sa.UniqueConstraint("code", name=op.f("uq_issued_document_code")),
        sa.UniqueConstraint(
            "record", "record_id", "name", "running", name=op.f("uq_issued_document_record_record_id_name_running")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_issued_document_token")),
    )
    op.create_index("ix_issued_document_row", "issued_document", ["record", "record_id"])


def downgrade() -> None:
    op.drop_index("ix_issued_document_row", table_name="issued_document")
    op.drop_table("issued_document")
