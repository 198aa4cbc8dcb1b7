"""Signing in and out, and the choice of language: each a POST with its token, for each changes the session."""

from urllib.parse import urlsplit

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response


class SignIn(BaseView):
    """The door. A wrong password and an unknown name get the same answer."""

    route_base = ""
    default_view = "login"

    @expose("/login/")
    def login(self) -> Response | str:
        """The sign-in form; who is signed in already goes on."""
        if current_user.is_authenticated:
            return redirect(safe_next(request.args.get("next")))
        return render_template("panel/signin.html", next=request.args.get("next", ""), username="", problem="")

    @expose("/login/", methods=["POST"])
    def enter(self) -> Response | tuple[str, int]:
        """Check name and password; begin a fresh session."""
        username, password = request.form.get("username", "").strip(), request.form.get("password", "")
        goal = request.form.get("next", "")
        user = current_app.appbuilder.sm.auth_user_db(username, password)  # type: ignore[attr-defined]
        if not user:
            problem = _("The name or the password is not right.")
            return render_template("panel/signin.html", next=goal, username=username, problem=problem), 422
        _begin_anew()
        login_user(user)
        return redirect(safe_next(goal))

    @expose("/logout/", methods=["POST"])
    def leave(self) -> Response:
        """End the session."""
        logout_user()
        _begin_anew()
        flash(_("You are signed out."), "success")
        return redirect(url_for("SignIn.login"), 303)

    @expose("/language/", methods=["POST"])
    def language(self) -> Response:
        """Speak another language from here on."""
        chosen = request.form.get("locale", "")
        if chosen in current_app.config["LANGUAGES"]:
            session["locale"] = chosen
            refresh()
        return redirect(safe_next(request.form.get("next")), 303)


def _begin_anew() -> None:
    """Drop everything the session held, also its token; only the language goes along."""
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale


def safe_next(goal: str | None) -> str:
    """Where to go on: a path of this house, never another host; the front page otherwise."""
    home = url_for("Index.index")
    if not goal or not goal.isprintable() or "\\" in goal:
        return home
    parts = urlsplit(goal)
    if parts.scheme or parts.netloc or not goal.startswith("/") or goal.startswith("//"):
        return home
    return goal
