"""An upload on its way in: kept in a folder, examined, loaded by a job, and forgotten after a while.

The load itself is one transaction, so nobody sees how far it is; `progress` is therefore told in a small file beside
the upload. The database knows what became of it.
"""

import json
import os
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import ledger
from app.kernel.actor import Actor, acting, current_actor
from app.kernel.permissions import Actors
from app.kernel.settings import setting_value
from app.kernel.sheets import SheetError
from app.kernel.tables import Heartbeat, ImportBatch, JobPeriod
from app.kernel.transfer.loading import load, require_import
from app.kernel.transfer.outcome import Progress
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.jobs import Missed, scheduled
from app.schema.kinds import INTEGER
from app.schema.registry import registry
from app.schema.settings import setting
from app.schema.transfer import Profile

JOB = "data.import"
KEPT = setting("imports.kept", 30, INTEGER, "Uploaded files are kept for", "days")
UPLOAD_GONE = "The uploaded file is no longer there. Upload it again."
_PIECE = 1 << 20


class State:
    """Where a batch stands: looked at, waiting for the worker, loaded, or failed for a reason in `error`."""

    PREVIEWED = "previewed"
    WAITING = "waiting"
    LOADED = "loaded"
    FAILED = "failed"


def receive(
    session: Session, profile: Profile, stream: IO[bytes], filename: str, folder: Path, most: int
) -> ImportBatch:
    """Keep an upload of at most `most` bytes under a name nobody can guess, and enter its batch.

    Raises `Refusal`; nothing is kept then.
    """
    require_import(profile)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = PurePath(filename.replace("\\", "/")).name[:200] or "upload"
    path = (folder / secrets.token_hex(16)).resolve()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
        while piece := stream.read(_PIECE):
            if kept.tell() + len(piece) > most:
                path.unlink()
                raise Refusal("The file is larger than %(most)d MB; divide it into several files.", most=most >> 20)
            kept.write(piece)
    batch = ImportBatch(
        profile=profile.name, filename=name, path=str(path), user_id=current_actor().user_id, state=State.PREVIEWED
    )
    session.add(batch)
    return batch


def examine(session: Session, batch: ImportBatch, zone: Any) -> dict[str, Any]:
    """What loading the batch would do, as `Outcome.as_dict` tells it; also writes the file of refused rows.

    Raises `SheetError` for a fault of the file as a whole. `session` need only read.
    """
    profile = profile_of(batch)
    outcome = load(session, profile, batch.path, batch.filename, dry_run=True, refused=refused_file(batch), zone=zone)
    return outcome.as_dict()


def start(session: Session, batch: ImportBatch) -> None:
    """Owe the load of an examined batch to the worker. Raises `NotPermitted`, or `Conflict` if it was started."""
    require_import(profile_of(batch))
    session.refresh(batch, with_for_update=True)
    if batch.state != State.PREVIEWED:
        raise Conflict("This file is being loaded already, or has been.")
    batch.state = State.WAITING
    ledger.enqueue(session, JOB, str(batch.id), ledger.database_now(session), current_actor().user_id)


def drop(session: Session, batch: ImportBatch) -> None:
    """Throw away an upload that was not loaded. Raises `Conflict` for one that was, or is about to be."""
    require_import(profile_of(batch))
    session.refresh(batch, with_for_update=True)
    if batch.state != State.PREVIEWED:
        raise Conflict("This file is being loaded already, or has been.")
    discard(batch.path)
    session.delete(batch)


def visible(session: Session, batch_id: int) -> ImportBatch:
    """The batch, for its uploader and for whoever may load the like of it; else `NotFound`."""
    batch, actor = session.get(ImportBatch, batch_id), current_actor()
    if batch is not None and (actor.system or batch.user_id == actor.user_id or _may_load(actor, batch)):
        return batch
    raise NotFound("There is no such upload among those you may see.")


def _may_load(actor: Actor, batch: ImportBatch) -> bool:
    return bool(actor.scope("import", f"profile:{batch.profile}"))


def batches(session: Session, limit: int = 50) -> Iterator[ImportBatch]:
    """The newest batches the current actor may see."""
    actor = current_actor()
    newest = session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit))
    return (b for b in newest if actor.system or b.user_id == actor.user_id or _may_load(actor, b))


def profile_of(batch: ImportBatch) -> Profile:
    """The profile of a batch; `NotFound` if this version no longer declares it."""
    found = registry.profiles.get(batch.profile)
    if found is None:
        raise NotFound("The profile %(name)s no longer exists.", name=batch.profile)
    return found


