"""The pages of operations, the bell, and what machines ask: ``/jobs/``, ``/inbox/`` and ``/healthz``."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, delete, inspect, select
from sqlalchemy.orm import Session

from app.extensions import db
from app.jobs.overview import health, oldest_overdue, standings
from app.kernel import ledger
from app.kernel.actor import acting, system_actor
from app.kernel.ledger import Status, database_now
from app.kernel.outbox import Channel, tell
from app.kernel.tables import Heartbeat, JobControl, JobPeriod, Notice
from app.schema.registry import registry
from app.schema.wording import Sentence
from models.people import Unit
from tests.conftest import Backend
from tests.faults.throwaway import FIRST, SHANGHAI, emptied, job, told
from tests.screens import post, table_of, value_of
from views import jobs as jobs_page

NAME = "tests.slow"
SYSTEM = system_actor("tests", "cli")


@pytest.fixture(params=["sqlite_backend", "postgres_backend"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return emptied(request.getfixturevalue(request.param))


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.jobs._things, NAME, job(lambda due, session: None))


@pytest.fixture
def operations(sign_in: Callable[[str], FlaskClient]) -> Any:
    return sign_in("operations")


def write(backend: Backend, *rows: Any) -> None:
    with backend.session() as session, session.begin(), acting(SYSTEM):
        session.add_all(rows)


def period(key: str = "2011-01-30T08:00", **more: Any) -> JobPeriod:
    return JobPeriod(**{"job": NAME, "period": key, "due": FIRST, "status": Status.DUE, **more})


def all_of(backend: Backend, model: Any) -> list[Any]:
    with backend.session() as session, acting(SYSTEM):
        return list(session.scalars(select(model).order_by(*inspect(model).primary_key)))


class TestJobs:
    def test_the_list_shows_each_job_with_its_last_run_and_error(self, backend: Backend, operations: Any) -> None:
        write(
            backend,
            period(status=Status.DONE, started_at=FIRST, result={"written": 12, "stood": 3}, seconds=1, attempts=1),
            JobControl(job="notices.send", paused=True),
        )
        page = operations.get("/jobs/").text
        rows = table_of(page)
        row = next(row for row in rows if NAME in row[0])
        assert row[1:6] == ["done", "2011-01-30 08:00", "written 12 · stood already 3", "1.000", row[5]]
        assert row[5].endswith("08:00")
        mail = next(row for row in rows if "notices.send" in row[0])
        assert mail[1] == "paused"
        assert [each.name for each in registry.jobs if each.name not in page] == []

    def test_only_whom_the_page_is_granted_may_open_or_press_anything(self, sign_in: Any) -> None:
        renewal = sign_in("renewal")
        for address in ("/jobs/", f"/jobs/{NAME}/", "/jobs/letters"):
            assert renewal.get(address).status_code == 403
        for address in (f"/jobs/{NAME}/run", f"/jobs/{NAME}/pause", "/jobs/letters/printed"):
            assert post(renewal, address).status_code == 403
        assert sign_in("manager").get("/jobs/").status_code == 200

    def test_nothing_happens_without_the_token_or_by_a_get(self, backend: Backend, operations: Any) -> None:
        assert operations.post(f"/jobs/{NAME}/pause").status_code == 400
        assert operations.get(f"/jobs/{NAME}/pause").status_code == 405
        assert all_of(backend, JobControl) == []

    def test_run_now_owes_a_run_in_ones_own_name(self, backend: Backend, operations: Any, people: Any) -> None:
        answer = post(operations, f"/jobs/{NAME}/run")
        assert (answer.status_code, answer.location) == (303, f"/jobs/{NAME}/")
        [owed] = all_of(backend, JobPeriod)
        assert (owed.job, owed.status, owed.asked_by_id) == (NAME, "due", people["operations"].user_id)
        assert owed.due.second == 0
        assert owed.period == ledger.period_key(owed.due, SHANGHAI)
        with backend.session() as session:
            [entry] = told(backend, session, "job_period")
        assert (entry.verb, entry.user_id) == ("run", people["operations"].user_id)
        assert "Operations Tester" in operations.get(f"/jobs/{NAME}/").text

    def test_a_paused_job_is_resumed_before_it_is_run(self, backend: Backend, operations: Any) -> None:
        post(operations, f"/jobs/{NAME}/pause")
        assert [control.paused for control in all_of(backend, JobControl)] == [True]
        assert post(operations, f"/jobs/{NAME}/run").status_code == 409
        assert "Paused since" in operations.get(f"/jobs/{NAME}/").text
        post(operations, f"/jobs/{NAME}/resume")
        assert [control.paused for control in all_of(backend, JobControl)] == [False]
        assert all_of(backend, JobPeriod) == []

    def test_a_job_on_request_has_nothing_to_run_by_itself(
        self, operations: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(registry.jobs._things, NAME, job(lambda due, session: None, cron=""))
        assert post(operations, f"/jobs/{NAME}/run").status_code == 422

    @pytest.mark.parametrize(("press", "status"), [("retry", "due"), ("give-up", "skipped")])
    def test_a_failed_period_is_loud_until_it_is_dealt_with(
        self, backend: Backend, operations: Any, press: str, status: str
    ) -> None:
        write(backend, period(status=Status.FAILED, error="ValueError: no tariff", attempts=5, started_at=FIRST))
        for address in ("/jobs/", f"/jobs/{NAME}/"):
            page = operations.get(address).text
            assert "the later ones wait for it" in page
            assert "ValueError: no tariff" in page
        assert post(operations, f"/jobs/{NAME}/{press}", period="2011-01-30T08:00").status_code == 303
        assert [row.status for row in all_of(backend, JobPeriod)] == [status]
        assert "the later ones wait for it" not in operations.get("/jobs/").text
        assert post(operations, f"/jobs/{NAME}/{press}", period="2011-01-30T08:00").status_code == 409

    def test_an_unknown_job_is_not_found(self, operations: Any) -> None:
        assert operations.get("/jobs/no.such/").status_code == 404
        assert post(operations, "/jobs/no.such/run").status_code == 404

    def test_that_no_worker_runs_is_said(self, backend: Backend, operations: Any) -> None:
        assert "No worker is running" in operations.get("/jobs/").text
        with backend.session() as session, session.begin():
            ledger.beat(session, "w", database_now(session))
        assert "No worker is running" not in operations.get("/jobs/").text


class TestWord:
    """What is said of a job in one word."""

    def word(self, backend: Backend, **more: Any) -> str:
        with backend.session() as session, session.begin():
            session.execute(delete(JobPeriod))
            session.add(period(started_at=FIRST, **more))
        with backend.session() as session:
            [found] = (s for s in standings(session, SHANGHAI, database_now(session)) if s.job.name == NAME)
            return found.word

    def test_it(self, backend: Backend) -> None:
        with backend.session() as session, session.begin():
            ledger.beat(session, "alive", database_now(session))
            ledger.beat(session, "dead", database_now(session) - timedelta(minutes=2))
        assert self.word(backend, worker="alive") == "running"
        assert self.word(backend, worker="dead") == "interrupted"
        assert self.word(backend, error="x", attempts=1) == "retrying"
        assert self.word(backend, error="x", status=Status.FAILED) == "failed"
        assert self.word(backend, error="x", status=Status.SKIPPED) == "given up"
        assert self.word(backend, status=Status.DONE) == "done"


class TestLetters:
    def test_letters_wait_to_be_printed_and_those_not_seen_stay(
        self, backend: Backend, operations: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs_page, "SHOWN", 1)
        with backend.session() as session, session.begin():
            for key in ("a", "b"):
                tell(session, key, f"12 Nanjing Road {key}", Sentence("Your policy"), "It expires.", Channel.LETTER)
        page = operations.get("/jobs/letters").text
        assert "12 Nanjing Road a" in page
        post(operations, "/jobs/letters/printed", up_to=value_of(page, "up_to"))
        assert [n.state for n in all_of(backend, Notice)] == ["sent", "waiting"]
        page = operations.get("/jobs/letters").text
        assert "Road b" in page
        assert "Road a" not in page


class TestBell:
    @pytest.fixture
    def told(self, backend: Backend, people: Any) -> None:
        with backend.session() as session, session.begin(), acting(SYSTEM):
            unit = session.scalars(select(Unit).where(Unit.code == "HQ")).one()
            tell(session, "mine", people["renewal"].user_id, Sentence("Three renewals for you"), "…", row=unit)
            tell(session, "hers", people["renewal2"].user_id, Sentence("Nobody else's business"), "…")

    def test_one_sees_ones_own(self, sign_in: Any, told: None) -> None:
        page = sign_in("renewal").get("/inbox/").text
        assert "Three renewals for you" in page
        assert "Nobody else" not in page

    def test_opening_one_marks_it_and_leads_to_its_row(self, backend: Backend, sign_in: Any, told: None) -> None:
        mine, hers = all_of(backend, Notice)
        client = sign_in("renewal")
        answer = post(client, "/inbox/read", notice=mine.id)
        assert (answer.status_code, answer.location) == (303, f"/unit/{mine.record_id}")
        assert client.get(answer.location).status_code == 200
        assert [bool(n.read_at) for n in all_of(backend, Notice)] == [True, False]
        assert post(client, "/inbox/read", notice=hers.id).status_code == 404

    def test_all_at_once_are_all_of_ones_own(self, backend: Backend, sign_in: Any, told: None) -> None:
        assert post(sign_in("renewal"), "/inbox/read").status_code == 303
        assert [bool(n.read_at) for n in all_of(backend, Notice)] == [True, False]


class TestHealth:
    def test_it_needs_no_sign_in_and_tells_ages_only(self, backend: Backend, app: Any) -> None:
        write(backend, Heartbeat(worker="secret-host:1", at=FIRST))
        answer = app.test_client().get("/healthz")
        assert answer.status_code == 200
        assert set(answer.json) == {
            *("status", "database", "heartbeat_age", "oldest_overdue_age", "oldest_unsent_age"),
        }
        assert "secret" not in answer.text

    def test_a_silent_worker_with_something_overdue_is_unwell(self, backend: Backend, app: Any) -> None:
        write(backend, period())
        assert app.test_client().get("/healthz").status_code == 503
        assert app.test_client().get("/healthz").json["status"] == "silent"
        with backend.session() as session, session.begin():
            ledger.beat(session, "w", database_now(session))
        assert app.test_client().get("/healthz").status_code == 200

    def test_what_no_worker_wrote_down_is_overdue_too(self, backend: Backend, session: Session) -> None:
        write(backend, JobControl(job=NAME, written_until=FIRST))
        assert oldest_overdue(session, SHANGHAI, FIRST + timedelta(hours=23)) is None
        assert oldest_overdue(session, SHANGHAI, FIRST + timedelta(days=3)) == FIRST + timedelta(days=1)
        assert health(session, SHANGHAI, FIRST + timedelta(days=3))["status"] == "silent"

    def test_a_paused_job_owes_nothing(self, backend: Backend, session: Session) -> None:
        write(backend, period(), JobControl(job=NAME, paused=True, written_until=FIRST))
        assert oldest_overdue(session, SHANGHAI, FIRST + timedelta(days=3)) is None

    def test_the_oldest_mail_that_waits_has_an_age(self, backend: Backend, session: Session) -> None:
        old = Notice(dedupe_key="k", channel="mail", address="a@b.cn", subject="s", body="b", created_at=FIRST)
        write(backend, old)
        assert health(session, SHANGHAI, FIRST + timedelta(hours=1))["oldest_unsent_age"] == 3600

    def test_a_database_that_is_away_is_said_so(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        away = create_engine("sqlite:////nowhere/at/all.sqlite3")
        monkeypatch.setattr(db.session.session_factory.class_, "get_bind", lambda self, *args, **more: away)
        answer = app.test_client().get("/healthz")
        assert (answer.status_code, answer.json) == (503, {"status": "down", "database": "down"})
