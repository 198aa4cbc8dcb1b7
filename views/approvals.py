"""Approvals: every row that waits for a second pair of eyes and for me, with the step and the reason where closed."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import find, may
from app.kernel.actor import current_actor
from app.kernel.workflow import Offer, advance, offers
from app.panel.labels import said, step_label
from app.schema.errors import NotFound, Refusal
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.workflow import Step
from views.page import Page

SHOWN = 100


@dataclass(frozen=True)
class Waiting:
    """A row that waits, and its step as it is offered to me."""

    row: Record
    offer: Offer


@dataclass(frozen=True)
class Queue:
    """The rows of one record that wait for one step."""

    record: type[Record]
    step: Step
    rows: list[Waiting]


class ApprovalsPage(Page):
    """The queue is derived: a step that says ``not_by`` is an approval."""

    route_base = "/approvals"
    permission = "page:approvals"

    @expose("/")
    def list(self) -> str:
        """Everything that waits for me, by record and step."""
        queues = [queue for record in registry for step in approvals_of(record) if (queue := _queue(record, step)).rows]
        return render_template("approvals/list.html", queues=queues, asks=asks)

    @expose("/<name>/<step_name>", methods=["POST"])
    def take(self, name: str, step_name: str) -> Response:
        """Take one step on the chosen rows, each for itself; the result of each is told."""
        record = registry.get(name)
        step = next((s for s in approvals_of(record) if s.name == step_name), None) if record else None
        if record is None or step is None:
            raise NotFound("There is no such approval.")
        for text in request.form.getlist("row"):
            _take(record, step, text)
        return redirect(url_for("ApprovalsPage.list"), 303)


def approvals_of(record: type[Record]) -> list[Step]:
    """The steps of a record that need somebody else's eyes."""
    return [step for step in (record.workflow.steps if record.workflow else ()) if step.not_by]


def asks(step: Step) -> bool:
    """Whether a step must be answered on the row's own page, so that it cannot be taken for many at once."""
    return any(not asked.endswith("?") for asked in step.asks)


def _queue(record: type[Record], step: Step) -> Queue:
    actor = current_actor()
    if not may(actor, f"step:{step.name}", record) or not may(actor, "read", record):
        return Queue(record, step, [])
    state: Any = getattr(record, record.workflow.field) if record.workflow else None
    waiting = db.session.scalars(select(record).where(state.in_(step.source)).order_by(record.id).limit(SHOWN))
    found = ((row, offer) for row in waiting for offer in offers(db.session, row, actor) if offer.step is step)
    return Queue(record, step, [Waiting(row, offer) for row, offer in found])


def _take(record: type[Record], step: Step, text: str) -> None:
    """`text` is ``id:version``. A refusal undoes this row alone."""
    key, _sep, version = text.partition(":")
    try:
        with db.session.begin_nested():
            row = find(db.session, record, int(key) if key.isdigit() else None)
            advance(db.session, row, step.name, version=int(version) if version.isdigit() else None)
        db.session.commit()
    except Refusal as refusal:
        db.session.rollback()
        flash(_("Not done for %(row)s: %(why)s", row=key, why=said(refusal)), "danger")
    else:
        flash(_("%(step)s: %(row)s", step=step_label(step), row=row.title), "success")
