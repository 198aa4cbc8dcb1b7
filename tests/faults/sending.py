"""A process that sends what waits: ``python -m tests.faults.sending DATABASE-ADDRESS SMTP-ADDRESS SENDER``."""

import sys

import app.kernel.permissions  # noqa: F401 - the tables of users, which the outbox links to
from app.jobs.sender import deliver
from app.jobs.smtp import Outlet
from tests.faults.throwaway import engine_of

if __name__ == "__main__":
    deliver(engine_of(sys.argv[1]), Outlet(sys.argv[2], sys.argv[3]))
