"""The bell: what the present person was told, newest first."""

from flask import redirect, render_template, request, url_for
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import outbox
from app.kernel.actor import current_actor
from app.kernel.clock import house_day
from app.kernel.ledger import database_now
from app.kernel.tables import Notice
from app.panel.cells import row_url
from app.panel.navigation import leads_to
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
        addresses = {notice.id: _address(notice) for notice in notices if notice.record and notice.record_id}
        return render_template("inbox/list.html", notices=notices, addresses=addresses, plain=plain)

    @expose("/read", methods=["POST"])
    def read(self) -> Response:
        """Mark one as read and go where it leads, or mark all."""
        notice_id = (natural(request.form["notice"]) or 0) if "notice" in request.form else None
        outbox.mark_read(db.session, self._me(), database_now(db.session), notice_id)
        db.session.commit()
        found = next((n for n in outbox.inbox(db.session, self._me()) if n.id == notice_id), None)
        return redirect((found and _address(found)) or url_for("InboxPage.list"), 303)

    @staticmethod
    def _me() -> int:
        user_id = current_actor().user_id
        assert user_id is not None, "the gate of Page lets only people in"
        return user_id


def _address(notice: Notice) -> str | None:
    """Where a notice leads."""
    if not notice.record or not notice.record_id:
        return None
    if page := leads_to(notice.record):
        return url_for(page, key=notice.record_id, on=house_day(notice.created_at).isoformat())
    return row_url(notice.record, notice.record_id)
