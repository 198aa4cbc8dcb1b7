"""How the scheduler stands, for the page of operations, the command line and ``/healthz``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from app.jobs.cron import next_fire
from app.kernel.ledger import OPEN, SILENT_AFTER, Status, in_order
from app.kernel.outbox import SENT_OUT, NoticeState
from app.kernel.tables import Heartbeat, JobControl, JobPeriod, Notice
from app.schema.jobs import Job
from app.schema.registry import registry


@dataclass(frozen=True)
class Standing:
    """A job as operations see it. `last` is the period begun last, `first_failed` the one that holds up the others."""

    job: Job
    next_run: datetime | None
    paused: bool
    last: JobPeriod | None
    running: bool
    waiting: int
    failed: int
    first_failed: JobPeriod | None

    @property
    def word(self) -> str:
        """One word for it: running, failed, retrying, interrupted, given up, waiting, done, never."""
        last = self.last
        if self.running:
            return "running"
        if self.failed:
            return "failed"
        if last is not None and last.status == Status.DUE:
            return "retrying" if last.error else "interrupted"
        if last is not None and last.error:
            return "given up" if last.status == Status.SKIPPED and in_order(self.job) else "failed"
        if self.waiting:
            return "waiting"
        return "never" if last is None else "done"

    @property
    def held_up(self) -> bool:
        """Whether later periods wait for a person to deal with a failed one."""
        return self.first_failed is not None and in_order(self.job)


def standings(session: Session, zone: ZoneInfo, now: datetime) -> list[Standing]:
    """Every declared job, by name; in four statements."""
    paused = {row.job: row.paused for row in session.scalars(select(JobControl))}
    alive = set(session.scalars(select(Heartbeat.worker).where(Heartbeat.at > now - SILENT_AFTER)))
    counted = select(JobPeriod.job, JobPeriod.status, func.count()).where(
        JobPeriod.status.in_(OPEN), JobPeriod.due <= now
    )
    counts = {(job, status): n for job, status, n in session.execute(counted.group_by(JobPeriod.job, JobPeriod.status))}
    last = _first_of_each(session, JobPeriod.started_at.desc(), JobPeriod.started_at.is_not(None))
    failed = _first_of_each(session, JobPeriod.due, JobPeriod.status == Status.FAILED)
    found = []
    for job in sorted(registry.jobs, key=lambda declared: declared.name):
        latest = last.get(job.name)
        found.append(
            Standing(
                job,
                next_fire(job.cron, zone, now),
                paused.get(job.name, False),
                latest,
                latest is not None and latest.status == Status.DUE and latest.worker in alive,
                counts.get((job.name, Status.DUE), 0),
                counts.get((job.name, Status.FAILED), 0),
                failed.get(job.name),
            )
        )
    return found


def _first_of_each(session: Session, order: Any, *where: Any) -> dict[str, JobPeriod]:
    place = func.row_number().over(partition_by=JobPeriod.job, order_by=order).label("place")
    ranked = select(JobPeriod, place).where(*where).subquery()
    period = aliased(JobPeriod, ranked)
    return {row.job: row for row in session.scalars(select(period).where(ranked.c.place == 1))}


def periods(session: Session, job: str, limit: int = 60) -> list[JobPeriod]:
    """A job's newest periods."""
    newest = select(JobPeriod).where(JobPeriod.job == job).order_by(JobPeriod.due.desc(), JobPeriod.period.desc())
    return list(session.scalars(newest.limit(limit)))


def oldest_overdue(session: Session, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Since when the longest-owed run is owed, among jobs that are not paused; None when nothing is.

    Counts what is in the ledger and what nobody has written into it, because no worker ticked.
    """
    controls = {row.job: row for row in session.scalars(select(JobControl))}
    jobs = [job for job in registry.jobs if not (job.name in controls and controls[job.name].paused)]
    owed = select(func.min(JobPeriod.due)).where(JobPeriod.status.in_(OPEN), JobPeriod.job.in_([j.name for j in jobs]))
    found = [session.scalar(owed.where(JobPeriod.due <= now))]
    for job in jobs:
        since = controls[job.name].written_until if job.name in controls else None
        found.append(since and next_fire(job.cron, zone, since))
    return min((due for due in found if due is not None and due <= now), default=None)


def health(session: Session, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Ages in seconds (None: there is none), and ``status``: "ok", or "silent" when no worker does what is owed."""
    unsent = select(func.min(Notice.created_at)).where(
        Notice.channel.in_(SENT_OUT),
        Notice.state == NoticeState.WAITING,
        or_(Notice.attempts > 0, Notice.next_try_at.is_(None), Notice.next_try_at <= now),  # else it is to rest
    )

    def age(moment: datetime | None) -> float | None:
        return None if moment is None else round(max(0.0, (now - moment).total_seconds()), 1)

    beat = age(session.scalar(select(func.max(Heartbeat.at))))
    overdue = age(oldest_overdue(session, zone, now))
    limit = SILENT_AFTER.total_seconds()
    silent = (beat is None or beat > limit) and overdue is not None and overdue > limit
    return {
        "status": "silent" if silent else "ok",
        "database": "ok",
        "heartbeat_age": beat,
        "oldest_overdue_age": overdue,
        "oldest_unsent_age": age(session.scalar(unsent)),
    }
