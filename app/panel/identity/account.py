"""Each person's own account: where one is signed in, the password, the language, the keys, the tour."""

from flask import flash, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.history import summarise
from app.kernel.identity import limits, passwords, sessions
from app.kernel.identity.sessions import KEPT, Presence
from app.kernel.identity.tables import UserSession
from app.panel.identity.entering import NEWCOMER, NO_KEYS, preference, presence
from app.panel.identity.guessing import told_to_wait
from app.panel.identity.paths import safe_next
from app.panel.labels import said
from app.panel.texts import plain
from app.schema.errors import NotFound
from app.schema.kinds import BadValue


class AccountPage(BaseView):
    """What a person settles for himself or herself; nothing here reaches anybody else."""

    route_base = "/account"
    default_view = "show"

    @expose("/")
    def show(self) -> str:
        """Everything on one page."""
        here = mine()
        return render_template(
            "panel/account/show.html",
            user=db.session.get(User, here.user_id),
            sessions=sessions.open_sessions(db.session, here.user_id),
            current=here.session_id,
            plain=plain,
            device=device,
        )

    @expose("/sessions/<int:key>/end", methods=["POST"])
    def end(self, key: int) -> Response:
        """End one of one's sessions; the present one is ended by signing out."""
        here = mine()
        found = db.session.get(UserSession, key)
        if found is None or found.user_id != here.user_id or key == here.session_id:
            raise NotFound("There is no such session of yours.")
        sessions.end(db.session, "ended by the person", session_id=key)
        return self._ended(_("The session is ended."))

    @expose("/sessions/end", methods=["POST"])
    def end_others(self) -> Response:
        """End all sessions but this one."""
        here = mine()
        sessions.end(db.session, "ended by the person", user_id=here.user_id, but=here.session_id)
        return self._ended(_("You are signed in here only."))

    @expose("/password")
    def password(self) -> str:
        """The form of a new password."""
        self._own_password()
        return self._password({})

    @expose("/password", methods=["POST"])
    def change_password(self) -> Response | tuple[str, int]:
        """Change one's password: the present one is asked for, every other session ends."""
        here, user = mine(), self._own_password()
        old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
        guess = limits.of_name(user.username)
        if wait := told_to_wait(guess):
            return self._password({"old": wait}), 429
        if not passwords.matches(user.password, old):
            return self._password({"old": _("This is not your present password.")}), 422
        limits.clear(db.session, guess)
        try:
            passwords.check_password(new, (user.username, user.first_name, user.last_name, user.email))
        except BadValue as problem:
            db.session.commit()
            return self._password({"new": said(problem)}), 422
        if passwords.normal(new) != passwords.normal(again):
            db.session.commit()
            return self._password({"again": _("The two do not match.")}), 422
        db.session.info[KEPT] = here.session_id
        user.password = passwords.hashed(new)
        summarise(db.session, "ab_user", "password", {"user": user.username})
        db.session.commit()
        flash(_("Your password is changed. You are signed out everywhere else."), "success")
        return redirect(url_for("AccountPage.show"), 303)

    @expose("/keys")
    def list_keys(self) -> str:
        """The keys of the panel, for the dialog of any page; back to that page (`next`) when their switch is turned."""
        return render_template("panel/account/keys.html", back=safe_next(request.args.get("next")))

    @expose("/keys", methods=["POST"])
    def keys(self) -> Response:
        """Let a key by itself do something, or nothing, with this person wherever he or she signs in."""
        wanted = request.form.get("keys") == "on"
        preference(mine().user_id).single_keys = wanted
        db.session.commit()
        if wanted:
            session.pop(NO_KEYS, None)
        else:
            session[NO_KEYS] = True
        return redirect(safe_next(request.form.get("next")), 303)

    @expose("/toured", methods=["POST"])
    def toured(self) -> tuple[str, int]:
        """The tour is over, to its end or not: it is not offered again by itself."""
        preference(mine().user_id).toured = True
        db.session.commit()
        session.pop(NEWCOMER, None)
        return "", 204

    @staticmethod
    def _own_password() -> User:
        user = db.session.get(User, mine().user_id)
        if user is None or not user.password:
            raise NotFound("Your password is kept elsewhere; change it there.")
        return user

    def _password(self, problems: dict[str, str]) -> str:
        return render_template("panel/account/password.html", problems=problems, least=passwords.SHORTEST)

    def _ended(self, sentence: str) -> Response:
        db.session.commit()
        flash(sentence, "success")
        return redirect(url_for("AccountPage.show"), 303)


def mine() -> Presence:
    """The present person's presence; nobody gets here without one."""
    here = presence()
    if here is None:
        raise NotFound("There is no such session of yours.")
    return here


def device(agent: str) -> str:
    """A browser and its system in two words, of what the browser says about itself."""
    browsers = (
        ("Edg/", "Edge"),
        ("MicroMessenger", "WeChat"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    named = [next((name for mark, name in known if mark in agent), "") for known in (browsers, systems)]
    return " · ".join(filter(None, named)) or agent[:40] or "?"
