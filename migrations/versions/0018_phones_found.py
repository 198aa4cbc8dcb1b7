"""Customers and leads are found by their phone number.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("customer") as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_phone"), ["phone"])
    with op.batch_alter_table("lead") as batch_op:
        batch_op.create_index(batch_op.f("ix_lead_phone"), ["phone"])


def downgrade() -> None:
    with op.batch_alter_table("lead") as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_phone"))
    with op.batch_alter_table("customer") as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_phone"))
