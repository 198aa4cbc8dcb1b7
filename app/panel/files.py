"""Files on the screens: listed on a row's page, handed out to who may read them there."""

from typing import Any, cast

from flask import Response, flash, redirect, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.extensions import db
from app.kernel import files
from app.kernel.store import the_store
from app.panel.base import RecordView
from app.panel.labels import said
from app.panel.saving import saving
from app.panel.tickets import opens
from app.schema.errors import NotFound, Refusal

ALONE = "; ".join(("default-src 'none'", "sandbox", "frame-ancestors 'none'", "form-action 'none'"))
"""The content policy of a file: whatever is in it, it acts on nothing and draws on nothing."""


class FileView(BaseView):
    """The one way bytes leave the house: the row, the field and whether it still has the file are asked each time."""

    route_base = "/files"
    default_view = "download"

    @expose("/<token>")
    def download(self, token: str) -> Response:
        """Hand out a file to be kept, never to be run or drawn as a page."""
        return handed_out(token)


def handed_out(token: str) -> Response:
    """The bytes of a file, to be kept, if the present person may read it."""
    kept = files.visible(db.session, token, revealed=opens(request.args.get("ticket", ""), token))
    try:
        body = the_store().open(kept.token)
    except FileNotFoundError:
        raise NotFound("The file is gone from the store; tell your administrator.") from None
    answer = send_file(body, mimetype=kept.content_type, as_attachment=True, download_name=kept.filename)
    answer.content_length = kept.size  # a download that is cut off is known to be
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
