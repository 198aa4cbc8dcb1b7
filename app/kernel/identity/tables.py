"""The tables of identity. Secrets stand in them as hashes: who reads the database cannot sign in with it."""

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.types import UtcMoment


def _now() -> datetime:
    return datetime.now(UTC)


class UserSession(Model):
    """One browser of one person, from sign-in to its end. The cookie carries a random token; this row decides.

    `token_hash` is the SHA-256 of the token. `method` is how the person came in: password, and so on. Moments are UTC.
    """

    __tablename__ = "user_session"
    __table_args__: Any = (Index("ix_user_session_user", "user_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    seen_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    method: Mapped[str] = mapped_column(String(20), default="password")
    factor_needed: Mapped[bool] = mapped_column(Boolean, default=False)
    factor_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    ended_why: Mapped[str | None] = mapped_column(String(40))


class GuessLimit(Model):
    """How often somebody guessed wrong, by what was guessed at: a name, an address, a second factor.

    `key` is a hash, for people type passwords into the field of the name.
    """

    __tablename__ = "guess_limit"
    __table_args__: Any = {"extend_existing": False}

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    locked_until: Mapped[datetime | None] = mapped_column(UtcMoment)


class UserPreference(Model):
    """What a person chose for himself or herself; it comes along to another browser."""

    __tablename__ = "user_preference"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    locale: Mapped[str | None] = mapped_column(String(20))
