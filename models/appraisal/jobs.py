"""Jobs of appraisals, which look in on every day they may be owed and write what does not stand yet; and alerts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.clock import house_day
from app.kernel.working_time import house_calendar
from app.schema.jobs import Missed, scheduled
from models.appraisal import alerts
from models.appraisal.generation import generate
from models.appraisal.states import Cycle


def _from(session: Session, cycle: Cycle, today: date, first: date) -> dict[str, Any]:
    if today < first:
        return {"written": 0, "stood": 0, "waits_for": first.isoformat()}
    return generate(session, cycle, today)


@scheduled("appraisal.generate", cron="0 7 1-15 * *", label="Monthly appraisals")
def monthly(due: datetime, session: Session) -> dict[str, Any]:
    """On the first working day of a month, draw up the appraisals of the month before.

    No cron line says "first working day", so the job looks in on each day it could be; before it, it waits, after it,
    there is nothing left to write.
    """
    today = house_day(due)
    return _from(session, Cycle.MONTH, today, house_calendar(session).first_working_day(today.year, today.month))


@scheduled("appraisal.annual", cron="0 7 1-15 1 *", label="Annual appraisals")
def annual(due: datetime, session: Session) -> dict[str, Any]:
    """On the first working day of January, draw up the appraisals of the year before."""
    today = house_day(due)
    return _from(session, Cycle.YEAR, today, house_calendar(session).first_working_day(today.year, 1))


@scheduled("measures.watch", cron="30 7 * * *", label="Alerts of measures", missed=Missed.LATEST)
def watch(due: datetime, session: Session) -> dict[str, Any]:
    """Before work: tell whoever asked for it which measures lay beyond their limits up to yesterday."""
    return alerts.watch(session, house_day(due))
