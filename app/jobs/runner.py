"""The runner: claim a period, do the work, note it as done; effect and "done" are one transaction.

A killed runner leaves nothing to clean up: its locks vanish with its connection, and the period is due as before.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel import tailoring
from app.kernel.actor import acting, system_actor
from app.kernel.database import insert, is_locked, read_only
from app.kernel.guard import GuardedSession
from app.kernel.ledger import Clock, Status, database_now, period_key, runnable
from app.kernel.settings import setting_value
from app.kernel.tables import JobPeriod
from app.schema.jobs import Job
from app.schema.kinds import INTEGER
from app.schema.registry import registry
from app.schema.settings import setting

ATTEMPTS = setting("jobs.attempts", 5, INTEGER, "Tries before a period of a job counts as failed", "tries")
JOB_LOCKS = 0x59616E
"""The class of PostgreSQL's advisory locks by which no job runs twice at once."""
_DEADLOCK_OR_SERIALIZATION = ("40P01", "40001", "55P03")
_PATIENCE = 600.0


class JobSession(GuardedSession):
    """The session a job works in. Its one transaction belongs to the runner; a savepoint of one's own is fine."""

    def commit(self) -> None:
        """Refused: the effect would stand without its "done"."""
        raise RuntimeError("a job does not commit: the runner does, together with noting the period as done")

    def rollback(self) -> None:
        """Refused: raise an exception instead, and the runner rolls back."""
        raise RuntimeError("a job does not roll back: raise, or use `with session.begin_nested():`")


