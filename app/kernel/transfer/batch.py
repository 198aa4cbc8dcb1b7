"""An upload on its way in: kept in a folder, examined, loaded by a job, and forgotten after a while.

The load itself is one transaction, so nobody sees how far it is; `progress` is therefore told in a small file beside
the upload. The database knows what became of it.
"""

import os
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import history, ledger
from app.kernel.actor import Actor, acting, current_actor
from app.kernel.permissions import Actors
from app.kernel.settings import setting_value
from app.kernel.sheets import SheetError
from app.kernel.tables import Heartbeat, ImportBatch, JobPeriod
from app.kernel.transfer import undoing
from app.kernel.transfer.loading import load, opened, require_import, silent
from app.kernel.transfer.options import Options
from app.kernel.transfer.outcome import Progress
from app.kernel.transfer.progress import cancel as stop
from app.kernel.transfer.progress import clear, discard, progress_of
from app.kernel.transfer.progress import teller as _teller
from app.kernel.transfer.tables import ImportMapping
from app.kernel.transfer.whole import PREFIX, profile_called
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.jobs import Missed, scheduled
from app.schema.kinds import INTEGER
from app.schema.settings import setting
from app.schema.transfer import Profile

JOB = "data.import"
PREVIEW = "data.preview"
UNDO = "data.undo"
AT_ONCE = setting("imports.at_once", 2, INTEGER, "Uploads are looked at while one waits up to", "MB")
KEPT = setting("imports.kept", 30, INTEGER, "Uploaded files are kept for", "days")
UPLOAD_GONE = "The uploaded file is no longer there. Upload it again."
_PIECE = 1 << 20


class State:
    """Where a batch stands: yet to be looked at, looked at, waiting for the worker, loaded, on its way back, taken
    back, or failed for a reason in `error`."""

    EXAMINING = "examining"
    PREVIEWED = "previewed"
    WAITING = "waiting"
    LOADED = "loaded"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


BUSY = (State.EXAMINING, State.WAITING, State.UNDOING)
"""States in which the worker has something to do."""


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


def examine(session: Session, batch: ImportBatch, zone: Any, progress: Progress = silent) -> dict[str, Any]:
    """What loading the batch would do, as `Outcome.as_dict` tells it; also writes the file of refused rows.

    Raises `SheetError` for a fault of the file as a whole. `session` need only read, but for the file of one record,
    which is written and taken back.
    """
    profile = profile_of(batch)
    options, named = options_of(session, batch)
    Path(batch.path + ".refused.csv").unlink(missing_ok=True)
    outcome = load(
        session,
        profile,
        batch.path,
        batch.filename,
        dry_run=True,
        progress=progress,
        refused=refused_file(batch),
        zone=zone,
        options=options,
    )
    return outcome.as_dict() | {"saved_as": named}


def options_of(session: Session, batch: ImportBatch) -> tuple[Options, str]:
    """What was said of a batch; of a file nobody has said anything of, what its uploader kept for such columns."""
    said, profile = batch.options, profile_of(batch)
    if said is not None or not profile.record:
        said = said or {}
        return Options(said.get("mapping"), said.get("words") or {}, bool(said.get("all_or_none"))), ""
    headers = set(opened(batch.path, batch.filename, profile).columns)
    mine = select(ImportMapping).where(ImportMapping.user_id == batch.user_id, ImportMapping.profile == profile.name)
    for kept in session.scalars(mine.order_by(ImportMapping.used_at.desc())):
        if headers == set(kept.mapping):
            return Options(kept.mapping, kept.words), kept.name
    return Options(), ""


def look(session: Session, batch: ImportBatch, said: dict[str, Any] | None) -> None:
    """Owe another look at a batch that was not loaded yet, with what was `said` of it. Raises `Conflict`."""
    require_import(profile_of(batch))
    session.refresh(batch, with_for_update=True)
    if batch.state not in (State.PREVIEWED, State.FAILED) or not batch.path:
        raise Conflict("This file is being loaded already, or has been.")
    batch.options, batch.state, batch.error, batch.asked = said, State.EXAMINING, None, batch.asked + 1
    clear(batch.path)
    period = f"{batch.id}.{batch.asked}"
    ledger.enqueue(session, PREVIEW, period, ledger.database_now(session), current_actor().user_id)


