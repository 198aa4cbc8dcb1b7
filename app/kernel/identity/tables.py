"""The tables of identity. Secrets stand in them as hashes: who reads the database cannot sign in with it."""

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.types import UtcMoment


def _now() -> datetime:
    return datetime.now(UTC)


class UserSession(Model):
    """One browser of one person, from sign-in to its end. The cookie carries a random token; this row decides.

    `token_hash` is the SHA-256 of the token. `method` is how the person came in: password, and so on. `as_user_id`
    is whom the person sees the panel as for the time being, `as_writes` whether writing is allowed. Moments are UTC.
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
    as_user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    as_writes: Mapped[bool] = mapped_column(Boolean, default=False)


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
    """What a person chose for himself or herself; it comes along to another browser.

    `single_keys` says whether a key by itself, such as "/", does anything; `toured` whether the tour for newcomers is
    over, to its end or not.
    """

    __tablename__ = "user_preference"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    locale: Mapped[str | None] = mapped_column(String(20))
    single_keys: Mapped[bool] = mapped_column(Boolean, default=True)
    toured: Mapped[bool] = mapped_column(Boolean, default=False)


class UserTotp(Model):
    """A person's authenticator app; it counts once `confirmed_at` is set.

    `secret` is sealed (see `sealing`); `last_step` is the 30-second step of the last code, so that none is taken twice.
    """

    __tablename__ = "user_totp"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(300))
    last_step: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class RecoveryCode(Model):
    """A code for the day the telephone is lost; good once."""

    __tablename__ = "recovery_code"
    __table_args__: Any = {"extend_existing": False}

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Passkey(Model):
    """A key in a person's telephone, computer or security key (WebAuthn); ours is the public half."""

    __tablename__ = "passkey"
    __table_args__: Any = {"extend_existing": False}

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    credential: Mapped[str] = mapped_column(String(700), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    seen_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Challenge(Model):
    """What a passkey is asked to sign; taken once, within minutes, for the purpose and person it was made for."""

    __tablename__ = "challenge"
    __table_args__: Any = {"extend_existing": False}

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    until: Mapped[datetime] = mapped_column(UtcMoment)


class ExternalIdentity(Model):
    """Who a user is elsewhere: `subject` in the directory ("ldap") or at the provider ("oidc")."""

    __tablename__ = "external_identity"
    __table_args__: Any = (UniqueConstraint("source", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(255))


class ApiToken(Model):
    """A key for a program that calls the API as a person, and does no more than the person may; shown once.

    `may` are the scopes it was made for (`app.kernel.identity.narrowing`), `records` those it is for, or areas of the
    menu as ``area:Claims``; both have spaces between. Without `records` it is for all.
    """

    __tablename__ = "api_token"
    __table_args__: Any = {"extend_existing": False}

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    may: Mapped[str] = mapped_column(String(80))
    records: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    seen_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)
