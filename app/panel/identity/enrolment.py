"""Setting up the second factor: an authenticator app, passkeys, recovery codes."""

from datetime import UTC, datetime
from typing import Any

import pyotp
import segno
from flask import current_app, flash, jsonify, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import delete
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.history import summarise
from app.kernel.identity import factors, limits, passkeys, sessions
from app.kernel.identity.sessions import Presence
from app.kernel.identity.tables import Passkey
from app.panel.branding import brand
from app.panel.identity.account import mine
from app.panel.identity.entering import TOKEN
from app.panel.identity.guessing import told_to_wait
from app.panel.identity.passkeys import answer_of, house
from app.panel.texts import plain
from app.schema.errors import NotFound


class FactorsPage(BaseView):
    """One's own second factors. Where a role demands one, this is the only page open until it is there."""

    route_base = "/account/factors"
    default_view = "show"

    @expose("/")
    def show(self) -> str:
        """What is set up."""
        here = mine()
        return render_template(
            "panel/account/factors.html",
            must=here.must_enrol,
            totp=factors.totp_of(db.session, here.user_id),
            passkeys=passkeys.of(db.session, here.user_id),
            left=factors.codes_left(db.session, here.user_id),
            plain=plain,
        )

    @expose("/app", methods=["POST"])
    def begin(self) -> Response | str:
        """Make a secret for an authenticator app and show it, as a picture and in letters."""
        here = mine()
        if factors.totp_of(db.session, here.user_id) is not None:
            return redirect(url_for("FactorsPage.show"), 303)
        return self._app(here, "")

    @expose("/app/confirm", methods=["POST"])
    def confirm(self) -> Response | str | tuple[str, int]:
        """Take the first code of the app: from here on it counts."""
        here = mine()
        guess = limits.of_factor(here.user_id)
        if factors.totp_of(db.session, here.user_id) is not None:
            return redirect(url_for("FactorsPage.show"), 303)
        if wait := told_to_wait(guess):
            return self._app(here, wait), 429
        code, seal = request.form.get("code", ""), current_app.extensions["seal"]
        if not factors.take_totp(db.session, seal, here.user_id, code, datetime.now(UTC), confirming=True):
            return self._app(here, _("This code is not right. Look at the app again: a code lasts half a minute.")), 422
        limits.clear(db.session, guess)
        return self._added(here, "authenticator app", _("The authenticator app is set up."))

    @expose("/app/remove", methods=["POST"])
    def remove(self) -> Response:
        """Forget the app."""
        here = mine()
        factors.remove_totp(db.session, here.user_id)
        return self._removed(here, "authenticator app")

    @expose("/codes", methods=["POST"])
    def codes(self) -> str:
        """Fresh recovery codes, shown this once; the old ones are worth nothing any more."""
        here = mine()
        if not factors.enrolled(db.session, here.user_id):
            raise NotFound("Set up an app or a passkey first.")
        return self._codes(here)

    @expose("/passkeys/options", methods=["POST"])
    def options(self) -> Response:
        """What the browser is told to make a passkey."""
        user = self._user(mine())
        asked = passkeys.registration(
            db.session, house(), user.id, user.username, user.get_full_name(), datetime.now(UTC)
        )
        db.session.commit()
        return jsonify(asked)

    @expose("/passkeys", methods=["POST"])
    def add(self) -> Any:
        """Keep the passkey the browser made."""
        here = mine()
        name = request.args.get("name", "").strip() or _("Passkey")
        kept = passkeys.register(db.session, house(), here.user_id, answer_of(request), name, datetime.now(UTC))
        if kept is None:
            db.session.commit()
            return jsonify({"problem": _("This passkey was not taken. Try again.")}), 422
        self._added(here, "passkey", _("The passkey is kept."))
        return jsonify({"next": url_for("FactorsPage.show")})

    @expose("/passkeys/<int:key>/remove", methods=["POST"])
    def forget(self, key: int) -> Response:
        """Forget one of one's passkeys."""
        here = mine()
        db.session.execute(delete(Passkey).where(Passkey.id == key, Passkey.user_id == here.user_id))
        return self._removed(here, "passkey")

    def _app(self, here: Presence, problem: str) -> str:
        user = self._user(here)
        secret = factors.begin_totp(db.session, current_app.extensions["seal"], user.id)
        db.session.commit()
        address = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=brand().name)
        picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2, light="#fff", dark="#000")
        grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return render_template("panel/account/app.html", picture=picture, secret=grouped, problem=problem)

    def _added(self, here: Presence, what: str, sentence: str) -> Response:
        """The session now has its second factor, and sessions without one end."""
        assert here.session_id is not None, "a token of the API opens no page"
        session[TOKEN] = sessions.pass_factor(db.session, here.session_id)
        sessions.end(db.session, "second factor added", user_id=here.user_id, but=here.session_id)
        summarise(db.session, "ab_user", "second_factor", {"user": self._user(here).username, "added": what})
        db.session.commit()
        flash(sentence, "success")
        return redirect(url_for("FactorsPage.show"), 303)

    def _removed(self, here: Presence, what: str) -> Response:
        summarise(db.session, "ab_user", "second_factor", {"user": self._user(here).username, "removed": what})
        db.session.commit()
        flash(_("Removed."), "success")
        return redirect(url_for("FactorsPage.show"), 303)

    def _codes(self, here: Presence) -> str:
        fresh = factors.new_codes(db.session, here.user_id)
        summarise(
            db.session, "ab_user", "second_factor", {"user": self._user(here).username, "added": "recovery codes"}
        )
        db.session.commit()
        return render_template("panel/account/codes.html", codes=fresh)

    @staticmethod
    def _user(here: Presence) -> User:
        user = db.session.get(User, here.user_id)
        assert user is not None, "a presence has a user"
        return user
