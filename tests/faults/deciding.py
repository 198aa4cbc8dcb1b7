"""Approves and pays claims that wait, in processes that are killed: ``python -m tests.faults.deciding URL KILLS``."""

import os
import random
import sys
from functools import partial

from sqlalchemy import select

import models  # noqa: F401 - declares the records
from app.kernel.actor import acting, system_actor
from app.kernel.guard import GuardedSession
from app.kernel.permissions import load_actor
from app.kernel.workflow import advance
from app.schema.errors import Refusal
from models.claims import Claim, settling
from models.claims.states import ClaimState
from tests import department
from tests.faults.swarm import swarm
from tests.faults.throwaway import engine_of


def decide(url: str) -> None:
    """Take claims in an order of chance: approve what its limit leaves, pay what is approved, until nothing moves."""
    engine, chance = engine_of(url), random.Random(os.getpid())
    with GuardedSession(bind=engine) as session, acting(system_actor("tests", "cli")):
        ids = department.user_ids(session)
        handler, payer = (load_actor(session, ids[name]) for name in ("claims", "finance"))
        session.rollback()
        waiting = list(session.scalars(select(Claim.id).where(Claim.state != ClaimState.PAID)))
        while waiting:
            chance.shuffle(waiting)
            left = []
            for key in waiting:
                claim = session.scalars(select(Claim).where(Claim.id == key)).one()
                due = settling.due(session, claim) if claim.state == ClaimState.REVIEWING else None
                session.rollback()
                if claim.state == ClaimState.PAID or (claim.state == ClaimState.REVIEWING and not due):
                    continue
                left.append(key)
                approving = claim.state == ClaimState.REVIEWING
                step, who, what = (
                    ("approve", handler, {"approved": due}) if approving else ("pay", payer, {"method": "transfer"})
                )
                try:
                    with acting(who):
                        advance(session, claim, step, answers=what)
                        session.commit()
                except Refusal:
                    session.rollback()  # another process was quicker: look again
            waiting = left


def main(url: str, kills: int) -> None:
    """Two at a time; ends with 0 when the last two ended well."""
    swarm(partial(decide, url), processes=2, kills=kills, longest=0.3)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
