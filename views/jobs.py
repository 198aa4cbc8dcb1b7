"""Operations: what the scheduler did and owes, and the letters of the outbox, to be printed."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.extensions import db
from app.jobs.overview import health, periods, standings
from app.kernel import history, ledger, outbox
from app.kernel.actor import current_actor
from app.kernel.clock import house_zone
from app.kernel.ledger import database_now
from app.kernel.outbox import Channel, NoticeState
from app.kernel.permissions import called
from app.kernel.tables import JobControl, Notice
from app.panel.texts import plain
from app.schema.errors import Conflict, NotFound, Refusal
from app.schema.jobs import Job
from app.schema.registry import registry
from app.schema.written import natural
from views.page import Page

SHOWN = 200
TONES = {"done": "done", "running": "new", "waiting": "new", "retrying": "open", "interrupted": "open"}
"""The colour of a job's word; failed and the rest are told below."""


class JobsPage(Page):
    """Jobs, their periods, and letters."""

    route_base = "/jobs"
    permission = "page:jobs"

    @expose("/")
    def list(self) -> str:
        """Every job with its next and last run."""
        now = database_now(db.session)
        return self._page(
            "list", jobs=standings(db.session, house_zone(), now), health=health(db.session, house_zone(), now)
        )

    @expose("/<name>/")
    def show(self, name: str) -> str:
        """A job's periods."""
        job = _job(name)
        [standing] = (s for s in standings(db.session, house_zone(), database_now(db.session)) if s.job is job)
        found = periods(db.session, name)
        asked = {period.asked_by_id for period in found if period.asked_by_id}
        users = called(db.session, asked)
        control = db.session.get(JobControl, name)
        return self._page("show", standing=standing, periods=found, users=users, control=control)

    @expose("/<name>/run", methods=["POST"])
    def run(self, name: str) -> Response:
        """Owe a run of this minute to the worker."""
        job, now = _job(name), database_now(db.session).replace(second=0, microsecond=0)
        if not job.cron:
            raise Refusal("This job works for what somebody hands it; it has nothing to do by itself.")
        if (control := db.session.get(JobControl, name)) is not None and control.paused:
            raise Conflict("This job is paused. Resume it first.")
        period = ledger.period_key(now, house_zone())
        if ledger.enqueue(db.session, name, period, now, current_actor().user_id):
            history.summarise(db.session, "job_period", "run", {"job": name, "period": period})
            flash(_("It will run within a few seconds. Load the page again to see what came of it."), "success")
        else:
            flash(_("There is a run of this minute already."), "info")
        return self._done(name)

    @expose("/<name>/pause", methods=["POST"])
    def pause(self, name: str) -> Response:
        """Hold a job back."""
        ledger.set_paused(db.session, _job(name).name, True, database_now(db.session))
        flash(_("Paused. What falls due meanwhile is made up for, in order, when you resume it."), "success")
        return self._done(name)

    @expose("/<name>/resume", methods=["POST"])
    def resume(self, name: str) -> Response:
        """Let a job go on."""
        ledger.set_paused(db.session, _job(name).name, False, database_now(db.session))
        flash(_("Resumed."), "success")
        return self._done(name)

    @expose("/<name>/retry", methods=["POST"])
    def retry(self, name: str) -> Response:
        """Owe a failed period again."""
        ledger.retry(db.session, name, request.form.get("period", ""))
        flash(_("It will be tried again within a few seconds."), "success")
        return self._done(name)

    @expose("/<name>/give-up", methods=["POST"])
    def give_up(self, name: str) -> Response:
        """Leave a failed period undone, so that the later ones go on."""
        ledger.give_up(db.session, name, request.form.get("period", ""))
        flash(_("Given up. The later periods go on."), "success")
        return self._done(name)

    @expose("/letters")
    def letters(self) -> str:
        """Letters to print, the oldest first, so that what is noted as printed has been shown."""
        waiting = select(Notice).where(Notice.channel == Channel.LETTER, Notice.state == NoticeState.WAITING)
        return self._page("letters", letters=[*db.session.scalars(waiting.order_by(Notice.id).limit(SHOWN))])

    @expose("/letters/printed", methods=["POST"])
    def printed(self) -> Response:
        """Note that the letters shown are printed."""
        up_to = natural(request.form.get("up_to")) or 0
        count = outbox.mark_printed(db.session, up_to, database_now(db.session))
        history.summarise(db.session, "notice", "printed", {"up_to": up_to, "count": count})
        db.session.commit()
        return redirect(url_for("JobsPage.letters"), 303)

    @staticmethod
    def _page(template: str, **context: Any) -> str:
        return render_template(f"jobs/{template}.html", plain=plain, tones=TONES, **context)

    @staticmethod
    def _done(name: str) -> Response:
        db.session.commit()
        return redirect(url_for("JobsPage.show", name=name), 303)


def _job(name: str) -> Job:
    job = registry.jobs.get(name)
    if job is None:
        raise NotFound("There is no such job.")
    return job
