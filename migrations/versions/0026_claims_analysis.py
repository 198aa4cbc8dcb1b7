"""Payouts another system made come in without the account they went to.

Revision ID: 0026
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payout") as batch_op:
        batch_op.alter_column("payee_account", existing_type=sa.String(length=34), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE payout SET payee_account = '00000000' WHERE payee_account IS NULL")
    with op.batch_alter_table("payout") as batch_op:
        batch_op.alter_column("payee_account", existing_type=sa.String(length=34), nullable=False)
