"""Clocks that tick are found by record and end, and those kept too late: lists are filtered by how clocks stand.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OPEN = sa.text("stopped_at IS NULL")
LATE, LATE_ON_SQLITE = (sa.text(f"met IS {true} AND due <= stopped_at") for true in ("true", "1"))


def upgrade() -> None:
    op.create_index("ix_clock_open", "clock", ["record", "due"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_index(
        "ix_clock_kept_late", "clock", ["record", "row_id"], postgresql_where=LATE, sqlite_where=LATE_ON_SQLITE
    )
    op.drop_index("ix_clock_due", table_name="clock")


def downgrade() -> None:
    op.create_index("ix_clock_due", "clock", ["stopped_at", "due"])
    op.drop_index("ix_clock_kept_late", table_name="clock")
    op.drop_index("ix_clock_open", table_name="clock")