def refused_file(batch: ImportBatch) -> Path:
    """Where the refused rows of a batch lie, if there are any and the upload is not forgotten."""
    if not batch.path:
        raise NotFound("This upload has been deleted, as uploads are after a while.")
    return Path(batch.path + ".refused.csv")


def progress(batch: ImportBatch) -> dict[str, Any]:
    """How far the load is: ``phase``, ``done`` and ``total``; empty before it begins."""
    try:
        told: dict[str, Any] = json.loads(Path(batch.path + ".progress").read_text())
    except (OSError, ValueError):
        return {}
    return told


def _teller(path: str) -> Progress:
    def tell(phase: str, done: int, total: int) -> None:
        fresh = Path(path + ".progress.new")
        fresh.write_text(json.dumps({"phase": phase, "done": done, "total": total}))
        fresh.replace(path + ".progress")

    return tell


def period(session: Session, batch: ImportBatch) -> JobPeriod | None:
    """The ledger's line on a batch, once it is started: tries, errors, whether it was given up."""
    return session.get(JobPeriod, (JOB, str(batch.id)))


def worker_alive(session: Session) -> bool:
    """Whether somebody is there to do the load."""
    heard = ledger.database_now(session) - ledger.SILENT_AFTER
    return session.scalar(select(Heartbeat.worker).where(Heartbeat.at > heard).limit(1)) is not None


@scheduled(JOB, cron="", label="Load an uploaded file")
def load_batch(due: datetime, session: Session) -> dict[str, Any]:
    """Load the batch whose id the period is, as the person who uploaded it and if he or she still may."""
    batch = session.get(ImportBatch, int(session.info["period"]), with_for_update=True)
    if batch is None or batch.state != State.WAITING:
        return {"written": 0, "stood": 1}
    try:
        with session.begin_nested(), acting(_uploader(session, batch)):
            outcome = load(
                session,
                profile_of(batch),
                batch.path,
                batch.filename,
                progress=_teller(batch.path),
                refused=refused_file(batch),
                zone=session.info["zone"],
            )
    except (Refusal, SheetError, OSError) as error:
        batch.state, batch.error, batch.result = State.FAILED, str(error), {"fault": _fault(error)}
        result = {"written": 0, "stood": 0, "error": str(error)}
    else:
        batch.state, batch.rows = State.LOADED, outcome.rows
        batch.result = outcome.as_dict() | {"preview": {}}
        tallies = outcome.records.values()
        result = {
            "written": sum(tally.written + tally.changed for tally in tallies),
            "stood": sum(tally.stood + tally.kept for tally in tallies),
            "refused": outcome.refused,
        }
    batch.finished_at = ledger.database_now(session)
    return result


def _uploader(session: Session, batch: ImportBatch) -> Actor:
    """Whoever uploaded the file, as he or she stands today."""
    actor = Actors().of(session, batch.user_id, "import") if batch.user_id is not None else None
    if actor is None:
        raise NotPermitted("Whoever uploaded this file may no longer sign in.")
    return actor


def _fault(error: Exception) -> dict[str, Any]:
    """A fault of the whole file, or the reason of a refusal, so that it can be translated."""
    if isinstance(error, SheetError):
        return {"msgid": error.msgid, "args": error.args_, "row": error.row, "column": error.column}
    if isinstance(error, Refusal):
        return {"msgid": error.message, "args": error.args_, "row": None, "column": None}
    return {"msgid": UPLOAD_GONE, "args": {}, "row": None, "column": None}


@scheduled("imports.forget", cron="30 3 * * *", label="Delete old uploads", missed=Missed.LATEST)
def forget(due: datetime, session: Session) -> dict[str, Any]:
    """Delete uploads older than the setting, with what was copied out of them; that they were loaded stays known."""
    before = due - timedelta(days=setting_value(session, KEPT))
    old = select(ImportBatch).where(ImportBatch.created_at < before, ImportBatch.path != "")
    found = session.scalars(old.where(ImportBatch.state != State.WAITING)).all()
    for batch in found:
        # Before the commit: should that fail, the next try finds the files gone and comes to the same end.
        discard(batch.path)
        batch.path, batch.result = "", None
    return {"written": len(found)}


def discard(path: str) -> None:
    """Delete an upload and what lies beside it."""
    for end in ("", ".progress", ".progress.new", ".refused.csv"):
        Path(path + end).unlink(missing_ok=True)
