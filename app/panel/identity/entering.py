"""Into the house and out of it: the session's row in the database, its token in the cookie."""

from datetime import UTC, datetime
from typing import Any

from flask import current_app, g, redirect, request, session, url_for
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import acting
from app.kernel.database import read_write
from app.kernel.history import summarise
from app.kernel.identity import factors, sessions, tokens
from app.kernel.identity.sessions import Presence
from app.kernel.identity.tables import UserPreference
from app.kernel.permissions import load_actor
from app.panel.identity.paths import safe_next

TOKEN = "token"
"""Key of the cookie's content under which the token stands."""
BY_ITSELF = ".looking"
"""How an address ends that an open page asks by itself: that is no use of a session, which else would never idle."""
GOAL = "goal"
"""Key under which stands where to go on after the second factor."""
NO_KEYS = "no_keys"
"""Key under which stands that a key by itself does nothing, as the person wants it."""
NEWCOMER = "newcomer"
"""Key under which stands that the tour is still to be offered."""


def presence() -> Presence | None:
    """Who is behind this request, if anybody is."""
    found: Presence | None = g.get("presence")
    return found


def by_token() -> str | None:
    """The token of the API this request brings; then no cookie counts, and no token of a form is asked for."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    given = kind.lower() == "bearer" and token.startswith(tokens.PREFIX) and request.path.startswith("/api/")
    return token if given else None


def by_itself() -> bool:
    """Whether an open page asks this by itself. Such a request begins by reading, whatever its method."""
    return (request.endpoint or "").endswith(BY_ITSELF)


def recognise(session_: Any) -> Presence | None:
    """Look up who the token or the cookie of this request belongs to."""
    now, actors = datetime.now(UTC), current_app.extensions["actors"]
    if (bearer := by_token()) is not None:
        found = tokens.bearer(session_, actors, bearer, now)
    elif isinstance(token := session.get(TOKEN), str):
        found = sessions.present(session_, actors, token, now)
    else:
        return None
    if found is not None and found.stale and not by_itself():
        _touch(session_, found, now)
    return found


def _touch(session_: Any, found: Presence, now: datetime) -> None:
    """In a transaction of its own, before the request's begins."""
    session_.rollback()
    with read_write():
        try:
            if found.session_id is not None:
                sessions.touch(session_, found.session_id, now)
            if found.token_id is not None:
                tokens.touch(session_, found.token_id, now)
            session_.commit()
        except OperationalError:
            session_.rollback()  # somebody is writing for long; the next request will do it


def enter(user: User, method: str, goal: str | None, *, passed: bool = False) -> Response:
    """Begin a session for somebody whose identity is proven, and go on to `goal`.

    By way of the second factor, where the person has one and has not `passed` it with the first.
    """
    address, agent = request.remote_addr or "", request.user_agent.string
    needed = not passed and factors.enrolled(db.session, user.id)
    if (before := presence()) is not None and before.session_id is not None:
        sessions.end(db.session, "signed in anew", session_id=before.session_id)
    token = sessions.begin(db.session, user.id, method, address, agent, needed=needed, passed=passed)
    with acting(load_actor(db.session, user.id)):
        summarise(db.session, "ab_user", "sign_in", {"user": user.username, "method": method, "address": address})
    chosen = db.session.get(UserPreference, user.id)
    db.session.commit()
    begin_anew()
    if chosen is not None and chosen.locale in current_app.config["LANGUAGES"]:
        session["locale"] = chosen.locale
    if chosen is not None and not chosen.single_keys:
        session[NO_KEYS] = True
    if chosen is None or not chosen.toured:
        session[NEWCOMER] = True
    session[TOKEN] = token
    if needed:
        session[GOAL] = safe_next(goal)
        return redirect(url_for("SecondFactorPage.ask"))
    return redirect(safe_next(goal))


def preference(user_id: int) -> UserPreference:
    """What the person chose, to be changed; the caller commits."""
    kept = db.session.get(UserPreference, user_id) or UserPreference(user_id=user_id)
    db.session.add(kept)
    return kept


def complete(here: Presence) -> str:
    """The second factor was right: go on under a new token. Returns where to; the caller commits before it answers."""
    assert here.session_id is not None, "only a session of a browser passes a second factor"
    session[TOKEN] = sessions.pass_factor(db.session, here.session_id)
    return safe_next(session.pop(GOAL, None))


def begin_anew() -> None:
    """Drop everything the cookie held, also its token; only the language goes along."""
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale
