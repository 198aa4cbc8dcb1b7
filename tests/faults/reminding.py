"""Runs the reminders of one morning in children it kills: ``python -m tests.faults.reminding URL KILLS``.

Each child runs ``renewals.remind`` for `DUE` from the start; most are killed in the middle. At the end two run it
together, to completion.
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


def _fork(url: str) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            Runner(engine_of(url), house_zone(), f"reminding:{os.getpid()}").run("renewals.remind", DUE)
            code = 0
        finally:
            os._exit(code)
    return child


def main(url: str, kills: int) -> None:
    """Kill `kills` children; ends with 0 when the two that were left alone ended well."""
    chance = random.Random(kills)
    for _ in range(kills):
        child = _fork(url)
        time.sleep(chance.uniform(0.005, 0.15))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    pair = [_fork(url), _fork(url)]
    sys.exit(max(abs(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) for child in pair))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
