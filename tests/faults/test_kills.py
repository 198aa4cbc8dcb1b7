"""Real worker processes, racing and killed: nothing lost, nothing doubled, on both databases."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.kernel.tables import JobPeriod, Notice
from tests.conftest import Backend
from tests.faults.throwaway import ROWS, effect, effects, emptied, owe

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite_backend", "postgres_backend"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return emptied(request.getfixturevalue(request.param))


def run(url: str, processes: int, kills: int, timeout: float, pause: float = 0.004) -> None:
    """Let the workers run to the end; raises when they do not get there."""
    command = [sys.executable, "-m", "tests.faults.throwaway", url, *map(str, (processes, kills, pause))]
    subprocess.run(command, cwd=ROOT, check=True, timeout=timeout)


def expect_each_once(backend: Backend, keys: list[str]) -> None:
    """Every period's rows once, in the order of the periods, one mail each, and the ledger says so."""
    found = effects(backend.engine)
    assert Counter(found) == Counter((key, n) for key in keys for n in range(ROWS))
    assert found == [(key, n) for key in keys for n in range(ROWS)]
    with backend.session() as session:
        assert session.execute(select(func.count()).select_from(Notice)).scalar_one() == len(keys)
        done = select(JobPeriod.period).where(JobPeriod.status == "done", JobPeriod.attempts == 1)
        assert sorted(session.scalars(done)) == keys


def test_two_workers_share_eighty_periods(backend: Backend) -> None:
    keys = owe(backend.engine, 80)
    run(backend.url, processes=2, kills=0, timeout=240, pause=0.0005)
    expect_each_once(backend, keys)


def test_twenty_kills_lose_nothing_and_double_nothing(backend: Backend) -> None:
    keys = owe(backend.engine, 20)
    run(backend.url, processes=2, kills=20, timeout=240)
    expect_each_once(backend, keys)


@pytest.mark.nightly
@pytest.mark.parametrize("processes", [1, 4])
def test_a_thousand_kills_lose_nothing_and_double_nothing(backend: Backend, processes: int) -> None:
    keys = owe(backend.engine, 300)
    run(backend.url, processes, kills=1000, timeout=3600)
    expect_each_once(backend, keys)


def test_the_throwaway_job_would_show_a_doubled_run(backend: Backend) -> None:
    unique = {constraint for constraint in effect.constraints if getattr(constraint, "columns", None)}
    assert {column.name for constraint in unique for column in constraint.columns} == {"id"}
