"""A throw-away job, and the processes that run it. What it writes has no unique key, so that a doubled run shows.

As a program: ``python -m tests.faults.throwaway DATABASE-ADDRESS PROCESSES KILLS PAUSE`` lets that many workers at a
time run the job until everything is done, killing them with SIGKILL that many times at moments of chance; the job
pauses for PAUSE seconds after each row it inserts.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, delete, func, insert, select
from sqlalchemy.orm import Session

import app.kernel.permissions  # noqa: F401 - the tables of users, which the ledger links to
from app.jobs.runner import Runner
from app.kernel.database import engine_options, prepare
from app.kernel.guard import GuardedSession
from app.kernel.ledger import OPEN, Status, period_key
from app.kernel.outbox import Channel, tell
from app.kernel.tables import AuditEntry, Heartbeat, JobControl, JobPeriod, Notice
from app.kernel.ways.tables import NoticeReader, NoticeWish
from app.schema.jobs import Job
from app.schema.wording import Sentence
from tests.faults.swarm import swarm

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2011, 1, 30, tzinfo=UTC)
ROWS = 10
JOB = "tests.slow"

effect = Table(
    "throwaway_effect",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("period", String(40)),
    Column("n", Integer),
    Column("worker", Integer),
)


class HandClock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = FIRST) -> None:
        self.now = now

    def __call__(self, session: Session) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


def slow(pause: float, due: datetime, session: Session) -> dict[str, Any]:
    """Insert `ROWS` rows, one by one, and owe a mail for each period."""
    period = session.info["period"]
    for n in range(ROWS):
        session.execute(insert(effect).values(period=period, n=n, worker=os.getpid()))
        time.sleep(pause)
    tell(
        session,
        f"{JOB}/{period}",
        "somebody@example.cn",
        Sentence("%(period)s", period=period),
        f"{ROWS} rows",
        Channel.MAIL,
    )
    return {"written": ROWS, "stood": 0}


def job(work: Callable[[datetime, Any], Any], cron: str = "0 8 * * *", **more: Any) -> Job:
    """The throw-away job."""
    return Job(more.pop("name", JOB), cron, work, "Throw-away", **more)


def engine_of(url: str) -> Engine:
    """An engine that behaves as the application's."""
    return prepare(create_engine(url, **engine_options(url)))


def emptied(backend: Any) -> Any:
    """A backend of `tests.conftest` whose ledger and outbox are empty; quicker than a fresh database."""
    if not backend.app.extensions.get("emptied"):
        backend.reset()
        backend.app.extensions["emptied"] = True
    with backend.engine.begin() as connection:
        effect.metadata.create_all(connection)
        for table in (
            effect,
            *(model.__table__ for model in (JobPeriod, JobControl, Heartbeat, Notice, NoticeReader, NoticeWish)),
        ):
            connection.execute(delete(table))
        backend.app.extensions["written"] = connection.scalar(select(func.max(AuditEntry.id)))
    return backend


def told(backend: Any, session: Session, record: str) -> list[AuditEntry]:
    """The history of a table since `emptied`, for it cannot be emptied itself."""
    fresh = select(AuditEntry).where(AuditEntry.id > (backend.app.extensions["written"] or 0))
    fresh = fresh.where(AuditEntry.record == record)
    return list(session.scalars(fresh.order_by(AuditEntry.id)))


def owe(engine: Engine, periods: int) -> list[str]:
    """Enter that many days' periods into the ledger; returns their keys, oldest first."""
    effect.metadata.create_all(engine)
    dues = [FIRST + timedelta(days=day) for day in range(periods)]
    keys = [period_key(due, SHANGHAI) for due in dues]
    with GuardedSession(bind=engine) as session, session.begin():
        session.execute(
            insert(JobPeriod),
            [
                {"job": JOB, "period": key, "due": due, "status": Status.DUE, "attempts": 0}
                for key, due in zip(keys, dues, strict=True)
            ],
        )
    return keys


def effects(engine: Engine) -> list[tuple[str, int]]:
    """What the job wrote, in the order it was written."""
    with engine.connect() as connection:
        return [(row.period, row.n) for row in connection.execute(select(effect).order_by(effect.c.id))]


def still_open(engine: Engine) -> int:
    """How many periods are not done."""
    with GuardedSession(bind=engine) as session:
        return session.execute(
            select(func.count()).select_from(JobPeriod).where(JobPeriod.status.in_(OPEN))
        ).scalar_one()


def _work_until_done(url: str, pause: float) -> None:
    engine = engine_of(url)
    runner = Runner(engine, SHANGHAI, f"throwaway:{os.getpid()}", jobs=[job(partial(slow, pause))])
    parent = os.getppid()
    while still_open(engine) and os.getppid() == parent:  # an orphan would work on for ever
        if runner.run_next() is None:
            time.sleep(0.01)
    engine.dispose()


if __name__ == "__main__":
    address, processes, kills, pause = sys.argv[1:]
    swarm(partial(_work_until_done, address, float(pause)), int(processes), int(kills))
