"""The worker process: ticks by APScheduler, lanes that run what is due, a heartbeat. Any number may run at once."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.jobs.cron import next_fire, trigger
from app.jobs.runner import Outcome, Runner
from app.jobs.ticker import tick
from app.kernel import ledger
from app.kernel.actor import acting, system_actor
from app.kernel.database import read_only
from app.kernel.tables import Heartbeat, JobControl
from app.schema.jobs import Job, Missed

log = logging.getLogger(__name__)
Act = Callable[[Session, datetime], object]
BEAT = 10
"""Seconds between heartbeats, and between rounds that mend ticks missed (a clock ahead of the database's, a cut)."""


def worker_name() -> str:
    """The name of this process among workers."""
    return f"{socket.gethostname()}:{os.getpid()}"[:120]


class Worker:
    """Ticks, runs and beats until told to stop. Errors of the database are survived: it is tried again."""

    def __init__(self, runner: Runner, lanes: int = 2) -> None:
        self._runner, self._lanes = runner, lanes
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._asked_to_stop = False

    def stop(self) -> None:
        """Finish the running periods and return from `run`. May be called by a signal handler."""
        self._asked_to_stop = True

    def run(self) -> None:
        """Work until `stop`."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self.round()
        ticks = BackgroundScheduler(
            timezone=self._runner.zone, job_defaults={"coalesce": True, "misfire_grace_time": None}
        )
        for job in self._scheduled():
            ticks.add_job(self._tick_now, trigger(job.cron, self._runner.zone), args=[job], id=job.name)
        ticks.add_job(self.round, "interval", seconds=BEAT)
        ticks.start()
        lanes = [threading.Thread(target=self._lane, name=f"lane-{n}") for n in range(self._lanes)]
        for lane in lanes:
            lane.start()
        try:
            while not self._asked_to_stop:
                time.sleep(0.2)
        finally:
            self._stopping.set()
            self._wake.set()
            ticks.shutdown(wait=False)
            for lane in lanes:
                lane.join()
            self._leave()

    def _scheduled(self) -> list[Job]:
        return [job for job in self._runner.jobs if job.cron]

    def round(self) -> None:
        """Beat, and tick every job that has fallen due without being ticked."""
        try:
            self._write(lambda session, now: ledger.beat(session, self._runner.worker, now))
            with read_only(), self._runner.session() as session:
                now = self._runner.clock(session)
                written = {row.job: row.written_until for row in session.scalars(select(JobControl))}
            for job in self._scheduled():
                since = written.get(job.name)
                following = since and next_fire(job.cron, self._runner.zone, since)
                if since is None or (following is not None and following <= now):
                    self._tick(job)
        except Exception as error:
            log.warning("the round failed and is tried again: %s", error)

    def _tick_now(self, job: Job) -> None:
        try:
            self._tick(job)
        except Exception as error:
            log.warning("the tick of %s failed; the next round makes up for it: %s", job.name, error)

    def _tick(self, job: Job) -> None:
        if self._write(lambda session, now: tick(session, job, self._runner.zone, now)):
            self._wake.set()

    def _write(self, act: Act) -> object:
        with acting(system_actor("worker")), self._runner.session() as session, session.begin():
            return act(session, self._runner.clock(session))

    def _lane(self) -> None:
        while not self._stopping.is_set():
            outcome = None
            try:
                outcome = self._runner.run_next()
            except Exception as error:
                log.warning("running was interrupted and is tried again: %s", error)
                self._stopping.wait(1)
            if outcome is not None:
                self._report(outcome)
            else:
                self._wake.wait(1)
                self._wake.clear()

    def _leave(self) -> None:
        try:
            mine = delete(Heartbeat).where(Heartbeat.worker == self._runner.worker)
            self._write(lambda session, now: session.execute(mine))
        except Exception as error:
            log.warning("the heartbeat stays behind: %s", error)

    def _report(self, outcome: Outcome) -> None:
        """Log it; the endless "nothing to do" of work on the present only where somebody looks for it."""
        if outcome.error:
            log.error("%s %s failed: %s", outcome.job, outcome.period, outcome.error)
            return
        latest = {job.name for job in self._runner.jobs if job.missed is Missed.LATEST}
        level = logging.DEBUG if outcome.job in latest and not outcome.result.get("written") else logging.INFO
        log.log(level, "%s %s done in %.2f s: %s", outcome.job, outcome.period, outcome.seconds, outcome.result)
