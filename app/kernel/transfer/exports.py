"""Lists on their way into files: asked for, agreed to above the cap, written by the worker, forgotten after a while.

What is written is for the panel to say (`app.panel.export_tasks`); here is who may have it, and how far it is.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from app.kernel import history, ledger
from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.settings import setting_value
from app.kernel.tables import JobPeriod
from app.kernel.transfer.progress import cancel as stop
from app.kernel.transfer.progress import clear, discard
from app.kernel.transfer.tables import ExportFile
from app.schema.errors import Conflict, NotFound, NotPermitted
from app.schema.jobs import Missed, scheduled
from app.schema.kinds import INTEGER, SHORT_TEXT
from app.schema.registry import registry
from app.schema.roles import Role
from app.schema.settings import setting

JOB = "data.export"
AT_ONCE = setting("exports.at_once", 100_000, INTEGER, "Lists are exported while one waits up to", "rows")
CAP = setting("exports.cap", 100_000, INTEGER, "Exports need somebody else's agreement above", "rows")
APPROVER = setting("exports.approver", str(Role.MANAGER), SHORT_TEXT, "Role that agrees to large exports")
KEPT = setting("exports.kept", 7, INTEGER, "Exported files are kept for", "days")


class State:
    """Where an export stands: waiting for somebody's agreement or for the worker, ready, or not to be had."""

    ASKING = "asking"
    WAITING = "waiting"
    READY = "ready"
    DENIED = "denied"
    FAILED = "failed"
    GONE = "gone"


OPEN = (State.ASKING, State.WAITING)


def ask(session: Session, record: str, form: str, asked: dict[str, list[str]], rows: int, **more: str) -> ExportFile:
    """Enter an export of `rows` rows for the current actor: owed to the worker, or to be agreed to above the cap.

    `more` are its `folder`, `filename` and `locale`.
    """
    folder = Path(more["folder"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    export = ExportFile(
        record=record,
        form=form,
        asked=asked,
        locale=more["locale"],
        user_id=current_actor().user_id,
        state=State.ASKING if rows > setting_value(session, CAP) else State.WAITING,
        rows=rows,
        path=str((folder / secrets.token_hex(16)).resolve()),
        filename=more["filename"],
    )
    session.add(export)
    session.flush()
    if export.state == State.WAITING:
        _owe(session, export)
    return export


def _owe(session: Session, export: ExportFile) -> None:
    clear(export.path)
    ledger.enqueue(session, JOB, str(export.id), ledger.database_now(session), export.user_id)


def may_agree(session: Session, actor: Actor, export: ExportFile) -> bool:
    """Whether `actor` may agree to an export: has the role for it, may export the like, and did not ask for it."""
    record = registry.get(export.record)
    others = export.user_id != actor.user_id
    return others and record is not None and _agrees(session, actor) and may(actor, "export", record)


def _agrees(session: Session, actor: Actor) -> bool:
    return str(setting_value(session, APPROVER)) in actor.roles


def decide(session: Session, export: ExportFile, agreed: bool) -> None:
    """Agree to an export, or do not. Raises `NotPermitted`, or `Conflict` where nothing is asked any more."""
    if not may_agree(session, current_actor(), export):
        raise NotPermitted("Agreeing to this export is for somebody else.")
    session.refresh(export, with_for_update=True)
    if export.state != State.ASKING:
        raise Conflict("This has been decided already.")
    export.state = State.WAITING if agreed else State.DENIED
    export.decided_by_id, export.decided_at = current_actor().user_id, ledger.database_now(session)
    verb, told = "agree" if agreed else "deny", {"rows": export.rows, "asked": export.asked}
    history.summarise(session, export.record, f"{verb} export", told, row_id=None)
    if agreed:
        _owe(session, export)


def visible(session: Session, export_id: int) -> ExportFile:
    """The export, for whoever asked for it, may agree to it, or administers; else `NotFound`."""
    export, actor = session.get(ExportFile, export_id), current_actor()
    if export is not None:
        asked = export.state == State.ASKING and may_agree(session, actor, export)
        if actor.system or export.user_id == actor.user_id or _administers(actor) or asked:
            return export
    raise NotFound("There is no such export among those you may see.")


def _administers(actor: Actor) -> bool:
    return str(Role.ADMIN) in actor.roles


def listed(session: Session, limit: int = 50) -> Iterator[ExportFile]:
    """The newest exports of the current actor, and those he or she may agree to; an administrator sees all."""
    actor = current_actor()
    wanted: ColumnElement[bool] = ExportFile.user_id == actor.user_id
    if _administers(actor):
        wanted = true()
    elif _agrees(session, actor):
        wanted = or_(wanted, ExportFile.state == State.ASKING)
    newest = session.scalars(select(ExportFile).where(wanted).order_by(ExportFile.id.desc()).limit(limit))
    asking = (e for e in newest if e.user_id == actor.user_id or _administers(actor) or may_agree(session, actor, e))
    yield from asking


def mine(export: ExportFile) -> bool:
    """Whether the current actor asked for it: the file itself is for nobody else, it holds what he or she may see."""
    return export.user_id is not None and export.user_id == current_actor().user_id


def cancel(session: Session, export: ExportFile) -> None:
    """Have an export of one's own no more; the worker is told to stop. Raises `NotFound`."""
    if not mine(export):
        raise NotFound("There is no such export among those you may see.")
    if export.state == State.ASKING:
        export.state = State.GONE
    elif export.state == State.WAITING:
        stop(export.path)


def period(session: Session, export: ExportFile) -> JobPeriod | None:
    """The ledger's line on an export."""
    return session.get(JobPeriod, (JOB, str(export.id)))


@scheduled("exports.forget", cron="40 3 * * *", label="Delete old exports", missed=Missed.LATEST)
def forget(due: datetime, session: Session) -> dict[str, Any]:
    """Delete exported files older than the setting; that they were asked for stays known."""
    before = due - timedelta(days=setting_value(session, KEPT))
    old = select(ExportFile).where(ExportFile.created_at < before, ExportFile.path != "")
    found = session.scalars(old.where(ExportFile.state != State.WAITING)).all()
    for export in found:
        discard(export.path)
        export.path, export.state = "", State.GONE
    return {"written": len(found)}
