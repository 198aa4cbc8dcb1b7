"""Processes that send what waits: ``python -m tests.faults.sending DATABASE-ADDRESS SERVER SENDER``.

The server is one of mail, ``smtp://…``, or a gateway of text messages, ``http://…``.

It is told on its input, a word a line: ``start`` forks a sender, ``kill`` kills the newest with SIGKILL; each is
answered with a process id when it is done. At the end of the input it waits for those that are left, and ends with 0
when every one of them ended well.
"""

import os
import signal
import sys

import app.kernel.permissions  # noqa: F401 - the tables of users, which the outbox links to
from app.jobs.carrying import Carrier
from app.jobs.sender import deliver
from app.jobs.sms import HttpGateway, SmsCarrier
from app.jobs.smtp import Outlet
from app.kernel.outbox import Channel
from tests.faults.swarm import fork
from tests.faults.throwaway import engine_of


def main(address: str, server: str, sender: str) -> None:
    """Do as one is told, then wait."""
    running: list[int] = []
    carrier: Carrier = Outlet(server, sender) if server.startswith("smtp") else SmsCarrier(HttpGateway(server))
    channel = Channel.MAIL if server.startswith("smtp") else Channel.SMS
    for line in sys.stdin:
        if line.strip() == "start":
            running.append(fork(lambda: deliver(engine_of(address), carrier, channel=channel)))
            print(running[-1], flush=True)
        else:
            victim = running.pop()
            os.kill(victim, signal.SIGKILL)
            os.waitpid(victim, 0)
            print(victim, flush=True)
    codes = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in running]
    sys.exit(max(codes, key=abs, default=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