def keep_mapping(session: Session, batch: ImportBatch, name: str) -> None:
    """Keep what was said of a batch under a name of the current person's own; what that name held is replaced."""
    said = batch.options or {}
    mine = (ImportMapping.user_id == current_actor().user_id, ImportMapping.profile == batch.profile)
    found = session.scalar(select(ImportMapping).where(*mine, ImportMapping.name == name))
    if found is None:
        found = ImportMapping(user_id=current_actor().user_id, profile=batch.profile, name=name[:80])
        session.add(found)
    found.mapping, found.words = said.get("mapping") or {}, said.get("words") or {}
    found.used_at = ledger.database_now(session)


def cancel(batch: ImportBatch) -> None:
    """Stop what the worker is doing with a batch, or keep it from beginning; told beside the upload, for the database
    may be in the hands of the very load that is to stop. What was loaded by then stays."""
    require_import(profile_of(batch))
    if batch.state in BUSY and batch.path:
        stop(batch.path)


def start(session: Session, batch: ImportBatch) -> None:
    """Owe the load of an examined batch to the worker. Raises `NotPermitted`, or `Conflict` if it was started."""
    require_import(profile_of(batch))
    session.refresh(batch, with_for_update=True)
    if batch.state != State.PREVIEWED:
        raise Conflict("This file is being loaded already, or has been.")
    batch.state = State.WAITING
    clear(batch.path)
    ledger.enqueue(session, JOB, str(batch.id), ledger.database_now(session), current_actor().user_id)


def start_undo(session: Session, batch: ImportBatch) -> None:
    """Owe the taking back of a loaded batch. Raises `NotPermitted`, or `Conflict` where there is nothing of it."""
    require_import(profile_of(batch))
    session.refresh(batch, with_for_update=True)
    if batch.state != State.LOADED or not undoing.undoable(session, batch.id):
        raise Conflict("Nothing of this file can be taken back any more.")
    batch.state, batch.undone = State.UNDOING, {"by": current_actor().user_id}
    ledger.enqueue(session, UNDO, str(batch.id), ledger.database_now(session), current_actor().user_id)


def drop(session: Session, batch: ImportBatch) -> None:
    """Throw away an upload that was not loaded. Raises `Conflict` for one that was, or is about to be."""
    require_import(profile_of(batch))
    session.refresh(batch, with_for_update=True)
    if batch.state not in (State.PREVIEWED, State.FAILED):
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
    verb, name = "import", batch.profile.removeprefix(PREFIX)
    return bool(actor.scope(verb, name if batch.profile.startswith(PREFIX) else f"profile:{batch.profile}"))


def batches(session: Session, limit: int = 50) -> Iterator[ImportBatch]:
    """The newest batches the current actor may see."""
    actor = current_actor()
    newest = session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit))
    return (b for b in newest if actor.system or b.user_id == actor.user_id or _may_load(actor, b))


def profile_of(batch: ImportBatch) -> Profile:
    """The profile of a batch; `NotFound` if this version no longer declares it."""
    return profile_called(batch.profile)


def refused_file(batch: ImportBatch) -> Path:
    """Where the refused rows of a batch lie, if there are any and the upload is not forgotten."""
    if not batch.path:
        raise NotFound("This upload has been deleted, as uploads are after a while.")
    return Path(batch.path + ".refused.csv")


def progress(batch: ImportBatch) -> dict[str, Any]:
    """How far the load is: ``phase``, ``done`` and ``total``; empty before it begins."""
    return progress_of(batch.path)


def period(session: Session, batch: ImportBatch) -> JobPeriod | None:
    """The ledger's line on what a batch waits for: tries, errors, whether it was given up."""
    key = {State.EXAMINING: (PREVIEW, f"{batch.id}.{batch.asked}"), State.UNDOING: (UNDO, str(batch.id))}
    return session.get(JobPeriod, key.get(batch.state, (JOB, str(batch.id))))


