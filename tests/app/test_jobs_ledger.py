"""The ledger, the tick and the runner, one process at a time, on a clock set by hand."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.jobs.runner import Runner, back_off
from app.jobs.ticker import tick
from app.kernel import ledger
from app.kernel.ledger import Status
from app.kernel.tables import JobControl, JobPeriod
from app.schema.errors import Conflict, DeclarationError, NotFound
from app.schema.jobs import Job, Missed
from app.schema.registry import registry
from tests.conftest import Backend
from tests.faults.throwaway import FIRST, SHANGHAI, HandClock, emptied, job, told

Declare = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("as_system")


@pytest.fixture(params=["sqlite_backend", "postgres_backend"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return emptied(request.getfixturevalue(request.param))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declare a job for the length of a test, the registry being frozen."""

    def declare(work: Callable[[datetime, Any], Any] = lambda due, session: None, **more: Any) -> Job:
        made = job(work, **more)
        monkeypatch.setitem(registry.jobs._things, made.name, made)
        return made

    return declare


@pytest.fixture
def runner(backend: Backend, clock: HandClock) -> Runner:
    return Runner(backend.engine, SHANGHAI, "test", clock=clock)


@pytest.fixture
def ticks(backend: Backend, clock: HandClock) -> Iterator[Callable[[Job], list[str]]]:
    def tick_(of: Job) -> list[str]:
        with backend.session() as session, session.begin():
            return tick(session, of, SHANGHAI, clock.now)

    return tick_


def standing(session: Session, name: str = "tests.slow") -> dict[str, str]:
    rows = select(JobPeriod.period, JobPeriod.status).where(JobPeriod.job == name).order_by(JobPeriod.due)
    return dict(read(session, lambda: session.execute(rows).all()))


def noted(session: Session, period: str) -> JobPeriod:
    """The row of a period of the throw-away job as it stands now."""
    return read(session, lambda: session.get_one(JobPeriod, ("tests.slow", period), populate_existing=True))


def read(session: Session, what: Callable[[], Any]) -> Any:
    """Read in a transaction of its own: on SQLite an open one would keep the runner waiting."""
    session.rollback()
    found = what()
    session.commit()
    return found


def drain(runner: Runner) -> list[str]:
    ran = []
    while outcome := runner.run_next():
        ran.append(outcome.period)
    return ran


class TestTick:
    def test_the_first_one_invents_no_past(self, declared: Declare, ticks: Any, clock: HandClock) -> None:
        assert ticks(declared()) == []
        clock.forward(days=1)
        assert ticks(declared()) == ["2011-01-31T08:00"]

    def test_what_was_missed_is_owed_oldest_first_and_once(
        self, declared: Declare, ticks: Any, clock: HandClock, session: Session
    ) -> None:
        daily = declared()
        ticks(daily)
        clock.forward(days=3)
        expected = ["2011-01-31T08:00", "2011-02-01T08:00", "2011-02-02T08:00"]
        assert ticks(daily) == expected
        assert ticks(daily) == []
        assert list(standing(session)) == expected

    def test_a_monthly_job_down_for_95_days_misses_nothing(
        self, declared: Declare, ticks: Any, clock: HandClock
    ) -> None:
        monthly = declared(cron="0 6 1 * *")
        ticks(monthly)
        clock.forward(days=95)
        assert [key[:10] for key in ticks(monthly)] == ["2011-02-01", "2011-03-01", "2011-04-01", "2011-05-01"]

    def test_of_work_on_the_present_only_the_newest_is_owed(
        self, declared: Declare, ticks: Any, clock: HandClock, session: Session
    ) -> None:
        latest = declared(cron="* * * * *", missed=Missed.LATEST)
        ticks(latest)
        clock.forward(minutes=5)
        assert ticks(latest) == ["2011-01-30T08:05"]
        clock.forward(minutes=2)
        assert ticks(latest) == ["2011-01-30T08:07"]
        assert standing(session) == {"2011-01-30T08:05": Status.SKIPPED, "2011-01-30T08:07": Status.DUE}

    def test_the_past_of_such_work_is_not_kept_for_ever(
        self, declared: Declare, ticks: Any, clock: HandClock, runner: Runner, session: Session
    ) -> None:
        latest, daily = declared(cron="0 * * * *", missed=Missed.LATEST), declared(name="tests.daily")
        for _ in range(2):
            ticks(latest), ticks(daily)
            clock.forward(days=1)
            drain(runner)
        clock.forward(days=4)
        ticks(latest), ticks(daily)
        assert standing(session) == {"2011-02-05T08:00": Status.DUE}
        assert len(standing(session, "tests.daily")) == 6

    def test_a_clock_that_went_back_owes_nothing_twice(
        self, declared: Declare, ticks: Any, clock: HandClock, session: Session
    ) -> None:
        daily = declared()
        ticks(daily)
        clock.forward(days=2)
        ticks(daily)
        clock.forward(days=-2)
        assert ticks(daily) == []
        clock.forward(days=2)
        assert ticks(daily) == []


class TestRun:
    def test_missed_periods_run_in_order_once_each_and_are_told_their_time(
        self, declared: Declare, ticks: Any, clock: HandClock, runner: Runner
    ) -> None:
        told: list[datetime] = []
        daily = declared(lambda due, session: told.append(due))
        ticks(daily)
        clock.forward(days=3)
        ticks(daily)
        drain(runner)
        assert told == [FIRST + timedelta(days=n) for n in (1, 2, 3)]
        assert drain(runner) == []

    def test_what_it_did_is_noted(self, declared: Declare, runner: Runner, session: Session, clock: HandClock) -> None:
        declared(lambda due, session: {"written": 3, "stood": 1}, cron="")
        assert ledger.enqueue(session, "tests.slow", "batch-7", clock.now, asked_by=None)
        assert not ledger.enqueue(session, "tests.slow", "batch-7", clock.now)
        session.commit()
        drain(runner)
        row = noted(session, "batch-7")
        assert (row.status, row.result, row.attempts, row.worker) == ("done", {"written": 3, "stood": 1}, 1, "test")
        assert (row.started_at, row.finished_at, row.error) == (clock.now, clock.now, None)
        assert row.seconds >= 0

    def test_it_works_as_the_system_and_knows_its_period_and_zone(
        self, declared: Declare, runner: Runner, clock: HandClock
    ) -> None:
        seen: dict[str, Any] = {}

        def work(due: datetime, session: Session) -> None:
            seen.update(session.info, actor=ledger.current_actor())

        declared(work)
        runner.run("tests.slow", clock.now)
        assert seen["actor"].name == "tests.slow"
        assert seen["actor"].system
        assert (seen["period"], seen["zone"]) == ("2011-01-30T08:00", SHANGHAI)

    def test_nothing_runs_before_its_time(self, declared: Declare, runner: Runner, session: Session) -> None:
        declared(cron="")
        ledger.enqueue(session, "tests.slow", "later", FIRST + timedelta(seconds=1))
        session.commit()
        assert drain(runner) == []

    def test_jobs_this_version_does_not_know_are_left_alone(self, runner: Runner, session: Session) -> None:
        session.add(JobPeriod(job="gone.job", period="x", due=FIRST))
        session.commit()
        assert drain(runner) == []
        assert standing(session, "gone.job") == {"x": "due"}
        with pytest.raises(DeclarationError, match=r"no job is called 'gone\.job'"):
            runner.run("gone.job", FIRST)

    def test_the_longest_due_comes_first_across_jobs(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock
    ) -> None:
        ran: list[str] = []
        for name, minutes in (("tests.a", 2), ("tests.b", 1), ("tests.c", 3)):
            declared(lambda due, session, name=name: ran.append(name), name=name, cron="")
            ledger.enqueue(session, name, "once", clock.now + timedelta(minutes=minutes))
        session.commit()
        clock.forward(hours=1)
        drain(runner)
        assert ran == ["tests.b", "tests.a", "tests.c"]


class TestOverlap:
    @pytest.mark.parametrize("backend", ["postgres_backend"], indirect=True)
    def test_a_job_never_runs_twice_at_once_also_where_its_order_does_not_matter(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock
    ) -> None:
        # SQLite keeps a second one waiting by itself: a transaction has the whole database.
        begun, go_on = threading.Event(), threading.Event()

        def work(due: datetime, session: Session) -> None:
            begun.set()
            assert go_on.wait(30)

        declared(work, cron="")
        for key in ("a", "b"):
            ledger.enqueue(session, "tests.slow", key, clock.now)
        session.commit()
        with ThreadPoolExecutor(1) as other:
            first = other.submit(runner.run_next)
            assert begun.wait(30)
            assert runner._run_if_due(registry.jobs["tests.slow"], "b") is None
            go_on.set()
            assert first.result(30).period == "a"
        assert drain(runner) == ["b"]


class TestAsked:
    def test_run_enters_the_period_and_runs_a_done_one_again(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock
    ) -> None:
        counts = iter([{"written": 2, "stood": 0}, {"written": 0, "stood": 2}])
        declared(lambda due, session: next(counts))
        first = runner.run("tests.slow", clock.now + timedelta(seconds=42))
        assert (first.period, first.due, first.result) == ("2011-01-30T08:00", clock.now, {"written": 2, "stood": 0})
        assert runner.run("tests.slow", clock.now).result == {"written": 0, "stood": 2}
        row = noted(session, "2011-01-30T08:00")
        assert (row.status, row.attempts, row.result) == ("done", 1, {"written": 2, "stood": 0})

    def test_run_does_not_wait_for_a_pause(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock
    ) -> None:
        declared()
        ledger.set_paused(session, "tests.slow", True, clock.now)
        session.commit()
        assert runner.run("tests.slow", clock.now).error is None
        assert standing(session) == {"2011-01-30T08:00": Status.DONE}


class TestPause:
    def test_paused_periods_are_written_and_made_up_for_in_order(
        self, declared: Declare, ticks: Any, clock: HandClock, runner: Runner, session: Session
    ) -> None:
        daily = declared()
        ticks(daily)
        ledger.set_paused(session, "tests.slow", True, clock.now)
        session.commit()
        clock.forward(days=2)
        ticks(daily)
        assert drain(runner) == []
        assert list(standing(session).values()) == [Status.DUE, Status.DUE]
        ledger.set_paused(session, "tests.slow", False, clock.now)
        session.commit()
        assert drain(runner) == ["2011-01-31T08:00", "2011-02-01T08:00"]

    def test_who_paused_it_is_in_the_history(
        self, declared: Declare, backend: Backend, session: Session, clock: HandClock
    ) -> None:
        declared()
        ledger.set_paused(session, "tests.slow", True, clock.now)
        ledger.set_paused(session, "tests.slow", True, clock.now)
        assert [entry.verb for entry in told(backend, session, "job_control")] == ["pause"]
        assert session.get_one(JobControl, "tests.slow").changed_at == clock.now


class TestFailure:
    def test_it_leaves_no_effect_rests_longer_each_time_and_fails_in_the_end(
        self, declared: Declare, clock: HandClock, runner: Runner, session: Session
    ) -> None:
        def work(due: datetime, session: Session) -> None:
            session.add(JobControl(job="effect"))
            session.flush()
            raise ValueError("the tariff is missing")

        declared(work)
        ledger.enqueue(session, "tests.slow", "p", clock.now)
        session.commit()
        for attempt, minutes in enumerate((1, 2, 4, 8), 1):
            outcome = runner.run_next()
            assert outcome is not None
            assert outcome.error == "ValueError: the tariff is missing"
            row = noted(session, "p")
            assert (row.status, row.attempts, row.next_try_at) == ("due", attempt, clock.now + back_off(attempt))
            assert back_off(attempt) == timedelta(minutes=minutes)
            clock.forward(minutes=minutes - 0.01)
            assert runner.run_next() is None
            clock.forward(minutes=0.01)
        assert runner.run_next() is not None
        clock.forward(days=30)
        assert runner.run_next() is None
        assert standing(session) == {"p": Status.FAILED}
        assert session.get(JobControl, "effect") is None

    def test_it_rests_an_hour_at_most(self) -> None:
        assert back_off(30) == timedelta(hours=1)

    def test_later_periods_wait_until_somebody_retries_it_or_gives_it_up(
        self, declared: Declare, ticks: Any, clock: HandClock, runner: Runner, session: Session
    ) -> None:
        broken = {"2011-01-31T08:00", "2011-02-01T08:00"}

        def work(due: datetime, session: Session) -> None:
            if session.info["period"] in broken:
                raise ValueError("broken")

        daily = declared(work)
        ticks(daily)
        clock.forward(days=3)
        ticks(daily)
        assert drain(runner) == ["2011-01-31T08:00"]  # while it rests, none overtakes it
        session.execute(update(JobPeriod).where(JobPeriod.period == "2011-01-31T08:00").values(status=Status.FAILED))
        session.commit()
        assert drain(runner) == []
        broken.remove("2011-01-31T08:00")
        ledger.retry(session, "tests.slow", "2011-01-31T08:00")
        session.commit()
        assert drain(runner) == ["2011-01-31T08:00", "2011-02-01T08:00"]
        session.execute(update(JobPeriod).where(JobPeriod.period == "2011-02-01T08:00").values(status=Status.FAILED))
        ledger.give_up(session, "tests.slow", "2011-02-01T08:00")
        session.commit()
        assert drain(runner) == ["2011-02-02T08:00"]
        assert list(standing(session).values()) == [Status.DONE, Status.SKIPPED, Status.DONE]

    def test_asked_work_is_not_held_up_by_another_of_its_kind(
        self, declared: Declare, clock: HandClock, runner: Runner, session: Session
    ) -> None:
        def work(due: datetime, session: Session) -> None:
            if session.info["period"] == "a":
                raise ValueError("broken")

        declared(work, cron="")
        ledger.enqueue(session, "tests.slow", "a", clock.now)
        ledger.enqueue(session, "tests.slow", "b", clock.now)
        session.commit()
        assert drain(runner) == ["a", "b"]

    def test_only_a_failed_period_can_be_retried(self, declared: Declare, session: Session, clock: HandClock) -> None:
        declared()
        ledger.enqueue(session, "tests.slow", "p", clock.now)
        with pytest.raises(Conflict):
            ledger.retry(session, "tests.slow", "p")
        with pytest.raises(NotFound):
            ledger.give_up(session, "tests.slow", "q")

    @pytest.mark.parametrize("end", ["commit", "rollback"])
    def test_a_job_does_not_end_the_transaction_itself(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock, end: str
    ) -> None:
        def work(due: datetime, session: Session) -> None:
            with session.begin_nested():
                session.add(JobControl(job="effect"))
            getattr(session, end)()

        declared(work)
        outcome = runner.run("tests.slow", clock.now)
        assert outcome.error is not None
        assert outcome.error.startswith(f"RuntimeError: a job does not {end.replace('rollb', 'roll b')}")
        assert session.get(JobControl, "effect") is None

    def test_the_error_names_no_parameters_of_a_statement(
        self, declared: Declare, runner: Runner, clock: HandClock
    ) -> None:
        def work(due: datetime, session: Session) -> None:
            session.add_all([JobControl(job="13800138000"), JobControl(job="13800138000")])
            session.flush()

        declared(work)
        error = runner.run("tests.slow", clock.now).error or ""
        assert "IntegrityError" in error or "UniqueViolation" in error
        assert "parameters" not in error


class TestAfterwards:
    def test_it_is_done_after_the_commit_and_its_counts_join_the_result(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock
    ) -> None:
        seen: list[str] = []

        def act() -> dict[str, Any]:
            seen.extend(standing(session).values())
            return {"written": 5}

        def work(due: datetime, session: Session) -> dict[str, Any]:
            ledger.afterwards(session, act)
            return {"written": 0, "stood": 1}

        declared(work)
        assert runner.run("tests.slow", clock.now).result == {"written": 5, "stood": 1}
        assert seen == [Status.DONE]
        row = noted(session, "2011-01-30T08:00")
        assert row.result == {"written": 5, "stood": 1}

    def test_its_error_is_shown_but_the_work_stays_done(
        self, declared: Declare, runner: Runner, session: Session, clock: HandClock
    ) -> None:
        def act() -> dict[str, Any]:
            raise OSError("no route")

        declared(lambda due, session: ledger.afterwards(session, act))
        assert runner.run("tests.slow", clock.now).error == "OSError: no route"
        row = noted(session, "2011-01-30T08:00")
        assert (row.status, row.error) == ("done", "OSError: no route")

    def test_nothing_is_done_after_a_failure(self, declared: Declare, runner: Runner, clock: HandClock) -> None:
        acted: list[int] = []

        def work(due: datetime, session: Session) -> None:
            ledger.afterwards(session, lambda: acted.append(1) or {})
            raise ValueError("broken")

        declared(work)
        runner.run("tests.slow", clock.now)
        assert acted == []


def test_the_databases_clock_is_now(session: Session, backend: Backend) -> None:
    now = ledger.database_now(session)
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(now.tzinfo)) < timedelta(seconds=5)
