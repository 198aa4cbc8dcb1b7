"""The tick of the clocks, killed in the middle and run by two at once: everybody is told once, none is left out."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_zone
from app.kernel.clocks import PASSED
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry, Clock, Notice
from models.claims import Claim
from models.claims.states import LossCause
from models.people import Person
from tests.faults.test_kills import ROOT
from tests.models import book

DAY = timedelta(days=1)
FIRST = date(2026, 3, 1)
CLAIMS = 40
"""Reported one a day; decided within 30 days, warned of 5 before, told to the supervisor 1 and the manager 3 after."""
TICKS = [datetime.combine(FIRST + DAY * n, time(12), house_zone()) for n in (40, 60, 75)]


def expected(ids: list[int], holder: int, boss: int, manager: int) -> Counter[tuple[int, str, int]]:
    """By brute force: (claim, what, reader) over the three ticks."""
    told: Counter[tuple[int, str, int]] = Counter()
    for n, key in enumerate(ids):
        due = datetime.combine(FIRST + DAY * (n + 31), time(0), house_zone())
        for reader, what, moment in ((boss, "level 1", due + DAY), (manager, "level 2", due + DAY * 3)):
            told[key, what, reader] += TICKS[-1] >= moment
        told[key, "passed", holder] += TICKS[-1] >= due
        told[key, "warned", holder] += any(due - DAY * 5 <= tick < due for tick in TICKS)
    return +told


def check(backend, kills: int) -> None:
    with backend.session() as session, acting(system_actor("tests", "cli")):
        set_setting(session, "claims.handover_hours", "")
        from_ = book.contract(session, FIRST + DAY * 300)
        people = staff(session)
        for n in range(CLAIMS):
            reported = datetime.combine(FIRST + DAY * n, time(9), house_zone()).astimezone(UTC)
            claim = Claim(
                contract_id=from_.id, occurred_on=FIRST, cause=LossCause.FIRE, claimed=1, reported_at=reported
            )
            claim.owner_id, claim.unit_id = people["claims"]
            session.add(claim)
        session.commit()
        ids = list(session.scalars(select(Claim.id).order_by(Claim.id)))
    for tick in TICKS:
        run = [sys.executable, "-m", "tests.faults.reminding", backend.url, str(kills), "clocks.tick", tick.isoformat()]
        subprocess.run(run, cwd=ROOT, check=True, timeout=3600)
    with backend.session() as session:
        rows = dict(session.execute(select(Clock.id, Clock.row_id)).all())
        keys = [key.split(":") for key in session.scalars(select(Notice.dedupe_key))]
        told = Counter((rows[int(key[1])], key[2], int(key[-1])) for key in keys)
        assert told == expected(ids, *(people[name][0] for name in ("claims", "supervisor", "manager")))
        noted = Counter(session.scalars(select(AuditEntry.record_id).where(AuditEntry.verb == PASSED)))
        assert noted == Counter({key: 1 for key, what, _ in told if what == "passed"})


def staff(session) -> dict[str, tuple[int, int]]:
    """User and unit of everybody, by user name."""
    found = session.execute(select(User.username, User.id, Person.unit_id).join(Person, Person.user_id == User.id))
    return {name: (user, unit) for name, user, unit in found}


@pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.nightly), "postgresql"], indirect=True)
def test_a_dozen_kills_lose_no_notice_and_double_none(backend):
    check(backend, 4)


@pytest.mark.nightly
def test_nine_hundred_kills_lose_no_notice_and_double_none(backend):
    check(backend, 300)
