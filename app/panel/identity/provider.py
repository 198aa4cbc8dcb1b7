"""Sign-in through an OpenID Connect provider: code flow with PKCE; state, nonce and signature are checked."""

from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.database import read_write
from app.kernel.identity import external
from app.kernel.identity.external import Newcomer
from app.panel.identity.entering import GOAL, enter
from app.panel.identity.paths import safe_next
from app.panel.labels import said
from app.schema.errors import NotFound, Refusal
from config import Settings

WAIT = 8
"""Seconds the provider may take to answer."""
PUBLIC_KEY = ("RS", "PS", "ES", "Ed")
"""Signatures that only the provider can make; a shared secret or none at all is not enough."""


class ProviderDoor(BaseView):
    """To the provider and back."""

    route_base = "/login/provider"
    default_view = "go"

    @expose("/")
    def go(self) -> Response | tuple[str, int]:
        """Send the browser to the provider."""
        client = _client()
        try:
            _trusted(client)
            leaving: Response = client.authorize_redirect(_back())
        except (RequestException, OAuthError, ValueError):
            return _problem(_("The sign-in service does not answer. Try again, or tell your administrator."), 503)
        session[GOAL] = safe_next(request.args.get("next"))
        return leaving

    @expose("/back")
    def back(self) -> Response | tuple[str, int]:
        """Take the provider's answer."""
        client, settings = _client(), _settings()
        try:
            _trusted(client)
            answer = client.authorize_access_token(leeway=60, timeout=WAIT)
            claims = answer["userinfo"]
        except (RequestException, OAuthError, JoseError, ValueError, KeyError):
            return _problem(_("The sign-in service did not vouch for you. Try again."), 422)
        newcomer = _newcomer(settings, claims)
        if newcomer is None:
            return _problem(_("The sign-in service did not say who you are. Tell your administrator."), 422)
        db.session.rollback()
        with read_write():
            try:
                user = external.settle(db.session, newcomer)
            except Refusal as refusal:
                db.session.rollback()
                return _problem(said(refusal), refusal.status)
            if user is None:
                return _problem(_("You may not sign in here any more."), 422)
            return enter(user, "provider", session.get(GOAL), passed="mfa" in claims.get("amr", ()))


def register(app: Flask, settings: Settings) -> None:
    """Make the provider known to an application, if there is one."""
    app.extensions["provider"] = None
    if not settings.oidc_issuer:
        return
    scopes = {"scope": settings.oidc_scopes, "code_challenge_method": "S256", "default_timeout": WAIT}
    app.extensions["provider"] = OAuth(app).register(
        name="oidc",
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs=scopes,
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _client() -> Any:
    client = current_app.extensions["provider"]
    if client is None:
        raise NotFound("There is no sign-in service here.")
    return client


def _trusted(client: Any) -> None:
    """The provider's own description, which must be that of our issuer; only signatures by its key are taken.

    Raises ValueError.
    """
    told = client.load_server_metadata()
    if told.get("issuer") != _settings().oidc_issuer:
        raise ValueError("another issuer")
    offered = told.get("id_token_signing_alg_values_supported") or ["RS256"]
    told["id_token_signing_alg_values_supported"] = [name for name in offered if name.startswith(PUBLIC_KEY)]


def _newcomer(settings: Settings, claims: Any) -> Newcomer | None:
    name, subject = str(claims.get(settings.oidc_name_claim) or "").strip(), str(claims.get("sub") or "")
    if not name or not subject:
        return None
    groups = claims.get(settings.oidc_roles_claim) or ()
    groups = {groups} if isinstance(groups, str) else set(map(str, groups))
    return Newcomer(
        source="oidc",
        subject=subject,
        username=name,
        first_name=str(claims.get("given_name") or ""),
        last_name=str(claims.get("family_name") or claims.get("name") or ""),
        email=str(claims.get("email") or ""),
        roles=frozenset(role for group, role in settings.oidc_roles.items() if group in groups),
        managed=frozenset(settings.oidc_roles.values()),
    )


def _back() -> str:
    """Where the provider sends the browser back to."""
    house = _settings().public_url.rstrip("/")
    return house + url_for("ProviderDoor.back") if house else url_for("ProviderDoor.back", _external=True)


def _problem(sentence: str, status: int) -> tuple[str, int]:
    return render_template("panel/signin.html", next="", username="", problem=sentence), status
