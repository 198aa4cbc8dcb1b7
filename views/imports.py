"""Files brought in: upload, preview of what they say, load by the worker, and the refused rows to mend."""

from pathlib import Path
from typing import Any

from flask import current_app, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import current_actor
from app.kernel.clock import house_zone
from app.kernel.database import read_only, read_write
from app.kernel.fields import hidden
from app.kernel.guard import GuardedSession
from app.kernel.ledger import Status
from app.kernel.permissions import called
from app.kernel.settings import setting_value
from app.kernel.sheets import SheetError
from app.kernel.tables import ImportBatch
from app.kernel.transfer import batch as batches
from app.kernel.transfer import require_import, undoing
from app.kernel.transfer.batch import State
from app.kernel.transfer.progress import discard
from app.kernel.transfer.whole import profile_called, whole
from app.panel.labels import field_label, record_label, record_plural, translated
from app.panel.texts import plain
from app.schema.errors import Conflict, NotFound, NotPermitted
from app.schema.record import Line, Record, known_by, words
from app.schema.registry import registry
from app.schema.transfer import Profile, Target
from views.import_mapping import mapping_form, said_of, words_form
from views.page import Page


class ImportsPage(Page):
    """Uploads of the people who may load them."""

    route_base = "/imports"
    permission = "page:imports"

    @expose("/")
    def list(self) -> str:
        """The form for an upload, and the newest batches."""
        return _list_page()

    @expose("/", methods=["POST"])
    def upload(self) -> Any:
        """Keep a file and look at it; then its preview. A file with a fault as a whole is not kept."""
        sent = request.files.get("file")
        try:
            profile = profile_called(request.form.get("profile", ""))
        except NotFound:
            raise NotFound("There is no such import profile.") from None
        if sent is None or not sent.filename:
            return _list_page(problem=_("Choose a file first.")), 422
        folder = current_app.extensions["settings"].data_dir / "uploads"
        most = current_app.config["MAX_CONTENT_LENGTH"]
        batch = batches.receive(db.session, profile, sent.stream, sent.filename, folder, most)
        db.session.flush()
        key, path = batch.id, batch.path
        db.session.commit()
        try:
            _look(key, None)
        except SheetError as error:
            discard(path)
            db.session.delete(db.session.get(ImportBatch, key))
            db.session.commit()
            return _list_page(problem=_placed(error), file=sent.filename), 422
        return redirect(url_for("ImportsPage.show", batch_id=key), 303)

    @expose("/<int:batch_id>/options", methods=["POST"])
    def options(self, batch_id: int) -> Response:
        """Look at an upload again, with what the person says of its columns and words."""
        batch = batches.visible(db.session, batch_id)
        require_import(batches.profile_of(batch))
        if not _mine(batch):
            raise NotFound("There is no such upload among those you may see.")
        said = said_of(batches.profile_of(batch), batch, request.form)
        try:
            _look(batch_id, said)
        except SheetError as error:
            flash(_placed(error), "danger")
        if name := request.form.get("save_as", "").strip():
            batches.keep_mapping(db.session, db.session.get_one(ImportBatch, batch_id), name)
            db.session.commit()
        return redirect(url_for("ImportsPage.show", batch_id=batch_id), 303)

    @expose("/<int:batch_id>")
    def show(self, batch_id: int) -> str:
        """An upload as it stands: its preview, how far its load is, or what came of it."""
        batch = batches.visible(db.session, batch_id)
        profile = batches.profile_of(batch)
        return render_template(
            "imports/show.html",
            batch=batch,
            profile=profile,
            state=batch.state,
            result=batch.result if batch.result and "records" in batch.result else None,
            fault=_fault(batch),
            tallies=_tallies(profile, batch.result or {}),
            problems=_problems((batch.result or {}).get("problems", ())),
            previews=_previews(profile, (batch.result or {}).get("preview", {})),
            busy=batch.state in batches.BUSY,
            mapping=mapping_form(profile, batch) if batch.state == State.PREVIEWED and _mine(batch) else None,
            unknown=words_form(profile, batch),
            undoable=batch.state == State.LOADED and _may(profile) and undoing.undoable(db.session, batch.id),
            undone=_undone(batch),
            has_refused=bool(batch.path) and _mine(batch) and batches.refused_file(batch).exists(),
            progress=_progress(batch),
            plain=plain,
        )

    @expose("/<int:batch_id>/load", methods=["POST"])
    def load(self, batch_id: int) -> Response:
        """Owe the load to the worker."""
        batches.start(db.session, batches.visible(db.session, batch_id))
        db.session.commit()
        return redirect(url_for("ImportsPage.show", batch_id=batch_id), 303)

    @expose("/<int:batch_id>/undo", methods=["POST"])
    def undo(self, batch_id: int) -> Response:
        """Owe the taking back of a load to the worker."""
        batches.start_undo(db.session, batches.visible(db.session, batch_id))
        db.session.commit()
        return redirect(url_for("ImportsPage.show", batch_id=batch_id), 303)

    @expose("/<int:batch_id>/cancel", methods=["POST"])
    def cancel(self, batch_id: int) -> Response:
        """Stop what the worker is doing with an upload. Only says so: the database may be in the worker's hands."""
        with read_only():
            batches.cancel(batches.visible(db.session, batch_id))
        return redirect(url_for("ImportsPage.show", batch_id=batch_id), 303)

    @expose("/<int:batch_id>/discard", methods=["POST"])
    def discard(self, batch_id: int) -> Response:
        """Throw an upload away that was not loaded."""
        batches.drop(db.session, batches.visible(db.session, batch_id))
        db.session.commit()
        flash(_("The file was thrown away; nothing of it was loaded."), "info")
        return redirect(url_for("ImportsPage.list"), 303)

    @expose("/<int:batch_id>/progress")
    def progress(self, batch_id: int) -> Response:
        """How far the load is, for the bar: ``state``, ``done`` of ``total`` steps, and a sentence."""
        return jsonify(_progress(batches.visible(db.session, batch_id)))

    @expose("/<int:batch_id>/refused.csv")
    def refused(self, batch_id: int) -> Response:
        """The refused rows, each with what is wrong, to mend and load again."""
        batch = batches.visible(db.session, batch_id)
        if not _mine(batch):
            raise NotFound("The refused rows are for whoever uploaded them: they are not masked.")
        path = batches.refused_file(batch)
        if not path.exists():
            raise NotFound("No row of this file was refused.")
        name = f"{Path(batch.filename).stem}-refused.csv"
        return send_file(path, mimetype="text/csv", as_attachment=True, download_name=name, max_age=0)


