"""After the password: the second factor, by an app's code, a recovery code or a passkey."""

from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.identity import factors, limits, passkeys
from app.kernel.identity.sessions import Presence
from app.panel.identity.entering import complete, presence
from app.panel.identity.guessing import told_to_wait
from app.panel.identity.passkeys import answer_of, house
from app.schema.errors import NotPermitted


class SecondFactorPage(BaseView):
    """Open only to who gave the right password a moment ago and owes the second factor."""

    route_base = "/login/second"
    default_view = "ask"

    @expose("/")
    def ask(self) -> str:
        """The form."""
        return self._page(_pending(), "")

    @expose("/", methods=["POST"])
    def enter(self) -> Response | tuple[str, int]:
        """Take a code of the app or a recovery code."""
        here = _pending()
        guess = limits.of_factor(here.user_id)
        if wait := told_to_wait(guess):
            return self._page(here, wait), 429
        code, seal = request.form.get("code", ""), current_app.extensions["seal"]
        recovered = False
        if not factors.take_totp(db.session, seal, here.user_id, code, datetime.now(UTC)):
            recovered = factors.take_code(db.session, here.user_id, code)
            if not recovered:
                db.session.rollback()
                return self._page(here, _("This code is not right, or was used before.")), 422
        limits.clear(db.session, guess)
        left = factors.codes_left(db.session, here.user_id)
        goal = complete(here)
        db.session.commit()
        if recovered:
            flash(_("You used a recovery code; %(left)d are left.", left=left), "warning")
        return redirect(goal, 303)

    @expose("/passkey/options", methods=["POST"])
    def options(self) -> Response:
        """What the browser is told to sign with one of the person's passkeys."""
        here = _pending()
        asked = passkeys.request_for(db.session, house(), here.user_id, datetime.now(UTC))
        db.session.commit()
        return jsonify(asked)

    @expose("/passkey", methods=["POST"])
    def passkey(self) -> Any:
        """Take a passkey's answer."""
        here = _pending()
        if passkeys.recognised(db.session, house(), here.user_id, answer_of(request), datetime.now(UTC)) is None:
            db.session.commit()
            return jsonify({"problem": _("This passkey was not recognised.")}), 422
        goal = complete(here)
        db.session.commit()
        return jsonify({"next": goal})

    def _page(self, here: Presence, problem: str) -> str:
        return render_template(
            "panel/account/second.html",
            problem=problem,
            passkeys=bool(passkeys.of(db.session, here.user_id)),
            cancel=url_for("SignIn.login"),
        )


def _pending() -> Presence:
    here = presence()
    if here is None or not here.pending:
        raise NotPermitted("There is no second factor to be given here.")
    return here
