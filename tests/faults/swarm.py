"""Processes that do the same work at once, and are killed with SIGKILL at moments of chance."""

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable


def swarm(work: Callable[[], None], processes: int, kills: int, longest: float = 0.16) -> None:
    """Keep that many forks of this process at `work`; kill one, `kills` times, after at most `longest` seconds each.

    A killed one is replaced. Tells how many were at work still when they were killed, and exits with 0 when every one
    that was not killed ended well.
    """
    chance, struck = random.Random(kills), 0
    running = [fork(work) for _ in range(processes)]
    for _ in range(kills):
        time.sleep(chance.uniform(longest / 8, longest))
        victim = running.pop(chance.randrange(len(running)))
        os.kill(victim, signal.SIGKILL)
        struck += os.WIFSIGNALED(os.waitpid(victim, 0)[1])
        running.append(fork(work))
    print(struck, flush=True)
    codes = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in running]
    sys.exit(max(codes, key=abs))


def fork(work: Callable[[], None]) -> int:
    """A child that does the work and ends; its process id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child
