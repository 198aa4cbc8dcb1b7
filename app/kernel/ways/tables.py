"""The tables of what people chose about their notices."""

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.types import UtcMoment


class NoticeReader(Model):
    """How a person is reached. Nothing told before `since` is sent to him or her by another way than the bell.

    `quiet_from` and `quiet_until` are times such as ``22:00`` on the person's own clock, empty for no quiet hours;
    `summary` gathers what is not pressing into one mail a day, sent at the full hour `summary_hour`.
    """

    __tablename__ = "notice_reader"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcMoment)
    phone: Mapped[str | None] = mapped_column(String(40))
    quiet_from: Mapped[str] = mapped_column(String(5), default="")
    quiet_until: Mapped[str] = mapped_column(String(5), default="")
    summary: Mapped[bool] = mapped_column(Boolean, default=False)
    summary_hour: Mapped[int] = mapped_column(Integer, default=8)


class NoticeWish(Model):
    """A person wants to hear of an topic by a channel; the topic ``*`` is everything."""

    __tablename__ = "notice_wish"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(80), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
