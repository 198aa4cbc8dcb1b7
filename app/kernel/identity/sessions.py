"""Sessions: begun at the door, looked up with each request, ended at once when the person's rights change.

The cookie carries a random token and nothing else; a copy of it is worth nothing once the row here has ended.
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import bindparam, event, func, inspect, select, update
from sqlalchemy.orm import Session, UOWTransaction

from app.kernel.actor import Actor
from app.kernel.guard import GuardedSession
from app.kernel.identity.narrowing import seen_as
from app.kernel.identity.settings import FACTOR_ROLES, IDLE, LONGEST
from app.kernel.identity.tables import UserSession
from app.kernel.permissions import Actors
from app.kernel.saved_views import VIEWS
from app.kernel.settings import kept_value, setting_value, understood
from app.kernel.tables import Epoch, Notice
from app.schema.errors import NotPermitted

TOUCHED_EVERY = timedelta(minutes=2)
"""When a session was last used is written down no more often than this."""
KEPT = "kept_session"
"""Key of `Session.info`: the id of the session a change of password does not end."""

_LOOKUP = (
    select(
        UserSession.id,
        UserSession.user_id,
        UserSession.created_at,
        UserSession.seen_at,
        UserSession.factor_needed,
        UserSession.factor_at,
        UserSession.as_user_id,
        UserSession.as_writes,
        User.active,
        select(Epoch.value).where(Epoch.name == "access").scalar_subquery().label("epoch"),
        select(Epoch.value).where(Epoch.name == VIEWS).scalar_subquery().label("views"),
        kept_value(IDLE).label("idle"),
        kept_value(LONGEST).label("longest"),
        kept_value(FACTOR_ROLES).label("factor_roles"),
        select(func.count())
        .where(
            Notice.channel == "app",
            Notice.user_id == func.coalesce(UserSession.as_user_id, UserSession.user_id),
            Notice.read_at.is_(None),
        )
        .scalar_subquery()
        .label("unread"),
    )
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.token_hash == bindparam("token_hash"), UserSession.ended_at.is_(None))
)


@dataclass(frozen=True)
class Presence:
    """Who is behind a request: by a session of a browser, or by a token of the API.

    `pending`: the second factor is still to come, and until then nobody is there. `must_enrol`: a role demands a second
    factor and the person has none yet. `stale`: to be touched. `behind`: the person who sees the panel as `actor`.
    `read_only`: nothing may be written. `unread`: notices the `actor` has not read; each page shows it, and a statement
    of its own would cost more than to count them with the session. `views`: the epoch of saved views.
    """

    session_id: int | None
    user_id: int
    actor: Actor
    token_id: int | None = None
    behind: Actor | None = None
    read_only: bool = False
    pending: bool = False
    must_enrol: bool = False
    stale: bool = False
    unread: int = 0
    views: int = 0


def fingerprint(token: str) -> str:
    """What is kept of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(
    session: Session,
    user_id: int,
    method: str,
    address: str,
    user_agent: str,
    *,
    needed: bool = False,
    passed: bool = False,
) -> str:
    """Begin a session; returns its token. `needed`: a second factor must follow; `passed`: it did already."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    session.add(
        UserSession(
            token_hash=fingerprint(token),
            user_id=user_id,
            created_at=now,
            seen_at=now,
            address=address[:64],
            user_agent=user_agent[:300],
            method=method,
            factor_needed=needed,
            factor_at=now if passed else None,
        )
    )
    session.flush()
    return token


def present(session: Session, actors: Actors, token: str, now: datetime) -> Presence | None:
    """Who a token belongs to; None once its session ended or ran out. One query when nothing has changed."""
    row = session.connection().execute(_LOOKUP, {"token_hash": fingerprint(token)}).one_or_none()
    if row is None or not row.active:
        return None
    idle, longest = understood(IDLE, row.idle), understood(LONGEST, row.longest)
    if now - row.seen_at > timedelta(minutes=idle) or now - row.created_at > timedelta(hours=longest):
        return None
    actor = actors.at(session, row.user_id, row.epoch)
    passed, seen = row.factor_at is not None, None
    if row.as_user_id is not None and (target := actors.of(session, row.as_user_id)) is not None:
        with suppress(NotPermitted):
            seen = seen_as(actor, target, writes=row.as_writes)
    return Presence(
        session_id=row.id,
        user_id=row.user_id,
        actor=seen or actor,
        behind=actor if seen else None,
        read_only=seen is not None and not row.as_writes,
        pending=row.factor_needed and not passed,
        must_enrol=not row.factor_needed and not passed and needs_factor(row.factor_roles, actor),
        stale=now - row.seen_at > TOUCHED_EVERY,
        unread=row.unread if seen or row.as_user_id is None else 0,
        views=row.views or 0,
    )


def needs_factor(kept: Any, actor: Actor) -> bool:
    """Whether a role of the actor demands a second factor, by what was kept of the setting."""
    needy = {name for name in (understood(FACTOR_ROLES, kept) or "").split(",") if name}
    return not needy.isdisjoint(actor.roles)


def see_as(session: Session, session_id: int | None, user_id: int | None, *, writes: bool) -> None:
    """Let a session see the panel as another user; None ends it."""
    mine = update(UserSession).where(UserSession.id == session_id)
    session.connection().execute(mine.values(as_user_id=user_id, as_writes=writes))


def touch(session: Session, session_id: int, now: datetime) -> None:
    """Write down that a session is in use."""
    mine = update(UserSession).where(UserSession.id == session_id, UserSession.seen_at < now)
    session.execute(mine.values(seen_at=now).execution_options(synchronize_session=False))


def pass_factor(session: Session, session_id: int) -> str:
    """The second factor was right: the session is whole from here on, under a new token, which is returned."""
    token = secrets.token_urlsafe(32)
    mine = update(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None))
    values = {"token_hash": fingerprint(token), "factor_at": datetime.now(UTC)}
    session.connection().execute(mine.values(**values))
    return token


def end(
    session: Session, why: str, *, session_id: int | None = None, user_id: int | None = None, but: int | None = None
) -> int:
    """End one session, or all of a person's `but` one; returns how many. `why` such as "signed out"."""
    mine = update(UserSession).where(UserSession.ended_at.is_(None))
    if session_id is not None:
        mine = mine.where(UserSession.id == session_id)
    if user_id is not None:
        mine = mine.where(UserSession.user_id == user_id)
    if but is not None:
        mine = mine.where(UserSession.id != but)
    assert session_id is not None or user_id is not None, "say whose sessions end"
    return session.connection().execute(mine.values(ended_at=datetime.now(UTC), ended_why=why)).rowcount


def open_sessions(session: Session, user_id: int) -> list[UserSession]:
    """The sessions of a person that still live, the last used first."""
    now = datetime.now(UTC)
    fresh = now - timedelta(minutes=setting_value(session, IDLE))
    young = now - timedelta(hours=setting_value(session, LONGEST))
    mine = select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.ended_at.is_(None),
        UserSession.seen_at > fresh,
        UserSession.created_at > young,
    )
    return list(session.scalars(mine.order_by(UserSession.seen_at.desc())))


_ENDING = {"roles": "roles changed", "active": "deactivated", "password": "password changed"}


@event.listens_for(GuardedSession, "after_flush")
def _end_with_the_rights(session: Session, context: UOWTransaction) -> None:
    """What a session was begun with no longer holds: new roles, no more access, another password."""
    for user in session.dirty:
        if not isinstance(user, User):
            continue
        state = inspect(user)
        for field, why in _ENDING.items():
            if state.attrs[field].history.has_changes():
                kept = session.info.get(KEPT) if field == "password" else None
                end(session, why, user_id=user.id, but=kept)