def _mine(batch: ImportBatch) -> bool:
    return batch.user_id == current_actor().user_id


def _may(profile: Profile) -> bool:
    return bool(current_actor().scope(*profile.permission))


def _loadable() -> list[Profile]:
    """The declared profiles the present person may load through, and the records he or she may import as they are."""
    declared = [profile for profile in registry.profiles if _may(profile)]
    records = [record for record in registry if not issubclass(record, Line) and record.panel.form]
    return [*declared, *(profile for profile in map(whole, records) if _may(profile))]


def _look(key: int, said: dict[str, Any] | None) -> None:
    """Look at an upload: a small one at once, a large one by the worker. Raises `SheetError`."""
    batch = db.session.get_one(ImportBatch, key)
    if Path(batch.path).stat().st_size > setting_value(db.session, batches.AT_ONCE) << 20:
        batches.look(db.session, batch, said)
        db.session.commit()
        return
    if said is not None:
        if batch.state not in (State.PREVIEWED, State.FAILED):
            raise Conflict("This file is being loaded already, or has been.")
        batch.options = said
        db.session.commit()
    found = _examined(key)
    batch = db.session.get_one(ImportBatch, key)
    batches.settle(batch, found)
    db.session.commit()


def _undone(batch: ImportBatch) -> dict[str, Any] | None:
    """What came of taking a load back, or why nothing did."""
    told = batch.undone
    if not told or batch.state not in (State.LOADED, State.UNDONE):
        return None
    if "fault" in told:
        return {"fault": _sentence(told["fault"]["msgid"], told["fault"]["args"])}
    left = [
        {
            "title": f"{record_label(record)} {each['row_id']}" if (record := registry.get(each["record"])) else "",
            "url": url_for(f"{each['record']}.show", key=each["row_id"]) if record else "",
            "why": translated(each["why"]),
        }
        for each in told["left"]
    ]
    return told | {"left": left}


def _list_page(problem: str = "", file: str = "") -> str:
    profiles = _loadable()
    if request.method == "POST" and not profiles:
        raise NotPermitted("You may not load files with any profile.")
    found = list(batches.batches(db.session))
    wanted = {batch.user_id for batch in found if batch.user_id}
    users = called(db.session, wanted)
    return render_template(
        "imports/list.html",
        profiles=sorted((p for p in profiles if not p.record), key=lambda p: translated(p.label)),
        records=sorted((p for p in profiles if p.record), key=lambda p: translated(p.label)),
        chosen=request.form.get("profile", ""),
        batches=found,
        labels=_labels(),
        users=users,
        problem=problem,
        file=file,
        states=_states(),
        plain=plain,
    )


def _labels() -> dict[str, str]:
    every = [*registry.profiles, *map(whole, registry)]
    return {profile.name: translated(profile.label) for profile in every}


