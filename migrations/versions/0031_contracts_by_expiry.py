"""Contracts in the order in which they expire, read from an index: of a day there may be thousands.

Revision ID: 0031
Revises: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contract") as batch_op:
        batch_op.drop_index("ix_contract_expiry")
        batch_op.create_index("ix_contract_expiry", ["expires_on", "id", "state"])


def downgrade() -> None:
    with op.batch_alter_table("contract") as batch_op:
        batch_op.drop_index("ix_contract_expiry")
        batch_op.create_index("ix_contract_expiry", ["expires_on", "state"])
