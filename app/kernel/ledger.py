"""The ledger of periods: which run of which job is owed, done, failed or given up. One row per job and period.

A period is named after the minute it was due on the house's clock, so a business date is in it and a period
written twice is one row. Everything here happens in the caller's transaction.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.actor import current_actor
from app.kernel.database import insert
from app.kernel.tables import Heartbeat, JobControl, JobPeriod
from app.schema.errors import Conflict, NotFound
from app.schema.jobs import Job, Missed
from app.schema.registry import registry

SILENT_AFTER = timedelta(seconds=60)
"""A worker that has not been heard of for this long counts as gone (it writes every ten seconds)."""


class Status(StrEnum):
    """Where a period stands. `FAILED` waits for a person, and holds up the later periods of its job."""

    DUE = "due"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


OPEN = (Status.DUE, Status.FAILED)
_earlier = JobPeriod.__table__.alias("earlier").c
Clock = Callable[[Session], datetime]
"""What tells the time: the database's own clock, or a test's."""


def database_now(session: Session) -> datetime:
    """The moment on the database's clock, in UTC: the one clock all processes share."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.clock_timestamp())).scalar_one().astimezone(UTC)
    text = session.execute(select(func.strftime("%Y-%m-%d %H:%M:%f", "now"))).scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def period_key(due: datetime, zone: ZoneInfo) -> str:
    """The name of the period due at that moment: ``2011-01-30T08:00`` on the house's clock, to the minute.

    The second pass of an hour that a clock put back repeats carries its offset: ``2011-10-30T02:30+01:00``.
    """
    local = due.astimezone(zone)
    return local.isoformat(timespec="minutes") if local.fold else local.strftime("%Y-%m-%dT%H:%M")


def in_order(job: Job) -> bool:
    """Whether a period of this job waits for the earlier ones: scheduled work of which each period counts."""
    return bool(job.cron) and job.missed is Missed.EACH


def enqueue(session: Session, job: str, period: str, due: datetime, asked_by: int | None = None) -> bool:
    """Owe one run of `job`, known by the key `period`; False if that period already stands.

    For work somebody asks for, once per key, such as an import: declare its job with ``cron=""``. The run is told
    `due`, and finds the key in ``session.info["period"]``. It is owed as soon as the caller commits.
    """
    row = {"job": registry.jobs[job].name, "period": period, "due": due, "asked_by_id": asked_by, "status": Status.DUE}
    owed = insert(session, JobPeriod).values(row).on_conflict_do_nothing().returning(JobPeriod.job)
    return session.execute(owed).first() is not None


def runnable(jobs: Iterable[Job], now: datetime) -> ColumnElement[bool]:
    """The periods that may run now: due, not backing off, not paused, and no earlier one of an ordered job open."""
    declared = list(jobs)
    before = or_(
        _earlier.due < JobPeriod.due,
        and_(_earlier.due == JobPeriod.due, _earlier.period < JobPeriod.period),
    )
    held_up = exists().where(_earlier.job == JobPeriod.job, _earlier.status.in_(OPEN), before)
    return and_(
        JobPeriod.status == Status.DUE,
        JobPeriod.job.in_([job.name for job in declared]),
        JobPeriod.due <= now,
        or_(JobPeriod.next_try_at.is_(None), JobPeriod.next_try_at <= now),
        ~exists().where(JobControl.job == JobPeriod.job, JobControl.paused),
        or_(JobPeriod.job.not_in([job.name for job in declared if in_order(job)]), ~held_up),
    )


def control(session: Session, job: str, *, skip_locked: bool = False) -> JobControl | None:
    """The row of decisions about a job, made when missing and locked; None if it is locked and may be skipped."""
    session.execute(insert(session, JobControl).values(job=job, paused=False).on_conflict_do_nothing())
    locked = select(JobControl).where(JobControl.job == job).with_for_update(skip_locked=skip_locked)
    return session.scalars(locked.execution_options(populate_existing=True)).one_or_none()


def set_paused(session: Session, job: str, paused: bool, now: datetime) -> None:
    """Hold a job back, or let it go on. Its periods are written all the same and are made up for on resuming."""
    row = control(session, registry.jobs[job].name)
    if row is not None and row.paused != paused:
        row.paused, row.changed_by_id, row.changed_at = paused, current_actor().user_id, now
        history.summarise(session, "job_control", "pause" if paused else "resume", {"job": job})


def retry(session: Session, job: str, period: str) -> None:
    """Owe a failed period again, with all its tries. Raises `NotFound`, or `Conflict` if it has not failed."""
    _settle(session, job, period, "retry", status=Status.DUE, attempts=0, next_try_at=None)


def give_up(session: Session, job: str, period: str) -> None:
    """Leave a failed period undone for good, and let the later ones go on. Raises as `retry`."""
    _settle(session, job, period, "give up", status=Status.SKIPPED)


def _settle(session: Session, job: str, period: str, verb: str, **values: Any) -> None:
    key = (JobPeriod.job == job, JobPeriod.period == period)
    changed = session.execute(update(JobPeriod).where(*key, JobPeriod.status == Status.FAILED).values(values))
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        if session.scalar(select(JobPeriod.status).where(*key)) is None:
            raise NotFound("There is no period %(period)s of %(job)s.", period=period, job=job)
        raise Conflict("This period has not failed, or somebody has dealt with it already.")
    history.summarise(session, "job_period", verb, {"job": job, "period": period})


def beat(session: Session, worker: str, now: datetime) -> None:
    """Note that a worker is alive; forget those that have been silent for a day."""
    seen = insert(session, Heartbeat).values(worker=worker, at=now)
    session.execute(seen.on_conflict_do_update(index_elements=["worker"], set_={"at": now}))
    gone = delete(Heartbeat).where(Heartbeat.at < now - timedelta(days=1))
    session.execute(gone.execution_options(synchronize_session=False))


def afterwards(session: Session, act: Callable[[], "dict[str, Any]"]) -> None:
    """From within a job: do `act` once its transaction is committed, for what no rollback can take back.

    The counts it returns join the job's result. It must stand being lost: a killed worker does not do it.
    """
    session.info.setdefault("afterwards", []).append(act)
