"""The tick: write down every period that has fallen due since the last one. Running them is the runner's work."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from app.jobs.cron import fires_until
from app.kernel.database import insert
from app.kernel.ledger import Status, control, period_key
from app.kernel.tables import JobPeriod
from app.schema.jobs import Job, Missed

KEPT = timedelta(days=3)
"""How long past periods of a job that looks at the present only (`Missed.LATEST`) stay in the ledger."""


def tick(session: Session, job: Job, zone: ZoneInfo, now: datetime) -> list[str]:
    """Owe what fell due since the last tick, oldest first; returns the keys. The first tick invents no past.

    Of `Missed.LATEST` only the newest is owed, and takes the place of an older one that still waits. Two processes
    may tick at once: one finds the job's row locked and leaves it to the other.
    """
    decided = control(session, job.name, skip_locked=True)
    if decided is None or (decided.written_until is not None and decided.written_until >= now):
        return []
    since, decided.written_until = decided.written_until, now
    dues = [] if since is None else fires_until(job.cron, zone, since, now)
    if job.missed is Missed.LATEST and dues:
        dues = dues[-1:]
        _supersede(session, job, dues[-1], now)
    rows = [{"job": job.name, "period": period_key(due, zone), "due": due, "status": Status.DUE} for due in dues]
    for row in rows:
        session.execute(insert(session, JobPeriod).values(row).on_conflict_do_nothing())
    return [str(row["period"]) for row in rows]


def _supersede(session: Session, job: Job, newest: datetime, now: datetime) -> None:
    """Set aside what waits and is older than `newest`, except what is being run; drop what is long past."""
    key = tuple_(JobPeriod.job, JobPeriod.period)
    waiting = select(JobPeriod.job, JobPeriod.period).where(
        JobPeriod.job == job.name, JobPeriod.status.in_((Status.DUE, Status.FAILED)), JobPeriod.due < newest
    )
    session.execute(
        update(JobPeriod)
        .where(key.in_(waiting.with_for_update(skip_locked=True)))
        .values(status=Status.SKIPPED)
        .execution_options(synchronize_session=False)
    )
    past = (JobPeriod.job == job.name, JobPeriod.status.in_((Status.DONE, Status.SKIPPED)), JobPeriod.due < now - KEPT)
    session.execute(delete(JobPeriod).where(*past).execution_options(synchronize_session=False))
