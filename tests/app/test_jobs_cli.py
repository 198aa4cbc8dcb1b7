"""``flask jobs`` and the worker, as processes of their own, on both databases."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app.kernel import ledger
from app.kernel.actor import acting, system_actor
from app.kernel.ledger import Status, database_now
from app.kernel.outbox import Channel, tell
from app.kernel.tables import Heartbeat, JobControl, JobPeriod, Notice
from app.schema.registry import registry
from app.schema.wording import Sentence
from tests.conftest import Backend
from tests.faults.throwaway import FIRST, emptied
from tests.servers import mail_server

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = system_actor("tests", "cli")


@pytest.fixture(params=["sqlite_backend", "postgres_backend"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return emptied(request.getfixturevalue(request.param))


@pytest.fixture
def environment(backend: Backend, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "YANXU_MODE": "testing",
        "YANXU_DATABASE_URL": backend.url,
        "YANXU_DATA_DIR": str(tmp_path),
        "YANXU_SMTP_URL": "",
        "YANXU_TIMEZONE": "Asia/Shanghai",
    }


@pytest.fixture
def flask(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``flask --app run …`` to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flask", "--app", "run", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``flask --app run …``; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flask", "--app", "run", *words]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment | more, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def rows(backend: Backend, model: Any) -> list[Any]:
    with backend.session() as session, acting(SYSTEM):
        return list(session.scalars(select(model)))


def until(holds: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait for something to become true; its value."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.2)
    return found


class TestRun:
    @pytest.mark.parametrize("backend", ["sqlite_backend"], indirect=True)
    def test_it_prints_one_line_of_json_also_for_a_period_that_ran_before(self, flask: Any, backend: Backend) -> None:
        words = ["jobs", "run", "notices.send", "--due", "2011-01-30T08:00"]
        done = flask(*words)
        assert done.returncode == 0, done.stderr
        for told in (done.stdout, backend.app.test_cli_runner().invoke(args=words).output):
            line = json.loads(told)
            assert list(line)[:5] == ["job", "due", "period", "written", "stood"]
            assert line["due"] == "2011-01-30T08:00+08:00"
            assert (line["job"], line["period"]) == ("notices.send", "2011-01-30T08:00")
            assert (line["written"], line["stood"], line["mail_server"]) == (0, 0, "none")
            assert line["seconds"] >= 0
        [row] = rows(backend, JobPeriod)
        assert (row.status, row.due, row.attempts) == (Status.DONE, FIRST, 1)

    def test_two_processes_may_run_the_same_period_at_once(self, start: Any, backend: Backend) -> None:
        both = [start("jobs", "run", "notices.send", "--due", "2011-01-30T00:00Z") for _ in range(2)]
        lines = [json.loads(process.communicate(timeout=120)[0]) for process in both]
        assert [line["period"] for line in lines] == ["2011-01-30T08:00"] * 2
        assert [(row.status, row.attempts) for row in rows(backend, JobPeriod)] == [(Status.DONE, 1)]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("run", "no.such"), "no job is called 'no.such'; there are:"),
            (("run", "notices.send", "--due", "tomorrow"), "write it as 2011-01-30T08:00"),
            (("pause", "no.such"), "no job is called 'no.such'"),
            (("retry", "notices.send", "x"), "Failed periods of notices.send: none"),
        ],
    )
    def test_a_slip_is_answered_with_what_there_is(self, backend: Backend, words: Any, said: str) -> None:
        answer = backend.app.test_cli_runner().invoke(args=["jobs", *words])
        assert answer.exit_code != 0
        assert said in " ".join(answer.output.split())
        assert "Traceback" not in answer.output

    def test_a_failure_is_in_the_line_and_in_the_exit_code(
        self, backend: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def work(due: Any, session: Any) -> None:
            raise ValueError("the tariff is missing")

        broken = type(registry.jobs["notices.send"])("notices.send", "* * * * *", work, "Broken")
        monkeypatch.setitem(registry.jobs._things, "notices.send", broken)
        answer = backend.app.test_cli_runner().invoke(args=["jobs", "run", "notices.send"])
        assert answer.exit_code == 1
        assert json.loads(answer.output)["error"] == "ValueError: the tariff is missing"


class TestControl:
    def test_list_pause_resume_retry(self, backend: Backend) -> None:
        invoke = backend.app.test_cli_runner().invoke
        with backend.session() as session, session.begin(), acting(SYSTEM):
            failed = {"status": Status.FAILED, "started_at": FIRST, "error": "ValueError: x\nmore", "attempts": 5}
            session.add(JobPeriod(job="notices.send", period="2011-01-30T08:00", due=FIRST, **failed))
        listed = invoke(args=["jobs", "list"]).output
        line = next(line for line in listed.splitlines() if line.startswith("notices.send"))
        assert "* * * * *" in line
        assert "2011-01-30 08:00" in line
        assert "failed" in line
        assert line.endswith("ValueError: x")
        assert all(each.name in listed for each in registry.jobs)
        assert "due again" in invoke(args=["jobs", "retry", "notices.send", "2011-01-30T08:00"]).output
        assert [row.status for row in rows(backend, JobPeriod)] == [Status.DUE]
        invoke(args=["jobs", "pause", "notices.send"])
        assert [row.paused for row in rows(backend, JobControl)] == [True]
        assert "paused" in invoke(args=["jobs", "list"]).output
        invoke(args=["jobs", "resume", "notices.send"])
        assert [row.paused for row in rows(backend, JobControl)] == [False]


class TestWorker:
    def test_it_makes_up_for_what_was_missed_sends_mail_and_ends_well(self, backend: Backend, start: Any) -> None:
        with mail_server() as mailbox:
            with backend.session() as session, session.begin(), acting(SYSTEM):
                now = database_now(session)
                for job in registry.jobs:
                    session.add(JobControl(job=job.name, written_until=now))
                session.execute(
                    update(JobControl)
                    .where(JobControl.job == "contracts.lapse")
                    .values(written_until=now - timedelta(days=3))
                )
                session.execute(
                    update(JobControl)
                    .where(JobControl.job == "notices.send")
                    .values(written_until=now - timedelta(days=3))
                )
                tell(session, "hello", "ann@example.cn", Sentence("Hello"), "…", Channel.MAIL)
            worker = start("jobs", "work", YANXU_SMTP_URL=mailbox.url)
            assert mailbox.wait_for(1, timeout=60)[0].message["X-Dedupe-Key"] == "hello"
            until(lambda: [row.status for row in self.of(backend, "contracts.lapse")] == [Status.DONE] * 3)
            assert len({row.period[:10] for row in self.of(backend, "contracts.lapse")}) == 3
            finished = [row.finished_at for row in sorted(self.of(backend, "contracts.lapse"), key=lambda r: r.due)]
            assert finished == sorted(finished)
            assert len(self.of(backend, "notices.send")) <= 3  # only the newest of 4,320 missed minutes
            [beat] = rows(backend, Heartbeat)
            assert beat.worker.endswith(f":{worker.pid}")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
            assert rows(backend, Heartbeat) == []
            assert [notice.state for notice in rows(backend, Notice)] == ["sent"]

    def of(self, backend: Backend, job: str) -> list[JobPeriod]:
        return [row for row in rows(backend, JobPeriod) if row.job == job]

    @pytest.mark.parametrize("backend", ["sqlite_backend"], indirect=True)
    def test_it_runs_what_is_asked_for_and_ends_when_its_parent_does(self, backend: Backend, start: Any) -> None:
        worker = start("jobs", "work", "--until-eof")
        until(lambda: rows(backend, Heartbeat))
        with backend.session() as session, session.begin(), acting(SYSTEM):
            ledger.enqueue(session, "contracts.lapse", "asked", database_now(session))
        until(lambda: any(row.period == "asked" and row.status == Status.DONE for row in rows(backend, JobPeriod)))
        worker.stdin.close()
        assert worker.wait(30) == 0

    @pytest.mark.parametrize("backend", ["postgres_backend"], indirect=True)
    def test_a_cut_connection_is_survived(self, backend: Backend, start: Any) -> None:
        worker = start("jobs", "work")
        until(lambda: rows(backend, Heartbeat))
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        with backend.engine.begin() as connection:
            cut = text(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}")
            assert connection.execute(cut).scalar_one() > 0
        with backend.session() as session, session.begin(), acting(SYSTEM):
            ledger.enqueue(session, "contracts.lapse", "asked", database_now(session))
        until(lambda: any(row.period == "asked" and row.status == Status.DONE for row in rows(backend, JobPeriod)))
        assert worker.poll() is None
