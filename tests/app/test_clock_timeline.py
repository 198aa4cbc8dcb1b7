"""What happened to a row's clocks on its timeline: started, warned, passed, escalated, paused, resumed, kept."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.jobs.clocks import tick
from app.kernel.actor import acting, system_actor
from app.kernel.clocks import of_row
from app.kernel.settings import set_setting
from app.kernel.tables import Clock
from app.kernel.ticking import Occasion, happenings, key_of, occasion_of
from app.panel import timeline
from app.schema import record as declared
from app.schema.fields import Rule
from app.schema.roles import Role
from models.claims import Claim
from models.voice import Complaint
from models.voice.states import Grievance
from tests.factories import make
from tests.journey import enter, walk
from tests.screens import plain

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global NOW
    NOW = datetime.now(UTC)


@pytest.fixture
def claim(session, people):
    """A claim of the claims specialist, about to be decided on: paused once, then warned of, late, escalated.

    Its other limits are not set.
    """
    with acting(system_actor("tests")):
        for other in ("claims.handover_hours", "claims.promise_days", "claims.promise_days_fast"):
            set_setting(session, other, "")
        row = make(session, Claim, people["claims"], claimed=100, reported_at=NOW - DAY * 40)
        session.commit()
    for step in ("accept", "review"):
        walk(session, row, people["claims"], step)
    with acting(system_actor("clocks.tick")):
        due = session.scalars(select(Clock.due).where(Clock.name == "decision")).one()
        for moment in (due - DAY, due + HOUR, due + DAY * 5):
            tick(moment, session)
            session.commit()
    session.expunge_all()
    return row.id


def happened(page: str) -> list[str]:
    """The lines of clocks, the oldest first."""
    lines = page.split('class="yx-happened yx-happened-')[1:]
    return [plain(">".join(line.split(">")[1:]).split("</li>")[0]) for line in lines if line.startswith("clock")][::-1]


def test_each_thing_that_happened_stands_there_with_its_time_and_who_was_told(session, people, sign_in, claim):
    page = sign_in("claims").get(f"/claim/{claim}").text
    lines = [line for line in happened(page) if line.startswith("Decision")]
    assert [line.split(" 20")[0] for line in lines] == [
        "Decision started",
        "Decision stands still",
        "Decision runs on",
        "Decision warned",
        "Decision has passed",
        "Decision escalated",
        "Decision escalated",
    ]
    assert "due 20" in lines[3]
    assert lines[3].endswith("told: Claims Tester")
    assert lines[4].endswith("told: Claims Tester")
    assert lines[5].endswith("told: Supervisor Tester")
    assert lines[6].endswith("told: Manager Tester")
    assert "was told in the app" not in plain(page), "once is enough"


def test_how_it_ended_is_told_and_what_had_passed_by_then(session, people, sign_in):
    question = enter(session, people["service"], Complaint(about=Grievance.CLAIMS, account="slow"))
    walk(session, question, people["service"], "accept", complex="no")
    promised = (NOW + DAY).replace(microsecond=0)
    walk(session, question, people["service"], "promise", promised_at=promised.isoformat())
    with acting(system_actor("tests")):
        question.promised_at = None
        session.commit()
    lines = happened(sign_in("service").get(f"/complaint/{question.id}").text)
    assert [line.split(" 20")[0] for line in lines] == [
        "Answer started",
        "Answer · promised started",
        "Answer · promised no longer counts",
    ]


def test_a_page_of_the_timeline_ends_where_the_next_begins(session, people, claim, monkeypatch):
    monkeypatch.setattr(timeline, "SHOWN", 3)
    with acting(people["claims"]):
        row = session.get(Claim, claim)
        seen, before = [], None
        while before is None or before:
            page = timeline.of(session, row, before)
            seen += page.told
            before = page.next
    assert [told.what for told in seen if told.sort == "clock"].count("escalated") == 2
    assert {"started", "stands still", "runs on", "warned", "has passed"} <= {told.what for told in seen}
    assert len({(told.who, told.what, told.at) for told in seen}) == len(seen)


def test_who_may_not_read_the_field_behind_a_clock_is_told_nothing_of_it(session, sign_in, claim, people, monkeypatch):
    ruled = {"decide_by": Rule("decide_by", read=(Role.FINANCE,))}
    monkeypatch.setattr(declared, "_rules", declared._rules | {Claim: declared.rules_of(Claim) | ruled})
    client = sign_in("claims")
    client.application.extensions["actors"].forget()
    page = client.get(f"/claim/{claim}").text
    assert [line for line in happened(page) if line.startswith("Decision")] == []
    assert "was due on" not in page


def test_the_api_tells_the_same(sign_in, claim):
    result = sign_in("claims").get(f"/api/v1/claim/{claim}/history").json["result"]
    told = [(each["what"], each.get("told")) for each in result if each["who"] == "Decision"][::-1]
    assert told[2:5] == [("runs on", None), ("warned", ["Claims Tester"]), ("has passed", ["Claims Tester"])]


def test_a_notice_is_known_by_its_key_again(session, as_system):
    clock = Clock(id=7, due=NOW)
    for what in ("warned", "passed", "level 2"):
        assert occasion_of(key_of(clock, what, 12)) == Occasion(7, what, NOW)
    assert occasion_of("clocks.tick:x:warned:2026:1") is None
    assert occasion_of("renewals.remind/2011-01-30/HT-1") is None


def test_what_is_still_to_come_has_not_happened(session, people, as_system):
    claim = make(session, Claim, people["claims"], reported_at=NOW + DAY)
    decision = [each for each in of_row(session, claim) if each.name == "decision"]
    assert happenings(decision, NOW) == []
    assert [each.what.what for each in happenings(decision, NOW + DAY * 2)] == ["started"]
