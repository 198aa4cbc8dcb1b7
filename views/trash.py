"""The trash: what was deleted lately, to be put back by who deleted it or leads there."""

from dataclasses import dataclass
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import trash
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.fields import hidden
from app.kernel.settings import setting_value
from app.kernel.tables import Trashed
from app.panel.cells import row_url
from app.panel.labels import field_label, record_label, said
from app.panel.saving import saving
from app.panel.texts import plain
from app.schema.errors import Refusal
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.written import natural
from views.page import Page

SHOWN = 50


def _title(kept: Trashed) -> str:
    """What the row was called; its number to who may not read the field that names it."""
    record = registry[kept.record]
    named = bool(kept.title) and record.panel.title not in hidden(current_actor(), record)
    return kept.title if named else f"#{kept.record_id}"


@dataclass(frozen=True)
class Thrown:
    """A deleted row as the page shows it: nothing of it but its title."""

    kept: Trashed
    sort: str
    title: str
    when: str
    until: str
    open: bool


class TrashPage(Page):
    """Open to everybody signed in: each sees what he or she deleted, or might have deleted."""

    route_base = "/trash"

    @expose("/")
    def list(self) -> str:
        """The newest deletions; ``before`` leads to older ones."""
        before = natural(request.args.get("before"))
        found = trash.listed(db.session, before, SHOWN + 1)
        days = timedelta(days=setting_value(db.session, trash.DAYS) or 0)
        thrown = [
            Thrown(
                kept,
                record_label(registry[kept.record]),
                _title(kept),
                plain(kept.at),
                plain(kept.at + days),
                may(current_actor(), "add", registry[kept.record]),
            )
            for kept in found[:SHOWN]
        ]
        older = found[SHOWN - 1].id if len(found) > SHOWN else None
        return render_template("trash/list.html", thrown=thrown, older=older)

    @expose("/<int:key>/restore", methods=["POST"])
    def restore(self, key: int) -> Response:
        """Put a row back."""
        record: type[Record] | None = None
        try:
            with saving(db.session):
                record = registry[trash.find(db.session, key).record]
                row = trash.restore(db.session, key)
                name, row_id = str(row.__tablename__), row.id
        except Refusal as refusal:
            where = f"{field_label(record, refusal.field)}: " if record and refusal.field else ""
            flash(_("Not restored. %(why)s", why=where + said(refusal)), "danger")
            return redirect(url_for("TrashPage.list"), 303)
        flash(_("Restored."), "success")
        return redirect(row_url(name, row_id) or url_for("TrashPage.list"), 303)
