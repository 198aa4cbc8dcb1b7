"""What the department tailors: added fields of records, levels of authority, roles.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

EXTENDABLE = (
    *("claim", "complaint", "consultation", "contract", "customer", "insured_object"),
    *("lead", "person", "product", "quote", "renewal", "system_fault"),
)


def upgrade() -> None:
    """Add the table and the columns; empty columns cost no rewriting of a table."""
    op.create_table(
        "tailoring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tailoring")),
        sa.UniqueConstraint("what", "name", name=op.f("uq_tailoring_what_name")),
    )
    for table in EXTENDABLE:
        kept = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
        op.add_column(table, sa.Column("extra", kept, nullable=True))


def downgrade() -> None:
    """Take them away again."""
    for table in EXTENDABLE:
        op.drop_column(table, "extra")
    op.drop_table("tailoring")
