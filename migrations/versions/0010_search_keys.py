"""How the names of customers, people and products sound, for the search.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from app.kernel.spelling import spelling

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("customer", "person", "product")
BATCH = 5000


def upgrade() -> None:
    connection = op.get_bind()
    for name in TABLES:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column("search_key", sa.Text(), nullable=True))
        table = sa.table(name, sa.column("id"), sa.column("name"), sa.column("search_key"))
        change = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(search_key=sa.bindparam("_key"))
        last = 0
        while rows := connection.execute(
            sa.select(table.c.id, table.c.name).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
        ).all():
            connection.execute(change, [{"_id": row.id, "_key": spelling(row.name)} for row in rows])
            last = rows[-1].id


def downgrade() -> None:
    for name in reversed(TABLES):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_column("search_key")
