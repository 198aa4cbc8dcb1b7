"""The bell: what the present person was told, newest first."""

from flask import redirect, render_template, request, url_for
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import outbox
from app.kernel.actor import current_actor
from app.kernel.ledger import database_now
from app.panel.cells import row_url
from app.panel.texts import plain
from app.schema.written import natural
from views.page import Page


class InboxPage(Page):
    """One's own notices; open to everybody signed in."""

    route_base = "/inbox"

    @expose("/")
    def list(self) -> str:
        """The newest notices."""
        notices = outbox.inbox(db.session, self._me())
        addresses = {n.id: row_url(n.record, n.record_id) for n in notices if n.record and n.record_id}
        return render_template("inbox/list.html", notices=notices, addresses=addresses, plain=plain)

    @expose("/read", methods=["POST"])
    def read(self) -> Response:
        """Mark one as read and go where it leads, or mark all."""
        notice_id = (natural(request.form["notice"]) or 0) if "notice" in request.form else None
        outbox.mark_read(db.session, self._me(), database_now(db.session), notice_id)
        db.session.commit()
        found = next((n for n in outbox.inbox(db.session, self._me()) if n.id == notice_id), None)
        address = row_url(found.record, found.record_id) if found and found.record and found.record_id else None
        return redirect(address or url_for("InboxPage.list"), 303)

    @staticmethod
    def _me() -> int:
        user_id = current_actor().user_id
        assert user_id is not None, "the gate of Page lets only people in"
        return user_id
