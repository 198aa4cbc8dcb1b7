"""Approvals: every row that waits for a second pair of eyes and for me, with the step and the reason where closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import approvals
from app.kernel.access import find, may
from app.kernel.actor import Actor, current_actor
from app.kernel.fields import hidden_in
from app.kernel.workflow import Offer, advance, offers
from app.panel import texts
from app.panel.chosen import ticked
from app.panel.fields import field_of
from app.panel.labels import part_label, said, step_label
from app.schema.approval import Tiers
from app.schema.errors import NotFound, Refusal
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.workflow import Step
from views.page import Page

SHOWN = 100
LOOKED_AT = 1000
"""Rows of one step looked through for those that wait for me; whoever has more on hand works off these first."""


@dataclass(frozen=True)
class Waiting:
    """A row that waits, and its step as it is offered to me.

    `amount` is what it is about, `worth` the same as a number; `part` what I would agree as, `others` what would still
    be waited for then. `ready` says that the row holds all the step asks, so that it can be agreed to as it stands.
    """

    row: Record
    offer: Offer
    ready: bool
    amount: str = ""
    part: str = ""
    others: str = ""
    worth: Decimal | None = None

    @property
    def within(self) -> bool:
        """Whether the step can be taken on it at once, and nobody above has to agree as well."""
        return self.ready and self.offer.open and not self.others


@dataclass(frozen=True)
class Queue:
    """The rows of one record that wait for one step; `more` says that not all are shown."""

    record: type[Record]
    step: Step
    rows: list[Waiting]
    more: bool = False

    @property
    def within(self) -> list[Waiting]:
        """The rows that I can decide by myself at once."""
        return [waiting for waiting in self.rows if waiting.within]

    def total(self, rows: list[Waiting]) -> str:
        """What some of its rows are about together; empty where they name no amount."""
        worths = [waiting.worth for waiting in rows if waiting.worth is not None]
        needs = self.step.needs
        if not worths or not isinstance(needs, Tiers):
            return ""
        return texts.text(field_of(self.record, needs.amount), sum(worths))


class ApprovalsPage(Page):
    """The queue is derived: a step that says ``not_by`` or ``needs`` is an approval."""

    route_base = "/approvals"
    permission = "page:approvals"

    @expose("/")
    def list(self) -> str:
        """Everything that waits for me, by record and step."""
        return render_template("approvals/list.html", queues=waiting_for_me(), shown=SHOWN)

    @expose("/<name>/<step_name>", methods=["POST"])
    def take(self, name: str, step_name: str) -> Response:
        """Take one step on the chosen rows, each for itself; the result of each is told."""
        record = registry.get(name)
        step = next((s for s in approvals_of(record) if s.name == step_name), None) if record else None
        if record is None or step is None:
            raise NotFound("There is no such approval.")
        try:
            for key, version in ticked().items():
                _take(record, step, key, version)
        except Refusal as refusal:
            flash(said(refusal), "info")
        return redirect(url_for("ApprovalsPage.list"), 303)


def waiting_for_me() -> list[Queue]:
    """Everything that waits for the present person's approval, by record and step."""
    return [queue for record in registry for step in approvals_of(record) if (queue := _queue(record, step)).rows]


def approvals_of(record: type[Record]) -> list[Step]:
    """The steps of a record that need somebody else's eyes."""
    steps = record.workflow.steps if record.workflow else ()
    return [step for step in steps if step.not_by or step.needs is not None]


def _queue(record: type[Record], step: Step) -> Queue:
    actor = current_actor()
    mine = (actor, *actor.absent) if step.needs is not None else (actor,)
    if not any(may(each, f"step:{step.name}", record) for each in mine) or not may(actor, "read", record):
        return Queue(record, step, [])
    state: Any = getattr(record, record.workflow.field) if record.workflow else None
    rows = db.session.scalars(select(record).where(state.in_(step.source)).order_by(record.id).limit(LOOKED_AT))
    found: list[Waiting] = []
    for waiting in _waiting(actor, rows.all(), step):
        if len(found) == SHOWN:
            return Queue(record, step, found, more=True)
        found.append(waiting)
    return Queue(record, step, found)


def _waiting(actor: Actor, rows: Any, step: Step) -> Iterator[Waiting]:
    """Of some rows those that wait for the actor; where others have to agree first, they do not."""
    for row in rows:
        offer = next((offer for offer in offers(db.session, row, actor) if offer.step is step), None)
        if offer is None or (step.needs is not None and offer.reason in (approvals.GIVEN, approvals.OTHERS)):
            continue
        ready = approvals.confirming(row, step) is not None
        outlook = approvals.outlook(db.session, row, step, actor) if step.needs is not None else None
        if outlook is None or not isinstance(step.needs, Tiers):
            part = part_label(step, outlook.part.name) if outlook else ""
            yield Waiting(row, offer, ready, part=part)
            continue
        read = step.needs.amount not in hidden_in(actor, row)
        amount = approvals.amount_of(row, step.needs) if read else None
        yield Waiting(
            row,
            offer,
            ready,
            texts.text(field_of(type(row), step.needs.amount), amount) if amount is not None else "",
            part_label(step, outlook.part.name),
            ", ".join(part_label(step, each.name) for each in outlook.others),
            amount,
        )


def _take(record: type[Record], step: Step, key: int, version: int) -> None:
    """A refusal undoes this row alone."""
    title = f"#{key}"
    try:
        with db.session.begin_nested():
            row = find(db.session, record, key)
            title = row.title
            answers = approvals.confirming(row, step)
            if answers is None:
                raise Refusal("This step asks for more: open the row.")
            advance(db.session, row, step.name, answers=answers, version=version)
        db.session.commit()
    except Refusal as refusal:
        db.session.rollback()
        flash(_("Not done for %(row)s: %(why)s", row=title, why=said(refusal)), "danger")
    else:
        flash(_("%(step)s: %(row)s", step=step_label(step), row=title), "success")