def _states() -> dict[str, str]:
    return {
        State.EXAMINING: _("being looked at"),
        State.UNDOING: _("being taken back"),
        State.UNDONE: _("taken back"),
        State.PREVIEWED: _("not loaded yet"),
        State.WAITING: _("being loaded"),
        State.LOADED: _("loaded"),
        State.FAILED: _("not loaded"),
    }


def _examined(key: int) -> dict[str, Any]:
    """Look at an upload in a session of its own, which only reads, but for the file of one record: that is written
    and taken back."""
    writes = batches.profile_of(db.session.get_one(ImportBatch, key)).record
    db.session.rollback()
    with read_write() if writes else read_only(), GuardedSession(bind=db.engine) as session:
        return batches.examine(session, session.get_one(ImportBatch, key), house_zone())


def _sentence(msgid: str, places: dict[str, Any]) -> str:
    """A message out of a file, in the person's language; what it quotes stays as the file has it."""
    sentence = translated(msgid)
    return sentence % places if places else sentence


def _placed(error: SheetError) -> str:
    return _at(error.row, error.column, _sentence(error.msgid, error.args_))


def _at(row: int | None, column: str | None, message: str) -> str:
    if row is not None and column is not None:
        return _("Row %(row)d, column %(column)s: %(message)s", row=row, column=column, message=message)
    if row is not None:
        return _("Row %(row)d: %(message)s", row=row, message=message)
    return message


def _fault(batch: ImportBatch) -> str:
    """Why a load came to nothing, or what stands in the way of one that waits."""
    told = (batch.result or {}).get("fault")
    return _at(told["row"], told["column"], _sentence(told["msgid"], told["args"])) if told else batch.error or ""


def _tallies(profile: Profile, result: dict[str, Any]) -> list[dict[str, Any]]:
    counted = result.get("records", {})
    return [
        counted[target.name]
        | {"label": translated(words(target.name)), "plural": record_plural(registry[target.record])}
        for target in _targets(profile)
        if target.name in counted
    ]


def _targets(profile: Profile) -> tuple[Target, ...]:
    """The targets of a profile; of a record's own file the record, with the fields the file has."""
    return profile.targets or (Target(profile.record, profile.record, known_by(registry[profile.record]), {}),)


def _problems(found: Any) -> list[dict[str, Any]]:
    return [
        {
            "row": problem["row"],
            "column": _column(problem["column"]),
            "value": problem["value"],
            "words": _sentence(problem["msgid"], problem["args"]),
        }
        for problem in found
    ]


def _column(name: str | None) -> str:
    """The column of a problem; a computed field by its label."""
    return translated(words(name[2:])) if name and name.startswith("→ ") else name or ""


def _previews(profile: Profile, preview: dict[str, Any]) -> list[dict[str, Any]]:
    shown = []
    for target in _targets(profile):
        rows = preview.get(target.name)
        if rows:
            record = registry[target.record]
            gone = hidden(current_actor(), record).always
            names = [name for name in target.fields or rows[0] if name not in gone]
            heads = [field_label(record, name) for name in names]
            cells = [[_cell(record, name, row.get(name)) for name in names] for row in rows]
            shown.append({"label": translated(words(target.name)), "heads": heads, "rows": cells})
    return shown


def _cell(record: type[Record], name: str, value: Any) -> str:
    info = record.__table__.c[name].info if name in record.__table__.c else {}
    choices = info.get("choices") if not info.get("many") else None
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return translated(choices(value).label) if choices else str(value)


def _progress(batch: ImportBatch) -> dict[str, Any]:
    """How far a load is. Reading is the first half of the bar, writing the second."""
    told = batches.progress(batch) if batch.path else {}
    row, total, phase = told.get("done", 0), max(told.get("total", 0), 1), told.get("phase")
    done = total + row if phase == "write" else row
    answer = {"state": batch.state, "done": done, "total": 2 * total, "stuck": False}
    answer["busy"] = batch.state in batches.BUSY
    if not answer["busy"]:
        return answer
    period = batches.period(db.session, batch)
    if period is not None and period.status in (Status.FAILED, Status.SKIPPED):
        message = _("The load failed and is not tried again by itself; operations can retry it on the page Jobs.")
        return answer | {"stuck": True, "words": message}
    if not batches.worker_alive(db.session):
        message = _("No worker is running. The file is loaded as soon as one is; nothing is lost.")
        return answer | {"stuck": True, "words": message}
    if period is not None and period.error:
        return answer | {"words": _("The load was interrupted; it begins again by itself.")}
    if phase == "read":
        return answer | {"words": _("Reading row %(row)d of %(total)d", row=row, total=total)}
    if phase == "write":
        return answer | {"words": _("Writing row %(row)d of %(total)d", row=row, total=total)}
    return answer | {"words": _("Waiting for the worker")}
