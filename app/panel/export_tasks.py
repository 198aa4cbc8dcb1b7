"""Long lists, written into files by the worker: as the person who asked for it may today, in his or her language."""

from datetime import datetime
from typing import Any

from flask import Flask, current_app, has_app_context
from flask_babel import force_locale
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.kernel.actor import Actor, acting
from app.kernel.ledger import database_now
from app.kernel.permissions import Actors
from app.kernel.transfer import exports
from app.kernel.transfer.progress import teller
from app.kernel.transfer.tables import ExportFile
from app.panel.exporting import text_of, wanted, write_workbook
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.jobs import scheduled
from app.schema.registry import registry


@scheduled(exports.JOB, cron="", label="Write a list into a file")
def write_export(due: datetime, session: Session) -> dict[str, Any]:
    """Write the export whose id the period is. Killed, it begins again; the file counts once the row says ready."""
    export = session.get(ExportFile, int(session.info["period"]), with_for_update=True)
    if export is None or export.state != exports.State.WAITING:
        return {"written": 0, "stood": 1}
    try:
        with _application(session).app_context(), force_locale(export.locale), acting(_asker(session, export)):
            _write(session, export)
    except (Refusal, OSError) as error:
        export.state, export.error, result = exports.State.FAILED, str(error), {"written": 0, "error": str(error)}
    else:
        export.state, result = exports.State.READY, {"written": 1}
    export.finished_at = database_now(session)
    return result


def _application(session: Session) -> Flask:
    if has_app_context():
        return current_app._get_current_object()  # type: ignore[attr-defined]
    found: Flask = session.info["app"]
    return found


def _asker(session: Session, export: ExportFile) -> Actor:
    actor = Actors().of(session, export.user_id, "web") if export.user_id is not None else None
    if actor is None:
        raise NotPermitted("Whoever asked for this may no longer sign in.")
    return actor


def _write(session: Session, export: ExportFile) -> None:
    record = registry.get(export.record)
    if record is None:
        raise NotFound("There is no such record any more.")
    told, total = teller(export.path), export.rows or 0

    def progress(phase: str, done: int, _total: int) -> None:
        told(phase, done, max(done, total))

    progress("write", 0, total)
    args = MultiDict([(key, value) for key, values in export.asked.items() for value in values])
    asked = wanted(session, record, args)
    with open(export.path, "wb") as file:
        if export.form == "xlsx":
            address = "&".join(f"{key}={value}" for key, value in args.items(multi=True))
            write_workbook(session, asked, file, address, progress)
        else:
            file.writelines(text_of(session, asked, progress))
