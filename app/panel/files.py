"""Files on the screens: listed on a row's page, handed out to who may read them there."""

from typing import Any, cast

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.extensions import db
from app.kernel import files, previews
from app.kernel.store import the_store
from app.panel.base import RecordView
from app.panel.headers import ALONE
from app.panel.labels import said
from app.panel.previews import barely, pictured
from app.panel.saving import saving
from app.panel.tickets import seen, ticket
from app.schema.errors import NotFound, Refusal


class FileView(BaseView):
    """The one way bytes leave the house: the row, the field and whether it still has the file are asked each time."""

    route_base = "/files"
    default_view = "download"

    @expose("/<token>")
    def download(self, token: str) -> Response:
        """Hand out a file to be kept, never to be run or drawn as a page."""
        return handed_out(token)

    @expose("/<token>/preview")
    @barely
    def preview(self, token: str) -> str:
        """A file to be looked at in place: which one, and its first pages."""
        file = seen(token)
        pages = previews.pages_of(file)
        return render_template("panel/preview.html", file=file, pages=pages, ticket=ticket())

    @expose("/<token>/<size>/<int:page>")
    @barely
    def picture(self, token: str, size: str, page: int) -> Response:
        """One page of it, drawn by us."""
        return pictured(token, size, page)


def handed_out(token: str) -> Response:
    """The bytes of a file, to be kept, if the present person may read it."""
    file = seen(token)
    try:
        body = the_store().open(file.id)
    except FileNotFoundError:
        raise NotFound("The file is gone from the store; tell your administrator.") from None
    answer = send_file(body, mimetype=file.type, as_attachment=True, download_name=file.name)
    answer.content_length = file.size  # a download that is cut off is known to be
    answer.headers["Content-Security-Policy"] = ALONE
    return answer


class Attaching(RecordView):
    """The list of files on the page of a row that carries one."""

    @expose("/<int:key>/files", methods=["POST"])
    def attach(self, key: int) -> Response | tuple[str, int]:
        """Add the files sent: all of them or none."""
        row = self.row(key)
        sent = [each for each in request.files.getlist("files") if each.filename]
        try:
            with saving(db.session):
                for each in sent:
                    files.attach(db.session, row, files.Upload(cast(Any, each.stream), each.filename or ""))
                if not sent:
                    files.require_change(row)
                    raise Refusal("Choose a file first.")
        except Refusal as refusal:
            return self.page(key, attaching=said(refusal)), refusal.status
        flash(_("Added."), "success")
        return self._to_files(key)

    @expose("/<int:key>/files/<token>/remove", methods=["POST"])
    def detach(self, key: int, token: str) -> Response | tuple[str, int]:
        """Take a file out of the list."""
        row = self.row(key)
        try:
            with saving(db.session):
                files.detach(db.session, row, token)
        except Refusal as refusal:
            return self.page(key, attaching=said(refusal)), refusal.status
        flash(_("Taken out."), "success")
        return self._to_files(key)

    def _to_files(self, key: int) -> Response:
        url = url_for(f"{self.record.__tablename__}.show", key=key, _anchor="files")
        return cast(Response, redirect(url, 303))
