"""The table of subscriptions."""

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.types import UtcMoment


class Webhook(Model):
    """An address that is told of events, with what its owner may read of the rows they are about.

    `events` are their names with spaces between: ``claim.add``, ``claim.step:accept``, or ``claim.*`` for all of a
    record. The secrets are sealed; `secret_before` signs as well until `before_until`.
    """

    __tablename__ = "webhook"
    __table_args__: Any = {"extend_existing": False}

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(300))
    events: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    secret: Mapped[str] = mapped_column(Text)
    secret_before: Mapped[str | None] = mapped_column(Text)
    before_until: Mapped[datetime | None] = mapped_column(UtcMoment)
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=lambda: datetime.now(UTC))
