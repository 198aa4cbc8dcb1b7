"""The tables of attention paid to rows: who watches one, and who has one open. No history tells of either."""

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.types import UtcMoment


class Watch(Model):
    """Somebody watches a row: see `app.kernel.watching`."""

    __tablename__ = "watch"
    __table_args__: Any = (Index("ix_watch_user", "user_id", "record"),)

    record: Mapped[str] = mapped_column(String(80), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcMoment, default=lambda: datetime.now(UTC))


class Onlooker(Model):
    """Somebody has a row open, in a form if `editing`: see `app.kernel.looking`."""

    __tablename__ = "onlooker"
    __table_args__: Any = (Index("ix_onlooker_user", "user_id", "at"),)

    record: Mapped[str] = mapped_column(String(80), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment)
    editing: Mapped[bool] = mapped_column(Boolean)
