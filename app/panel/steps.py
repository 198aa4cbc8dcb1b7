"""The steps of a workflow as buttons and questions."""

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import current_actor
from app.kernel.approvals import takes_part
from app.kernel.workflow import advance, workflow_of
from app.panel.base import RecordView
from app.panel.forms import Form, questions
from app.panel.identity.paths import safe_next
from app.panel.labels import said, step_label
from app.panel.neighbours import came_from
from app.panel.saving import saving
from app.panel.uploads import typed
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.workflow import Step
from app.schema.written import natural


class Steps(RecordView):
    """A state moves by these and in no other way."""

    @expose("/<int:key>/step/<name>")
    def ask(self, key: int, name: str) -> str:
        """The row's page with the question of a step open on it."""
        step, row = self._step(name), self.row(key)
        if not takes_part(current_actor(), row, step):
            raise NotPermitted("Your roles do not allow this step: %(step)s.", step=step.title)
        return self._open(key, step, questions(self.record, step, row))

    @expose("/<int:key>/step/<name>", methods=["POST"])
    def take(self, key: int, name: str) -> Response | tuple[str, int]:
        """Take a step with the answers given."""
        step, row = self._step(name), self.row(key)
        form = questions(self.record, step, row)
        version = request.form.get("version", "")
        values = typed(form)
        if form.faulty:
            form.version = version
            return self._open(key, step, form), 422
        answers = {each.name: values.get(each.name) for each in form.inputs if each.name in values or not each.stands}
        try:
            with saving(db.session):
                advance(db.session, row, name, answers=answers, version=natural(version) or 0)
        except Refusal as refusal:
            if not form.inputs:
                return self.page(key, problem=said(refusal)), refusal.status
            form.complain(refusal)
            form.version = str(self.row(key).version)
            return self._open(key, step, form), refusal.status
        flash(_("Done: %(step)s.", step=step_label(step)), "success")
        back = request.form.get("back") or request.args.get("back")
        return redirect(safe_next(back) if back else self._after(key), 303)

    def _step(self, name: str) -> Step:
        step = workflow_of(self.record).step(name)
        if step is None:
            raise NotFound("There is no step %(step)s.", step=name)
        return step

    def _open(self, key: int, step: Step, form: Form) -> str:
        form.name_links(db.session)
        return self.page(key, asked=step, form=form)

    def _after(self, key: int) -> str:
        """The row's page; the list where the step has put the row out of sight."""
        try:
            self.row(key)
        except NotFound:
            return url_for(f"{self.record.__tablename__}.list")
        return url_for(f"{self.record.__tablename__}.show", key=key, **came_from())
