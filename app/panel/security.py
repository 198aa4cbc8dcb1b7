"""Sign-in and the actor of each request, on Flask-AppBuilder's users, roles and sign-in back-ends."""

from dataclasses import replace
from typing import Any

from flask import Flask, g, redirect, request, url_for
from flask_appbuilder.security.sqla.manager import SecurityManager
from werkzeug.wrappers import Response

from app.extensions import csrf
from app.kernel.actor import NOBODY, Actor, _address, _current, current_actor
from app.kernel.database import _only_asks, _read_only
from app.kernel.identity.sessions import Presence
from app.kernel.permissions import Actors
from app.panel.identity import entering
from app.schema.errors import NotPermitted

SECOND, ENROLMENT, VIEWING = "SecondFactorPage", "FactorsPage", "ViewingPage"
OWN = ("AccountPage", "TokensPage", ENROLMENT)
"""The pages open to whoever still owes the second factor, to whoever must set one up, to whoever sees as another."""

NOT_YOURS = "This is the person's own; you only see the panel as he or she does."
ONLY_LOOKING = "You are only looking; nothing is written."


class PanelSecurity(SecurityManager):
    """Flask-AppBuilder's security manager, answering from our policy and without its own screens."""

    def register_views(self) -> None:
        """None of the stock screens: `app.panel.signin` and the administration screens take their place."""

    def add_permissions_view(self, base_permissions: Any, view_menu: str) -> None:
        """Permissions are written by ``flask panel sync`` alone, never at boot."""

    def add_permissions_menu(self, view_menu_name: str) -> None:
        """As above."""

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether the present actor holds a permission, by the names Flask-AppBuilder uses."""
        return current_actor().scope(permission_name.removeprefix("can_"), view_name) > 0


def bind_actor(app: Flask, session: Any) -> None:
    """Give every request its actor, and take it away again when the request is over.

    Then the token of the form is asked for: before anything is done, after it is known who asks.
    """
    app.extensions["actors"] = Actors()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False

    @app.before_request
    def _enter() -> None:
        asks = request.method in ("GET", "HEAD", "OPTIONS")
        g.read_only_token = _read_only.set(asks or entering.by_itself())
        _only_asks.set(asks)
        g.actor_token = _current.set(NOBODY)
        _address.set(request.remote_addr)
        if request.endpoint == "static" or request.blueprint == "appbuilder":
            return
        g.presence = entering.recognise(session)
        _current.set(_actor(g.presence))

    @app.before_request
    def _shield() -> None:
        if entering.by_token() is None:
            csrf.protect(apply_exemptions=True)

    @app.teardown_request
    def _leave(error: BaseException | None) -> None:
        if g.pop("actor_token", None) is not None:
            _current.set(NOBODY)
            _address.set(None)
        if g.pop("read_only_token", None) is not None:
            _read_only.set(False)
            _only_asks.set(False)


def close(app: Flask, public: tuple[str, ...]) -> None:
    """Every address is closed to who is not signed in, but for the `public` endpoints.

    Further ones join ``app.extensions["public"]``; those of them that are for people who have no sign-in join
    ``app.extensions["outside"]`` as well, and nobody is sent from there to the door. The API under ``/api/`` answers
    for itself, with 401.
    """
    app.extensions["public"], app.extensions["outside"] = set(public), set()

    @app.before_request
    def _admit() -> Response | None:
        if request.endpoint is None or request.endpoint in app.extensions["public"]:
            return None
        here, view = g.get("presence"), request.endpoint.partition(".")[0]
        if here is not None and here.pending and not request.path.startswith("/api/"):
            leaving = request.endpoint == "SignIn.leave"
            return None if leaving or view == SECOND else redirect(url_for(f"{SECOND}.ask"), 303)
        if here is not None and here.must_enrol and view != ENROLMENT and request.endpoint != "SignIn.leave":
            if request.path.startswith("/api/"):
                raise NotPermitted("Your role needs a second factor: set one up in the panel first.")
            return redirect(url_for(f"{ENROLMENT}.show"), 303)
        if here is not None and (refusal := _closed(here, view)):
            raise NotPermitted(refusal)
        if current_actor() is not NOBODY or request.path.startswith("/api/"):
            return None
        goal = request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None
        return redirect(url_for("SignIn.login", next=goal), 303)


def _closed(here: Presence, view: str) -> str | None:
    """Why something is closed to who only reads, or sees the panel as somebody else; None when it is not."""
    if here.behind is not None and view in OWN:
        return NOT_YOURS
    ending = request.endpoint in ("SignIn.leave", f"{VIEWING}.end")
    if here.read_only and request.method not in ("GET", "HEAD", "OPTIONS") and not ending:
        return ONLY_LOOKING
    return None


def _actor(presence: Presence | None) -> Actor:
    if presence is None or presence.pending:
        return NOBODY
    return replace(presence.actor, source="api") if request.path.startswith("/api/") else presence.actor
