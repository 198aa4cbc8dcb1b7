"""Lists on their way into files: how far each is, whose agreement it waits for, and the file when it is ready."""

from pathlib import Path
from typing import Any

from flask import jsonify, redirect, render_template, request, send_file, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import history
from app.kernel.access import require
from app.kernel.actor import current_actor
from app.kernel.database import read_only, read_write
from app.kernel.ledger import Status
from app.kernel.permissions import called
from app.kernel.transfer import exports
from app.kernel.transfer.batch import worker_alive
from app.kernel.transfer.exports import State
from app.kernel.transfer.progress import progress_of
from app.kernel.transfer.tables import ExportFile
from app.panel.labels import record_plural, translated
from app.panel.texts import plain
from app.schema.errors import NotFound
from app.schema.registry import registry
from views.page import Page


class ExportsPage(Page):
    """Every person's own exports; those he or she may agree to; an administrator sees that of everybody."""

    route_base = "/downloads"

    @expose("/")
    def list(self) -> str:
        """The newest exports."""
        found = list(exports.listed(db.session))
        users = called(db.session, {each.user_id for each in found if each.user_id})
        return render_template(
            "exports/list.html", exports=found, users=users, states=_states(), what=_what, plain=plain
        )

    @expose("/<int:export_id>")
    def show(self, export_id: int) -> str:
        """One export as it stands."""
        export = exports.visible(db.session, export_id)
        people = called(db.session, {key for key in (export.user_id, export.decided_by_id) if key})
        return render_template(
            "exports/show.html",
            export=export,
            what=_what(export),
            states=_states(),
            progress=_progress(export),
            mine=exports.mine(export),
            agrees=export.state == State.ASKING and exports.may_agree(db.session, current_actor(), export),
            people=people,
            asked=[(key, ", ".join(values)) for key, values in export.asked.items() if any(values)],
            error=translated(export.error or ""),
            plain=plain,
        )

    @expose("/<int:export_id>/progress")
    def progress(self, export_id: int) -> Response:
        """How far it is, for the bar."""
        return jsonify(_progress(exports.visible(db.session, export_id)))

    @expose("/<int:export_id>/decide", methods=["POST"])
    def decide(self, export_id: int) -> Response:
        """Agree to an export above the cap, or do not."""
        exports.decide(db.session, exports.visible(db.session, export_id), request.form.get("agreed") == "yes")
        db.session.commit()
        return redirect(url_for("ExportsPage.list"), 303)

    @expose("/<int:export_id>/cancel", methods=["POST"])
    def cancel(self, export_id: int) -> Response:
        """Have it no more."""
        export = exports.visible(db.session, export_id)
        if export.state == State.WAITING:  # only says so: the database may be in the worker's hands
            db.session.rollback()
            with read_only():
                exports.cancel(db.session, exports.visible(db.session, export_id))
        else:
            exports.cancel(db.session, export)
            db.session.commit()
        return redirect(url_for("ExportsPage.show", export_id=export_id), 303)

    @expose("/<int:export_id>/file")
    def file(self, export_id: int) -> Response:
        """The file, for whoever asked for it and still may export: it holds what he or she may see."""
        export = exports.visible(db.session, export_id)
        record = registry.get(export.record)
        if not exports.mine(export) or record is None or export.state != State.READY or not Path(export.path).exists():
            raise NotFound("There is no such export among those you may see.")
        require(current_actor(), "export", record)
        db.session.rollback()
        with read_write():
            told = {"rows": export.rows, "file": export.filename}
            history.summarise(db.session, export.record, "download export", told)
            db.session.commit()
        return send_file(export.path, as_attachment=True, download_name=export.filename, max_age=0)


def _states() -> dict[str, str]:
    return {
        State.ASKING: _("waits for agreement"),
        State.WAITING: _("being written"),
        State.READY: _("ready"),
        State.DENIED: _("not agreed to"),
        State.FAILED: _("failed"),
        State.GONE: _("deleted"),
    }


def _what(export: ExportFile) -> str:
    record = registry.get(export.record)
    return record_plural(record) if record is not None else export.record


def _progress(export: ExportFile) -> dict[str, Any]:
    told = progress_of(export.path) if export.path else {}
    done, total = told.get("done", 0), max(told.get("total", 0), export.rows or 0, 1)
    answer = {"busy": export.state == State.WAITING, "done": done, "total": total, "stuck": False, "words": ""}
    if not answer["busy"]:
        return answer
    period = exports.period(db.session, export)
    if period is not None and period.status in (Status.FAILED, Status.SKIPPED):
        words = _("The export failed and is not tried again by itself; operations can retry it on the page Jobs.")
        return answer | {"stuck": True, "words": words}
    if not worker_alive(db.session):
        words = _("No worker is running. The file is written as soon as one is; nothing is lost.")
        return answer | {"stuck": True, "words": words}
    if not told:
        return answer | {"words": _("Waiting for the worker")}
    return answer | {"words": _("Writing row %(row)d of %(total)d", row=done, total=total)}
