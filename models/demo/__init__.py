"""Demonstration data: a believable department, always the same, around the day it is loaded.

Written for the first start of an installation that is only tried out. Everybody signs in with `PASSWORD`.
"""

from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.clock import house_day
from models.demo import analysis, appraisals, contracts, people, teams
from models.demo.people import PASSWORD

SIGN_INS: tuple[tuple[str, str, str], ...] = tuple(
    (role, username, PASSWORD) for role, username in people.ONE_PER_ROLE.items()
)
"""One sign-in per role: (role, user name, password)."""


def load(session: Session) -> dict[str, Any]:
    """Write the department into an empty database; the system is acting. Returns counts. Does not commit."""
    random, now = Random(20260101), datetime.now(UTC)
    today = house_day(now)
    staff = people.found(session, random, today)
    sold = contracts.sell(session, random, today, staff)
    counts = contracts.renew(session, random, now, staff)
    counts |= teams.work(session, random, today, staff, sold)
    analysis.settle(session, today, staff, sold)
    appraisals.appraise(session, today, staff)
    return counts


__all__ = ["PASSWORD", "SIGN_INS", "load"]
