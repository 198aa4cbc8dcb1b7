"""What is kept of files on their way in and out, besides the upload itself (`ImportBatch`)."""

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.types import UtcMoment


def _now() -> datetime:
    return datetime.now(UTC)


class ImportedRow(Model):
    """A row that an import made (`old` is None) or changed, in the order of writing: what it takes to undo it.

    `version` is the one the import left behind. Values are unmasked; they go when the upload is forgotten.
    """

    __tablename__ = "imported_row"
    __table_args__: Any = (Index("ix_imported_row_batch", "batch_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id", ondelete="CASCADE"))
    record: Mapped[str] = mapped_column(String(80))
    row_id: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    old: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ImportMapping(Model):
    """Which column of a file fills which field, and what its words mean, kept by a person under a name."""

    __tablename__ = "import_mapping"
    __table_args__: Any = (UniqueConstraint("user_id", "profile", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    profile: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)
    words: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    used_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)


class ExportFile(Model):
    """A list on its way into a file: what was asked for, by whom, how far it is, and where the file lies.

    `asked` are the parameters of the list's address, `rows` how many there were when it was asked for. Above the cap
    it waits for somebody else to agree (`decided_by_id`). `path` is empty once the file is gone.
    """

    __tablename__ = "export_file"
    __table_args__: Any = (Index("ix_export_file_user", "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(80))
    form: Mapped[str] = mapped_column(String(10))
    asked: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    locale: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    state: Mapped[str] = mapped_column(String(20))
    rows: Mapped[int | None] = mapped_column(Integer)
    path: Mapped[str] = mapped_column(String(400))
    filename: Mapped[str] = mapped_column(String(300))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    error: Mapped[str | None] = mapped_column(Text)
