"""A private value shown in full, once, on the row's own page."""

from flask import request
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.reveal import may_reveal, reveal
from app.panel.base import RecordView
from app.panel.fields import Field, field_of
from app.panel.labels import said
from app.panel.saving import saving
from app.schema.errors import NotFound, NotPermitted, Refusal


class Revealing(RecordView):
    """Asked for with a reason; the page it then stands on is kept by no cache, and the next look finds it masked."""

    @expose("/<int:key>/reveal/<name>")
    def ask_reveal(self, key: int, name: str) -> str:
        """The row's page with the question for the reason open on it."""
        return self.page(key, revealing=self._private(key, name))

    @expose("/<int:key>/reveal/<name>", methods=["POST"])
    def reveal(self, key: int, name: str) -> Response | str | tuple[str, int]:
        """The row's page with the value in full."""
        field, reason = self._private(key, name), request.form.get("reason", "")
        try:
            with saving(db.session):
                value = reveal(db.session, self.row(key), name, reason)
        except Refusal as refusal:
            return self.page(key, revealing=field, reason=reason, unrevealed=said(refusal)), refusal.status
        return self.page(key, revealed={name: value})

    def _private(self, key: int, name: str) -> Field:
        row, field, actor = self.row(key), field_of(self.record, name), current_actor()
        if not field.private or not may(actor, "read", row, name):
            raise NotFound("There is nothing to show in full here.")
        if not may_reveal(actor, row):
            raise NotPermitted("You may not have private values shown in full here.")
        return field
