"""A step taken on several rows at once: each by the rules of one, each told what became of it."""

from flask import request
from flask_appbuilder import expose
from flask_babel import gettext as _

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.handing import may_hand_over
from app.kernel.workflow import advance
from app.panel.chosen import chosen
from app.panel.editing import amendable
from app.panel.labels import said, step_label
from app.panel.saving import saving
from app.panel.several import Several
from app.panel.steps import Steps
from app.schema.errors import NotPermitted, Refusal
from app.schema.record import Record
from app.schema.workflow import Step

REASON = "reason"


class Bulk(Several, Steps):
    """Steps on the rows chosen in a list."""

    @expose("/steps/<name>", methods=["POST"])
    def take_all(self, name: str) -> tuple[str, int] | str:
        """Take a step on each chosen row, in a transaction of its own; what is refused leaves the others alone."""
        step, reason = self._step(name), " ".join(request.form.get(REASON, "").split())[:200]
        if step not in bulk_steps(current_actor(), self.record):
            raise NotPermitted("Your roles do not allow this step on several rows at once: %(step)s.", step=step.title)
        title = step_label(step)
        try:
            rows = chosen(self.record)
            if rows.every and not rows.sure:
                return self.asked_for_sure(rows, title, asks=REASON in _asked(step), required=REASON in step.asks)
            if REASON in step.asks and not reason:
                raise Refusal("Say why.", field=REASON)
        except Refusal as refusal:
            return self.results_page(title, problem=said(refusal)), 422
        answers = {REASON: reason} if reason and step.asks else {}
        return self.worked(rows, title, _("done"), lambda key, version: self._taken(key, version, step, answers))

    def _taken(self, key: int, version: int, step: Step, answers: dict[str, str]) -> str:
        """Take the step on one row."""
        with saving(db.session):
            advance(db.session, self.row(key), step.name, answers=dict(answers), version=version)
        return ""


def may_choose(actor: Actor, record: type[Record]) -> bool:
    """Whether there is anything to be done with rows the actor chooses in a list."""
    return may_hand_over(actor, record) or bool(bulk_steps(actor, record)) or bool(amendable(actor, record))


def bulk_steps(actor: Actor, record: type[Record]) -> list[Step]:
    """The steps the actor may take that ask for nothing, or for a reason alone: those fit for many rows at once."""
    steps = record.workflow.steps if record.workflow else ()
    return [step for step in steps if _asked(step) <= {REASON} and may(actor, f"step:{step.name}", record)]


def _asked(step: Step) -> set[str]:
    return {asked.removesuffix("?") for asked in step.asks}
