"""Runs one period of a job in children it kills: ``python -m tests.faults.reminding URL KILLS [JOB DUE]``.

Each child runs the job for that moment from the start (``renewals.remind`` for `DUE` unless said otherwise); most are
killed in the middle. At the end two run it together, to completion.
"""

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime

import models  # noqa: F401 - declares the job
from app.jobs.runner import Runner
from app.kernel.clock import house_zone
from tests.faults.throwaway import engine_of

DUE = datetime(2026, 3, 16, 0, tzinfo=UTC)  # eight in the morning in Shanghai


def _fork(url: str, job: str, due: datetime) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            Runner(engine_of(url), house_zone(), f"reminding:{os.getpid()}").run(job, due)
            code = 0
        finally:
            os._exit(code)
    return child


def main(url: str, kills: int, job: str = "renewals.remind", due: datetime = DUE) -> None:
    """Kill `kills` children; ends with 0 when the two that were left alone ended well."""
    chance = random.Random(kills)
    for _ in range(kills):
        child = _fork(url, job, due)
        time.sleep(chance.uniform(0.005, 0.15))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    pair = [_fork(url, job, due), _fork(url, job, due)]
    sys.exit(max(abs(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) for child in pair))


if __name__ == "__main__":
    address, count, *rest = sys.argv[1:]
    main(address, int(count), *([rest[0], datetime.fromisoformat(rest[1])] if rest else []))
