"""Absences with their deputies; how far a role reaches may differ by verb.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "approved",
                "refused",
                "cancelled",
                name="AbsenceState_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("deputy_id <> person_id", name=op.f("ck_absence_the_deputy_is_somebody_else")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_absence_it_ends_no_earlier_than_it_starts")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_absence_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_absence_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["deputy_id"], ["person.id"], name=op.f("fk_absence_deputy_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["owner_id"], ["ab_user.id"], name=op.f("fk_absence_owner_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_absence_person_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_absence_unit_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absence_deputy_id"), ["deputy_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_absence_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_absence_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_absence_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_absence_unit_id"), ["unit_id"], unique=False)

    _scopes_by(("record", "verb"))


def downgrade() -> None:
    _scopes_by(("record",))
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absence_unit_id"))
        batch_op.drop_index(batch_op.f("ix_absence_state"))
        batch_op.drop_index(batch_op.f("ix_absence_person_id"))
        batch_op.drop_index(batch_op.f("ix_absence_owner_id"))
        batch_op.drop_index(batch_op.f("ix_absence_deputy_id"))

    op.drop_table("absence")


def _scopes_by(names: tuple[str, ...]) -> None:
    """Make the table anew with these columns besides the role in its key; SQLite cannot change a key. The rows stay."""
    connection = op.get_bind()
    old = sa.Table("role_scope", sa.MetaData(), autoload_with=connection)
    rows = [dict(row._mapping) for row in connection.execute(sa.select(old))]
    op.drop_table("role_scope")
    made = op.create_table(
        "role_scope",
        sa.Column("role_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length=80), nullable=False) for name in names),
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], name=op.f("fk_role_scope_role_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("role_id", *names, name=op.f("pk_role_scope")),
    )
    kept = [{"verb": ""} | row for row in rows if not row.get("verb") or "verb" in names]
    if kept:
        op.bulk_insert(made, [{name: row[name] for name in ("role_id", *names, "scope")} for row in kept])
