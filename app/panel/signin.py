"""Signing in and out, and the choice of language: each a POST with its token, for each changes the session."""

from datetime import UTC, datetime, timedelta

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from flask_babel import refresh
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import NOBODY, current_actor
from app.kernel.identity import external, limits, passwords, sessions
from app.kernel.identity.directory import Directory
from app.panel.identity.entering import begin_anew, enter, preference, presence
from app.panel.identity.guessing import too_many
from app.panel.identity.impersonating import end_viewing
from app.panel.identity.paths import safe_next
from app.panel.labels import said
from app.schema.errors import Refusal


class SignIn(BaseView):
    """The door. A wrong password and an unknown name get the same answer, at the same pace."""

    route_base = ""
    default_view = "login"

    @expose("/login/")
    def login(self) -> Response | str:
        """The sign-in form; who is signed in already goes on."""
        if current_actor() is not NOBODY:
            return redirect(safe_next(request.args.get("next")))
        return self._door(request.args.get("next", ""), "", "")

    @expose("/login/", methods=["POST"])
    def enter(self) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
        """Check name and password; begin a fresh session."""
        username, password = (
            request.form.get("username", "").replace("\0", "").strip(),
            request.form.get("password", ""),
        )
        goal = request.form.get("next", "")
        name, address = limits.of_name(username), limits.of_address(request.remote_addr or "")
        wait = limits.charge(db.session, (name, address), datetime.now(UTC))
        db.session.commit()
        if wait is not None:
            seconds = max(1, -(-wait // timedelta(seconds=1)))
            return self._door(goal, username, too_many(wait)), 429, {"Retry-After": str(seconds)}
        try:
            user = _known(username, password)
        except Refusal as refusal:
            db.session.rollback()
            return self._door(goal, username, said(refusal)), refusal.status
        if user is None:
            db.session.rollback()
            return self._door(goal, username, _("The name or the password is not right.")), 422
        limits.clear(db.session, name)
        limits.forgive(db.session, address)
        return enter(user, "password" if user.password else "directory", goal)

    @expose("/logout/", methods=["POST"])
    def leave(self) -> Response:
        """End the session, here and for every copy of its cookie."""
        if (here := presence()) is not None:
            end_viewing(here)
            sessions.end(db.session, "signed out", session_id=here.session_id)
            db.session.commit()
        begin_anew()
        flash(_("You are signed out."), "success")
        return redirect(url_for("SignIn.login"), 303)

    @expose("/language/", methods=["POST"])
    def language(self) -> Response:
        """Speak another language from here on, with this person wherever he or she signs in."""
        chosen = request.form.get("locale", "")
        if chosen in current_app.config["LANGUAGES"]:
            session["locale"] = chosen
            if (here := presence()) is not None:
                preference(here.user_id).locale = chosen
                db.session.commit()
            refresh()
        return redirect(safe_next(request.form.get("next")), 303)

    def _door(self, goal: str, username: str, problem: str) -> str:
        return render_template("panel/signin.html", next=goal, username=username, problem=problem)


def _known(username: str, password: str) -> User | None:
    """The active user of that name, if the password is right. An unknown name costs as much work.

    Who was made by the directory, or is known to nobody here, is asked of the directory where there is one; an account
    of this house never is. Raises `Unreachable` or `Conflict`.
    """
    user = db.session.scalars(select(User).where(func.lower(User.username) == username.lower())).first()
    if user is not None and limits.of_name(user.username) != limits.of_name(username):
        user = None  # a spelling that is counted apart from the name must not open it
    directory: Directory | None = current_app.extensions["directory"]
    if directory is not None and (user is None or external.is_external(db.session, user.id, "ldap")):
        db.session.rollback()  # nothing is held while another server is waited for
        newcomer = directory.person(username, password)
        return external.settle(db.session, newcomer) if newcomer is not None else None
    kept = user.password if user is not None and user.active else None
    return user if passwords.matches(kept, password) else None
