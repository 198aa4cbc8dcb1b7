"""Lists filtered by how the clocks of their rows stand: late, due today, standing still…"""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select, update

from app.kernel.actor import acting, system_actor
from app.kernel.standing import Standing, end_of_day, rows_that, standing, stands
from app.kernel.tables import Clock
from app.panel import timing
from app.schema import record as declared
from app.schema.clocks import faults_of
from app.schema.fields import Rule
from app.schema.registry import registry
from app.schema.roles import Role
from models.claims import Claim
from models.people import WorkingDay
from models.renewals import Renewal
from models.voice import Complaint
from models.voice.states import Grievance
from tests.factories import make
from tests.journey import walk
from tests.screens import plain, post, table_of
from tests.specimen import Specimen

sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global NOW
    NOW = datetime.now(UTC)


def test_what_is_said_of_one_clock_holds_for_all_and_each_stands_in_one_way(session, as_system):
    """Every combination of what a clock may hold, at the edges of each."""
    tonight = end_of_day(NOW)
    dues = (None, NOW - DAY, NOW, NOW + (tonight - NOW) / 2, tonight, tonight + HOUR)
    given = product(dues, (None, NOW - 2 * DAY, NOW - HOUR), (None, NOW, NOW + HOUR), (None, NOW), (None, True, False))
    for number, (due, paused_at, warn_at, stopped_at, met) in enumerate(given):
        times = {"due": due, "paused_at": paused_at, "warn_at": warn_at, "stopped_at": stopped_at, "met": met}
        for promised in (False, True):
            session.add(
                Clock(record="x", row_id=number, name="x", promised=promised, started_at=NOW - 3 * DAY, **times)
            )
    session.flush()
    said = {clock.id: standing(clock, NOW) for clock in session.scalars(select(Clock))}
    assert set(said.values()) == set(Standing)
    for each in Standing:
        found = set(session.scalars(select(Clock.id).where(stands(each, NOW))))
        assert found == {key for key, how in said.items() if how is each}, each


@pytest.fixture
def complaints(session, people):
    """Complaints by how their clocks stand: what is late is South's, the rest North-1's. Their subjects by name."""
    north, south = people["service"], people["renewal3"]
    tonight = end_of_day(NOW)
    ends = {"late": NOW - HOUR, "today": NOW + (tonight - NOW) / 2, "running": NOW + 9 * DAY, "warned": NOW + 9 * DAY}
    made = {}
    with acting(system_actor("tests")):
        for name, due in ends.items():
            owner = south if name == "late" else north
            row = Complaint(about=Grievance.CLAIMS, account=name, owner_id=owner.user_id, unit_id=owner.unit_id)
            row.promised_at = NOW - DAY if name == "running" else None
            session.add(row)
            session.flush()
            values = {"due": due, "warn_at": NOW - HOUR if name == "warned" else None}
            mine = (Clock.record == "complaint", Clock.row_id == row.id, Clock.promised.is_(False))
            session.execute(update(Clock).where(*mine).values(values))
            made[row.number] = name
        session.commit()
    session.expunge_all()
    return made


ASKED = {
    "clock=today": {"today"},
    "clock.answer=late": {"late"},
    "clock.answer.promise=late": {"running"},
    "clock=late": {"late", "running"},
    "clock=late&clock=soon": {"late", "running", "warned"},
    "clock.answer=running": {"running"},
    "clock.answer=running&clock=late": {"running"},
    "clock=kept": set(),
    "clock=": {"late", "today", "running", "warned"},
}


def test_screens_the_api_and_files_find_the_same(session, sign_in, complaints):
    client = sign_in("manager")
    for asked, names in ASKED.items():
        page = client.get(f"/complaint/?{asked}").text
        assert {complaints[row[0]] for row in table_of(page)} == names, asked
        rows = client.get(f"/api/v1/complaint/?{asked}").json["result"]
        assert {complaints[row["number"]] for row in rows} == names, asked
        file = post(client, f"/complaint/export.csv?{asked}").data.decode("utf-8-sig")
        assert {complaints[row["Number"]] for row in csv.DictReader(io.StringIO(file))} == names, asked


