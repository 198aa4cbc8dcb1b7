"""Imports that are undone, mappings that are kept, exports that run behind the scenes.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

import app.schema.types

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("options", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("asked", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("undone", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "imported_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("old", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_imported_row_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_row")),
    )
    op.create_index("ix_imported_row_batch", "imported_row", ["batch_id", "id"])
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("used_at", app.schema.types.UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_import_mapping_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("user_id", "profile", "name", name=op.f("uq_import_mapping_user_id_profile_name")),
    )
    op.create_table(
        "export_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("filename", sa.String(length=300), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("finished_at", app.schema.types.UtcMoment(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["ab_user.id"], name=op.f("fk_export_file_decided_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_export_file_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_file")),
    )
    op.create_index("ix_export_file_user", "export_file", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("export_file")
    op.drop_table("import_mapping")
    op.drop_table("imported_row")
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_column("undone")
        batch_op.drop_column("asked")
        batch_op.drop_column("options")