@dataclass(frozen=True)
class Outcome:
    """What came of running a period: counts, or the error."""

    job: str
    period: str
    due: datetime
    seconds: float
    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class Runner:
    """Runs periods on one database. `info` is handed to every job as ``session.info`` (the mail outlet, for one)."""

    engine: Engine
    zone: ZoneInfo
    worker: str = "command line"
    info: dict[str, Any] = field(default_factory=dict)
    clock: Clock = database_now
    jobs: Iterable[Job] = field(default_factory=lambda: registry.jobs)

    def session(self) -> Session:
        """A session of its own, for a short transaction."""
        return GuardedSession(bind=self.engine, expire_on_commit=False)

    def now(self) -> datetime:
        """The moment on the runner's clock."""
        with read_only(), self.session() as session:
            return self.clock(session)

    def run_next(self) -> Outcome | None:
        """Run the longest-due period that may run now; None if there is none, or others have it in hand."""
        for job, period in self._heads():
            if outcome := self._run_if_due(job, period):
                return outcome
        return None

    def run(self, name: str, due: datetime) -> Outcome:
        """Run the period of job `name` due at `due` (to the minute), whether or not it ran before or is paused.

        A period that is not in the ledger is entered first, so that it is made up for if this process dies. While
        another process runs the same job, this one waits. Raises `DeclarationError` for an unknown job.
        """
        job = next((each for each in self.jobs if each.name == name), None) or registry.jobs[name]
        due = due.astimezone(UTC).replace(second=0, microsecond=0)
        period, until = period_key(due, self.zone), time.monotonic() + _PATIENCE
        while True:
            try:
                self._enter(job, period, due)
                outcome = self._work(job, period, again=True)
                if outcome is not None:
                    return outcome
            except DBAPIError as error:
                if not passing(error) or time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def _heads(self) -> list[tuple[Job, str]]:
        """Of each job the first period that may run, longest due first; read without any lock."""
        jobs = {job.name: job for job in self.jobs}
        with read_only(), self.session() as session:
            order = (JobPeriod.due, JobPeriod.period)
            place = func.row_number().over(partition_by=JobPeriod.job, order_by=order).label("place")
            ready = select(JobPeriod.job, *order, place).where(runnable(jobs.values(), self.clock(session))).subquery()
            heads = select(ready.c.job, ready.c.period).where(ready.c.place == 1).order_by(ready.c.due, ready.c.job)
            return [(jobs[row.job], row.period) for row in session.execute(heads)]

    def _enter(self, job: Job, period: str, due: datetime) -> None:
        row = {"job": job.name, "period": period, "due": due, "status": Status.DUE}
        with self.session() as session, session.begin():
            session.execute(insert(session, JobPeriod).values(row).on_conflict_do_nothing())

    def _run_if_due(self, job: Job, period: str) -> Outcome | None:
        """Say on the page who is at it since when, then do it; None if it is no longer to be done by us."""
        with self.session() as session, session.begin():
            mine = self._one(job, period).where(JobPeriod.status == Status.DUE).with_for_update(skip_locked=True)
            row = session.scalars(mine).one_or_none()
            if row is None:
                return None
            row.started_at, row.worker = self.clock(session), self.worker
        return self._work(job, period, again=False)

    @staticmethod
    def _one(job: Job, period: str) -> Select[JobPeriod]:
        return select(JobPeriod).where(JobPeriod.job == job.name, JobPeriod.period == period)

    def _lock(self, session: Session, job: Job, period: str, *, again: bool) -> JobPeriod | None:
        """The period, locked; None if it may not run now, or if somebody is running this job.

        On SQLite the transaction has the whole database to itself from its beginning.
        """
        if session.get_bind().dialect.name == "postgresql":
            key = (JOB_LOCKS, func.hashtext(job.name))
            if again:
                session.execute(select(func.pg_advisory_xact_lock(*key)))
            elif not session.scalar(select(func.pg_try_advisory_xact_lock(*key))):
                return None
        mine = self._one(job, period)
        if not again:
            mine = mine.where(runnable(self.jobs, self.clock(session)))
        return session.scalars(mine.with_for_update(of=JobPeriod, skip_locked=not again)).one_or_none()

    def _work(self, job: Job, period: str, *, again: bool) -> Outcome | None:
        """The one transaction: lock, work, done. An error of the work is noted in a second one."""
        begun = time.perf_counter()
        with acting(system_actor(job.name)):
            try:
                with JobSession(bind=self.engine, expire_on_commit=False) as session:
                    with session.begin():
                        row = self._lock(session, job, period, again=again)
                        if row is None:
                            return None
                        tailoring.keep_up(session)
                        due, fresh = row.due, row.status != Status.DONE
                        session.info.update(self.info, period=period, zone=self.zone, clock=self.clock)
                        result = job.work(due, session) or {}
                        seconds = time.perf_counter() - begun
                        if fresh:
                            row.started_at = row.started_at or self.clock(session)
                            row.status, row.worker, row.error, row.next_try_at = Status.DONE, self.worker, None, None
                            row.finished_at, row.attempts = self.clock(session), row.attempts + 1
                            row.result, row.seconds = result, _exact(seconds)
                    afterwards = session.info.pop("afterwards", [])
            except DBAPIError as error:
                if passing(error):
                    raise
                return self._failed(job, period, words(error), time.perf_counter() - begun)
            except Exception as error:
                return self._failed(job, period, words(error), time.perf_counter() - begun)
            done = Outcome(job.name, period, due, seconds, result)
            return self._afterwards(done, afterwards, begun, fresh) if afterwards else done

    def _failed(self, job: Job, period: str, error: str, seconds: float) -> Outcome:
        """Note a failed try: rest for a while, or, after the last, wait for a person. A done period stays done."""
        with self.session() as session, session.begin():
            row = session.scalars(self._one(job, period).with_for_update()).one()
            if row.status != Status.DONE:
                row.attempts, row.error, row.worker = row.attempts + 1, error, None
                row.seconds, row.started_at = _exact(seconds), row.started_at or self.clock(session)
                if row.attempts >= setting_value(session, ATTEMPTS):
                    row.status, row.next_try_at = Status.FAILED, None
                else:
                    row.next_try_at = self.clock(session) + back_off(row.attempts)
            return Outcome(job.name, period, row.due, seconds, error=error)

    def _afterwards(
        self, done: Outcome, acts: list[Callable[[], dict[str, Any]]], begun: float, fresh: bool
    ) -> Outcome:
        """Do what was put off until after the commit, and add its counts to the period's."""
        result, error = dict(done.result), None
        try:
            for act in acts:
                result |= act()
        except Exception as raised:
            error = words(raised)
        seconds = time.perf_counter() - begun
        if fresh:
            with self.session() as session, session.begin():
                if row := session.get(JobPeriod, (done.job, done.period)):
                    row.result, row.error, row.seconds = result, error, _exact(seconds)
        return Outcome(done.job, done.period, done.due, seconds, result, error)


def back_off(attempts: int) -> timedelta:
    """How long a period rests after so many failed tries: 1, 2, 4, 8 … minutes, at most an hour."""
    return min(timedelta(minutes=2 ** (attempts - 1)), timedelta(hours=1))


def passing(error: BaseException) -> bool:
    """Whether an error lies in the moment, not in the work: a cut connection, a deadlock, a held lock."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or is_locked(error) or state in _DEADLOCK_OR_SERIALIZATION


def words(error: BaseException) -> str:
    """An error as operations read it: its kind and text, without the statement's parameters (they name people)."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"{type(cause).__name__}: {cause}"[:2000]


def _exact(seconds: float) -> Decimal:
    return Decimal(f"{seconds:.3f}")
