"""What an alert found: the figures of its measure held against its limit, as the present person sees them."""

from datetime import UTC, date, datetime
from typing import Any

from flask import render_template, request
from flask_appbuilder import expose

from app.extensions import db
from app.kernel.access import may, sees
from app.kernel.actor import Actor, current_actor, on_behalf
from app.kernel.clock import house_day
from app.kernel.measuring import measure_named
from app.schema.errors import NotFound
from app.schema.kinds import DAY, BadValue
from models.appraisal import MeasureAlert
from models.appraisal.alerts import cases, told_of
from models.appraisal.states import Cut
from views.page import Page


class WatchedPage(Page):
    """Open to whom the alert tells, and to who sees the alert; the figures are narrowed to the viewer's own reach."""

    route_base = "/figures/watched"

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """The figures as of the day of the address, on which the reader was told; of each person besides each unit."""
        with on_behalf("somebody was told of a figure"):
            alert = db.session.get(MeasureAlert, key) if key < 2**31 else None
            told = told_of(db.session, alert) if alert is not None else set()
        if alert is None or (current_actor().user_id not in told and not sees(db.session, current_actor(), alert)):
            raise NotFound("There is no such alert among those you may see.")
        measure, on = measure_named(alert.measure), _day()
        first, last = alert.period(on)
        found = cases(db.session, alert, on)
        return render_template(
            "figures/watched.html",
            alert=alert,
            measure=measure,
            first=first,
            last=last,
            cases=found,
            people=cases(db.session, alert, on, Cut.EACH_PERSON) if alert.of_whom is Cut.EACH_UNIT else [],
        )


def may_open(actor: Actor, alert: Any) -> bool:
    """Whether the page is offered on that of an alert."""
    return alert.kpi is not None and may(actor, "read", alert.kpi.of)


def _day() -> date:
    try:
        on = DAY.read(request.args.get("on"))
    except BadValue:
        on = None
    return on if isinstance(on, date) and on.year > 1900 else house_day(datetime.now(UTC))
