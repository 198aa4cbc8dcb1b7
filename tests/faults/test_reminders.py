"""The reminders of a morning, killed fifty times in the middle and run by two at once: each once, none lost."""

import subprocess
import sys
from collections import Counter
from datetime import date, timedelta

from sqlalchemy import func, insert, select

from app.kernel.actor import acting, system_actor
from app.kernel.tables import Notice
from models.contracts import Contract
from tests.faults.test_kills import ROOT
from tests.models import book

TODAY = date(2026, 3, 16)
OFFSETS = (30, 15, 7, 1)
EACH = 150
"""Contracts for each day on which a reminder is due, and as many that expire a day later, for which none is."""


def owed(session):
    """By brute force: one key for each contract that expires so many days after the morning."""
    days = {TODAY + timedelta(days=offset): offset for offset in OFFSETS}
    rows = session.execute(select(Contract.id, Contract.expires_on))
    return {
        f"renewals.remind:{key}:{expires_on}:T-{days[expires_on]}:customer"
        for key, expires_on in rows
        if expires_on in days
    }


def test_fifty_kills_lose_no_reminder_and_double_none(backend):
    with backend.session() as session, acting(system_actor("tests", "cli")):
        for offset in OFFSETS:
            for late in (0, 1):
                first = book.contract(session, TODAY + timedelta(days=offset + late))
                columns = [c for c in Contract.__table__.columns if c.key not in ("id", "number")]
                row = session.execute(select(*columns).where(Contract.id == first.id)).mappings().one()
                copies = [{**row, "number": f"K{offset}-{late}-{n}"} for n in range(EACH - 1)]
                session.execute(insert(Contract), copies)
        session.commit()
        expected = owed(session)
    assert len(expected) == len(OFFSETS) * EACH
    command = [sys.executable, "-m", "tests.faults.reminding", backend.url, "50"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=240)
    with backend.session() as session:
        keys = Counter(session.scalars(select(Notice.dedupe_key)))
        assert set(keys) == expected
        assert session.scalar(select(func.count()).select_from(Notice)) == len(expected)