@sqlite
def test_a_filter_shows_nobody_what_he_does_not_see(session, sign_in, complaints):
    client = sign_in("service")
    assert {complaints[row[0]] for row in table_of(client.get("/complaint/").text)} == {"today", "running", "warned"}
    assert table_of(client.get("/complaint/?clock.answer=late").text) == []
    assert client.get("/api/v1/complaint/?clock.answer=late").json["count"] == 0


@sqlite
def test_the_filters_say_what_they_ask_and_what_they_cannot_read(sign_in, complaints):
    client = sign_in("manager")
    page = client.get("/complaint/?clock=late&clock.answer.promise=nonsense&clock.nothing=late").text
    assert "Time limits: late" in plain(page)
    assert "The filter Answer · promised is left out: choose one of: late, today" in plain(page)
    answer = post(client, "/complaint/export.csv?clock=nonsense")
    assert answer.status_code == 422
    sheet = plain(page.split('name="clock.answer"')[1].split("</select>")[0])
    assert "any late due today due soon running no limit set kept kept too late no longer counts" in sheet


@sqlite
def test_filters_are_derived_from_what_is_declared(people):
    with acting(people["manager"]):
        asked = {each.key: each.options for each in timing.clocked(Claim)}
        assert list(asked) == ["clock", *(f"clock.{sla.name}" for sla in Claim.workflow.clocks)]
        assert {"clock.decision", "clock.payment"} <= asked.keys()
        assert Standing.PAUSED in asked["clock.decision"]
        assert not {Standing.PAUSED, Standing.SOON} & set(asked["clock.refusal_notice"])
        assert [each.key for each in timing.clocked(Renewal)] == ["clock"]
        assert timing.clocked(WorkingDay) == []
        for record in registry:
            assert bool(timing.clocked(record)) == bool(record.workflow and record.workflow.clocks)


@sqlite
def test_a_field_that_stands_in_the_way_of_the_filters_is_refused_with_the_cure(people, monkeypatch):
    assert list(faults_of(Complaint)) == []
    monkeypatch.setattr(Specimen, "workflow", Complaint.workflow)
    assert "a field called 'clock'" in next(faults_of(Specimen))


@sqlite
def test_a_clock_gives_no_hidden_field_away(session, sign_in, people, complaints, monkeypatch):
    """What a role may not read of a row it may not find by the clock that runs to it, nor see on the row's page."""
    key = session.scalars(select(Clock.row_id).where(Clock.promised)).one()
    session.rollback()
    assert "promised late" in plain(sign_in("service").get(f"/complaint/{key}").text)
    ruled = {"promised_at": Rule("promised_at", read=(Role.FINANCE,))}
    monkeypatch.setattr(declared, "_rules", declared._rules | {Complaint: declared.rules_of(Complaint) | ruled})
    for actor in people.values():
        actor.kept.clear()
    client = sign_in("service")
    client.application.extensions["actors"].forget()
    with acting(people["service"]):
        assert [each.key for each in timing.clocked(Complaint)] == ["clock"]
    assert {complaints[row[0]] for row in table_of(client.get("/complaint/?clock=late").text)} == set()
    assert len(table_of(client.get("/complaint/?clock.answer.promise=late").text)) == 3, "no filter knows it"
    assert "promised late" not in plain(client.get(f"/complaint/{key}").text)


@sqlite
def test_of_a_clock_that_began_again_the_latest_round_counts(session, people, as_system):
    claim = make(session, Claim, people["claims"], reported_at=NOW)
    session.flush()
    first = session.scalars(select(Clock).where(Clock.name == "decision")).one()
    first.stopped_at, first.met = NOW, True
    session.flush()

    def found(*wanted):
        return session.scalars(select(Claim.id).where(rows_that(Claim, [("decision", False)], wanted, NOW))).all()

    assert found(Standing.KEPT) == [claim.id]
    session.add(Clock(record="claim", row_id=claim.id, name="decision", round=2, started_at=NOW, due=NOW - HOUR))
    session.flush()
    assert found(Standing.KEPT) == []
    assert found(Standing.KEPT, Standing.LATE) == [claim.id]
    walk(session, claim, people["claims"], "withdraw", reason="sold")
    assert found(Standing.VOID) == [claim.id]
