"""API tokens: ``Authorization: Bearer yx_…``. Kept as hashes, with an end, and never wider than the person."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.identity.narrowing import AREA, READ, SCOPES, areas, narrowed
from app.kernel.identity.sessions import TOUCHED_EVERY, Presence, fingerprint, needs_factor
from app.kernel.identity.settings import FACTOR_ROLES
from app.kernel.identity.tables import ApiToken, Passkey, UserTotp
from app.kernel.permissions import Actors
from app.kernel.settings import kept_value
from app.kernel.tables import Epoch
from app.schema.errors import Refusal
from app.schema.registry import registry

PREFIX = "yx_"
DAYS = (7, 30, 90, 365)
"""How long a token may live."""

_LOOKUP = (
    select(
        ApiToken.id,
        ApiToken.user_id,
        ApiToken.may,
        ApiToken.records,
        ApiToken.expires_at,
        ApiToken.seen_at,
        User.active,
        select(Epoch.value).where(Epoch.name == "access").scalar_subquery().label("epoch"),
        kept_value(FACTOR_ROLES).label("factor_roles"),
        or_(
            select(UserTotp.user_id).where(UserTotp.user_id == User.id, UserTotp.confirmed_at.is_not(None)).exists(),
            select(Passkey.id).where(Passkey.user_id == User.id).exists(),
        ).label("enrolled"),
    )
    .join(User, User.id == ApiToken.user_id)
    .where(ApiToken.token_hash == bindparam("token_hash"), ApiToken.ended_at.is_(None))
)


def make(
    session: Session,
    user_id: int,
    name: str,
    *,
    may: Iterable[str],
    days: int,
    now: datetime,
    records: Iterable[str] = (),
) -> str:
    """A new token for a person; returned now and never again. Raises `Refusal`.

    `may` are the scopes it is made for; `records` those it is for, or areas as ``area:Claims``; all of them if none.
    """
    if not name.strip():
        raise Refusal("Say what the token is for.", field="name")
    scopes, only = [scope for scope in SCOPES if scope in set(may) | {READ}], sorted(set(records))
    if not set(only) <= {str(record.__tablename__) for record in registry} | {_written(area) for area in areas()}:
        raise Refusal("Choose from the list.", field="records")
    if days not in DAYS:
        raise Refusal("Choose how long the token lives.", field="days")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(token_hash=fingerprint(token), user_id=user_id, name=name.strip()[:80], may=" ".join(scopes))
    row.records = " ".join(only) or None
    row.created_at, row.expires_at = now, now + timedelta(days=days)
    session.add(row)
    session.flush()
    return token


def _written(area: str) -> str:
    return AREA + area.replace(" ", "_")


def choices() -> dict[str, str]:
    """The areas a token may be made for, by what stands in it; English, the keys of their translations."""
    return {_written(area): area for area in areas()}


def of(session: Session, user_id: int, now: datetime) -> list[ApiToken]:
    """A person's tokens that still work, the newest first."""
    mine = (ApiToken.user_id == user_id, ApiToken.ended_at.is_(None), ApiToken.expires_at > now)
    return list(session.scalars(select(ApiToken).where(*mine).order_by(ApiToken.id.desc())))


def end(session: Session, user_id: int, key: int, now: datetime) -> bool:
    """End one of a person's tokens; whether there was such a one."""
    mine = update(ApiToken).where(ApiToken.id == key, ApiToken.user_id == user_id, ApiToken.ended_at.is_(None))
    return session.connection().execute(mine.values(ended_at=now)).rowcount == 1


def bearer(session: Session, actors: Actors, token: str, now: datetime) -> Presence | None:
    """Who a token speaks for; None when it does not hold. One query when nothing has changed."""
    row = session.execute(_LOOKUP, {"token_hash": fingerprint(token)}).one_or_none()
    if row is None or not row.active or row.expires_at <= now:
        return None
    actor = actors.at(session, row.user_id, row.epoch, "api")
    return Presence(
        session_id=None,
        token_id=row.id,
        user_id=row.user_id,
        actor=narrowed(actor, row.may.split(), (row.records or "").split()),
        read_only=row.may == READ,
        must_enrol=not row.enrolled and needs_factor(row.factor_roles, actor),
        stale=row.seen_at is None or now - row.seen_at > TOUCHED_EVERY,
    )


def touch(session: Session, token_id: int, now: datetime) -> None:
    """Write down that a token is in use."""
    session.connection().execute(update(ApiToken).where(ApiToken.id == token_id).values(seen_at=now))
