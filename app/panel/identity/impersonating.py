"""Seeing the panel as another person sees it: announced on every page, written down, looking only unless permitted."""

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import acting, current_actor
from app.kernel.history import summarise
from app.kernel.identity import sessions
from app.kernel.identity.narrowing import seen_as
from app.kernel.identity.sessions import Presence
from app.kernel.permissions import load_actor
from app.panel.identity.account import mine
from app.schema.errors import NotFound, NotPermitted, Refusal


class ViewingPage(BaseView):
    """Begin and end; both are buttons."""

    route_base = "/viewing"
    default_view = "end"
    permission = "page:impersonate"

    @expose("/<int:user_id>", methods=["POST"])
    def begin(self, user_id: int) -> Response:
        """See the panel as this person from here on, for a reason that is written down."""
        here, actor, writes = mine(), current_actor(), "writes" in request.form
        if here.behind is not None or not actor.scope("open", self.permission):
            raise NotPermitted("You may not see the panel as this person.")
        user, why = db.session.get(User, user_id), request.form.get("why", "").strip()
        if user is None or not user.active:
            raise NotFound("There is no such user.")
        if not why:
            raise Refusal("Say why: it is written down.", field="why")
        seen_as(actor, load_actor(db.session, user.id), writes=writes)
        told = {"user": user.username, "by": actor.name, "writes": writes}
        summarise(db.session, "ab_user", "see_as", told, why=why)
        sessions.see_as(db.session, here.session_id, user.id, writes=writes)
        db.session.commit()
        return redirect(url_for("Index.index"), 303)

    @expose("/end", methods=["POST"])
    def end(self) -> Response:
        """Be oneself again."""
        here = mine()
        end_viewing(here)
        db.session.commit()
        flash(_("You are yourself again."), "success")
        return redirect(url_for("Index.index"), 303)


def end_viewing(here: Presence) -> None:
    """Write the end down, in one's own name; the caller commits."""
    if here.behind is None or here.session_id is None:
        return
    with acting(here.behind):
        summarise(db.session, "ab_user", "see_as_ended", {"user": here.actor.name, "by": here.behind.name})
    sessions.see_as(db.session, here.session_id, None, writes=False)