def worker_alive(session: Session) -> bool:
    """Whether somebody is there to do the load."""
    heard = ledger.database_now(session) - ledger.SILENT_AFTER
    return session.scalar(select(Heartbeat.worker).where(Heartbeat.at > heard).limit(1)) is not None


@scheduled(PREVIEW, cron="", label="Look at an uploaded file")
def preview_batch(due: datetime, session: Session) -> dict[str, Any]:
    """Look at the batch whose id the period begins with, as the person who uploaded it."""
    batch = session.get(ImportBatch, int(session.info["period"].partition(".")[0]), with_for_update=True)
    if batch is None or batch.state != State.EXAMINING:
        return {"written": 0, "stood": 1}
    try:
        with session.begin_nested(), acting(_uploader(session, batch)):
            tell = _teller(batch.path)
            tell("read", 0, 1)
            found = examine(session, batch, session.info["zone"], tell)
    except (Refusal, SheetError, OSError) as error:
        _fail(batch, error)
        return {"written": 0, "stood": 0, "error": str(error)}
    settle(batch, found)
    return {"written": 0, "refused": found["refused"]}


def settle(batch: ImportBatch, found: dict[str, Any]) -> None:
    """Keep what a look at a batch found."""
    if profile_of(batch).record:
        said = batch.options or {}
        batch.options = {"mapping": found["mapping"]} | said
    batch.state, batch.result, batch.rows, batch.error = State.PREVIEWED, found, found["rows"], None


def _fail(batch: ImportBatch, error: Exception) -> None:
    batch.state, batch.error, batch.result = State.FAILED, str(error), {"fault": _fault(error)}


@scheduled(UNDO, cron="", label="Take an import back")
def undo_batch(due: datetime, session: Session) -> dict[str, Any]:
    """Take back the batch whose id the period is, as the person who asked for it and if he or she still may."""
    batch = session.get(ImportBatch, int(session.info["period"]), with_for_update=True)
    if batch is None or batch.state != State.UNDOING:
        return {"written": 0, "stood": 1}
    by = (batch.undone or {}).get("by")
    actor = Actors().of(session, by, "import") if by is not None else None
    try:
        if actor is None:
            raise NotPermitted("Whoever asked for this may no longer sign in.")
        with session.begin_nested(), acting(actor):
            require_import(profile_of(batch))
            done = undoing.undo(session, batch.id)
            told = {key: done[key] for key in ("removed", "restored", "left_count")} | {"file": batch.filename}
            history.summarise(session, "import_batch", "undo", told, row_id=batch.id)
    except Refusal as error:
        batch.state, batch.undone = State.LOADED, {"fault": _fault(error)}
        return {"written": 0, "stood": 0, "error": str(error)}
    batch.state, batch.undone = State.UNDONE, {"by": by} | done
    return {"written": done["removed"] + done["restored"], "left": done["left_count"]}


@scheduled(JOB, cron="", label="Load an uploaded file")
def load_batch(due: datetime, session: Session) -> dict[str, Any]:
    """Load the batch whose id the period is, as the person who uploaded it and if he or she still may."""
    batch = session.get(ImportBatch, int(session.info["period"]), with_for_update=True)
    if batch is None or batch.state != State.WAITING:
        return {"written": 0, "stood": 1}
    key = batch.id
    try:
        with session.begin_nested(), acting(_uploader(session, batch)):
            _teller(batch.path)("read", 0, 1)
            outcome = load(
                session,
                profile_of(batch),
                batch.path,
                batch.filename,
                progress=_teller(batch.path),
                refused=refused_file(batch),
                zone=session.info["zone"],
                options=options_of(session, batch)[0],
                noting=lambda record, changes: undoing.remember(session, key, record, changes),
            )
    except (Refusal, SheetError, OSError) as error:
        _fail(batch, error)
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
    found = session.scalars(old.where(ImportBatch.state.not_in(BUSY))).all()
    undoing.forget(session, [batch.id for batch in found])
    for batch in found:
        # Before the commit: should that fail, the next try finds the files gone and comes to the same end.
        discard(batch.path)
        batch.path, batch.result, batch.options = "", None, None
    return {"written": len(found)}
