"""Saved views: the tabs above a list, and the forms that keep, rename, change and delete them."""

from collections.abc import Iterable
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import saved_views
from app.kernel.actor import current_actor
from app.kernel.saved_views import ALL, AUDIENCES, OWN, TEAM, View, canonical
from app.panel.base import RecordView
from app.panel.labels import said
from app.panel.saving import saving
from app.schema.errors import Refusal

WHOLE = "all"
"""As ``view`` of an address: the list by itself, whatever it opens with."""


class Viewing(RecordView):
    """Views belong to a list, and are for those who may see it."""

    @expose("/views", methods=["POST"])
    def save_view(self) -> Response:
        """Keep what the address shows, under a name."""
        audience, name = request.form.get("for", OWN), request.form.get("name", "")
        try:
            with saving(db.session):
                query = canonical(request.args.items(multi=True))
                view = saved_views.save(db.session, current_actor(), self.record, name, audience, query)
                key = view.id
        except Refusal as refusal:
            flash(said(refusal), "danger")
            return redirect(self._at(request.args.items(multi=True)), 303)
        flash(_("Saved."), "success")
        return redirect(self.address_of(query, key), 303)

    @expose("/views/<int:key>", methods=["POST"])
    def change_view(self, key: int) -> Response:
        """Rename a view, let it show what the address shows, delete it, or let one's list open with it."""
        actor, act = current_actor(), request.form.get("act", "")
        view = saved_views.find_view(db.session, actor, self.record, key)
        query = canonical(request.args.items(multi=True))
        try:
            with saving(db.session):
                if act == "rename":
                    saved_views.change(db.session, actor, view, name=request.form.get("name", ""))
                elif act == "save":
                    saved_views.change(db.session, actor, view, query=query)
                elif act == "delete":
                    saved_views.drop(db.session, actor, view)
                elif act in ("open", "leave"):
                    saved_views.open_with(db.session, actor, self.record, view if act == "open" else None)
        except Refusal as refusal:
            flash(said(refusal), "danger")
            return redirect(self.address_of(query, key), 303)
        flash(_("Deleted.") if act == "delete" else _("Saved."), "success")
        return redirect(self.address_of(query, None if act == "delete" else key), 303)

    def address_of(self, query: str, key: int | str | None) -> str:
        """The address of the list with the query of a view, and that view marked; with None the list by itself."""
        mark = WHOLE if key is None else str(key)
        return self._at([*saved_views.pairs(query), *([("view", mark)] if mark else [])])

    def opening(self, views: list[View]) -> str | None:
        """Where an address that asks nothing of the list leads to: the view the present person's list opens with."""
        view = next((each for each in views if each.default), None)
        return self.address_of(view.query, view.id) if view and not request.args else None

    def _at(self, pairs: Iterable[tuple[str, str]]) -> str:
        found = list(pairs)
        url = url_for(f"{self.record.__tablename__}.list")
        return f"{url}?{urlencode(found)}" if found else url


def audiences() -> list[tuple[str, str]]:
    """For whom the present person may save views, in words."""
    words = {OWN: _("for myself"), TEAM: _("for my team"), ALL: _("for everybody")}
    return [(each, words[each]) for each in AUDIENCES if saved_views.may_save(current_actor(), each)]


def open_view(views: list[View]) -> View | None:
    """The view the address marks, of those that are for the present person."""
    return next((view for view in views if str(view.id) == request.args.get("view")), None)


def differs(view: View | None) -> bool:
    """Whether what the address shows is no more what the view keeps."""
    return view is not None and view.query != canonical(request.args.items(multi=True))
