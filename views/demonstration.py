"""Demonstration data: how much there is, since when; having it loaded, and taken away after a question."""

from typing import Any

from flask import current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.jobs import demonstration as owed
from app.kernel import demonstration
from app.kernel.access import may
from app.kernel.actor import current_actor, on_behalf
from app.kernel.ledger import OPEN, Status
from app.kernel.transfer.batch import worker_alive
from app.panel.labels import field_label, record_plural, said, translated
from app.panel.saving import saving
from app.panel.texts import plain
from app.panel.titles import titles_of
from app.schema.errors import Refusal
from app.schema.registry import registry
from views.page import Page

NAMED = 10
"""How many of the rows in the way are named."""


class DemonstrationPage(Page):
    """What there is of the demonstration, and the question before it goes."""

    route_base = "/demonstration"
    permission = owed.PAGE

    @expose("/")
    def show(self) -> str:
        """The rows by record and the sign-ins; or what loading would do, or why it may not."""
        since, last = demonstration.since(db.session), owed.latest(db.session)
        with on_behalf("demonstration"):
            counts, entered = demonstration.counted(db.session), demonstration.entered(db.session)
        return render_template(
            "demonstration/show.html",
            since=since and plain(since),
            rows=_rows(counts),
            people=sorted(demonstration.people(db.session).values()),
            entered=", ".join(sorted(map(_name, entered))),
            production=translated(demonstration.IN_PRODUCTION) if _in_production() else "",
            refused=translated((last.result or {}).get("refused", "")) if last is not None else "",
            removing=last is not None and last.job == owed.REMOVE,
            progress=_progress(),
            plain=plain,
        )

    @expose("/question")
    def question(self) -> Any:
        """What goes, what stays and what is in the way, before it is taken away."""
        return _question() if demonstration.since(db.session) is not None else _back()

    @expose("/load", methods=["POST"])
    def load(self) -> Response:
        """Owe the loading to the worker; twice asked, it is loaded once."""
        try:
            demonstration.refuse_in(current_app.extensions["settings"].mode)
            if demonstration.since(db.session) is not None:
                raise Refusal(demonstration.THERE)
            with saving(db.session):
                owed.ask(db.session, owed.LOAD)
        except Refusal as refusal:
            flash(said(refusal), "danger")
        return _back()

    @expose("/remove", methods=["POST"])
    def remove(self) -> Any:
        """Owe the removal, with what was agreed to go along."""
        if demonstration.since(db.session) is None:
            flash(_("There is no demonstration data."), "info")
            return _back()
        seal = request.form.get("seal", "")
        if seal != demonstration.Found().seal and "along" not in request.form:
            return _question(_("Agree that they go along, or move them first.")), 422
        try:
            if _one_of_them():
                raise Refusal(demonstration.ONE_OF_THEM)
            with saving(db.session):
                owed.ask(db.session, owed.REMOVE, seal)
        except Refusal as refusal:
            flash(said(refusal), "danger")
        return _back()

    @expose("/progress")
    def progress(self) -> Response:
        """How far it is."""
        return jsonify(_progress())


def _in_production() -> bool:
    return bool(current_app.extensions["settings"].mode == "production")


def _one_of_them() -> bool:
    return current_actor().user_id in demonstration.people(db.session)


def _back() -> Response:
    return redirect(url_for("DemonstrationPage.show"), 303)


def _question(problem: str = "") -> str:
    with on_behalf("demonstration"):
        told = demonstration.found(db.session)
        loose = demonstration.loosened(db.session, told)
    return render_template(
        "demonstration/question.html",
        rows=_rows(told.ours),
        hanging=[(_name(name), len(ids), _named(name, ids[:NAMED])) for name, ids in sorted(told.hanging.items())],
        named=NAMED,
        loose=[(_name(name), field_label(registry[name], link), count) for (name, link), count in loose.items()],
        seal=told.seal,
        mine=translated(demonstration.ONE_OF_THEM) if _one_of_them() else "",
        problem=problem,
        plain=plain,
    )


def _rows(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted((_name(name), count) for name, count in counts.items())


def _name(table: str) -> str:
    return _("Sign-ins") if table == demonstration.USERS else record_plural(registry[table])


def _named(name: str, ids: list[int]) -> list[tuple[str, str]]:
    """Rows by their titles, and the addresses of those the present person may open; of others the number."""
    record = registry[name]
    titles = titles_of(db.session, name, ids) if may(current_actor(), "read", record) else {}
    page = f"{name}.show"
    opens = page in current_app.view_functions
    return [(titles.get(key, f"#{key}"), url_for(page, key=key) if key in titles and opens else "") for key in ids]


def _progress() -> dict[str, Any]:
    """Whether something is under way, and in words how far; nobody can look into the transaction itself."""
    last = owed.latest(db.session)
    if last is None or last.status not in OPEN:
        return {"busy": False}
    answer = {"busy": True, "done": 0, "total": 1, "stuck": True}
    if last.status == Status.FAILED:
        return answer | {"words": _("This failed and is not tried again by itself; retry it on the page Jobs.")}
    if not worker_alive(db.session):
        return answer | {"words": _("No worker is running. It is done as soon as one is; nothing is lost.")}
    if last.started_at is None:
        return answer | {"stuck": False, "words": _("Waiting for the worker")}
    working = _("Loading the demonstration data …") if last.job == owed.LOAD else _("Removing the demonstration data …")
    return answer | {"stuck": False, "done": 1, "total": 2, "words": working}
