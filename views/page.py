"""The base of every page drawn by hand: signed in, and permitted to open it, before anything else happens."""

from typing import Any, ClassVar

from flask import Blueprint, redirect, request, url_for
from flask_appbuilder import BaseView
from werkzeug.wrappers import Response

from app.kernel.actor import NOBODY, current_actor
from app.schema.errors import NotPermitted


class Page(BaseView):
    """A page at `route_base`. `permission` is one of `app.kernel.permissions.PAGES`; empty for every signed-in person.

    Template names are relative to ``views/templates``; they extend ``panel/base.html``.
    """

    permission: ClassVar[str] = ""

    def create_blueprint(
        self, appbuilder: Any, endpoint: str | None = None, static_folder: str | None = None
    ) -> Blueprint:
        """As Flask-AppBuilder does, with the gate in front of every route of the page."""
        blueprint: Blueprint = super().create_blueprint(appbuilder, endpoint, static_folder)
        blueprint.before_request(self._admit)
        return blueprint

    def _admit(self) -> Response | None:
        actor = current_actor()
        if actor is NOBODY:
            return redirect(url_for("SignIn.login", next=request.full_path if request.method == "GET" else None))
        if self.permission and not actor.scope("open", self.permission):
            raise NotPermitted("Your roles do not open this page.")
        return None
