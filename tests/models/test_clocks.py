"""Clocks at work on the department's own records: started, paused, stopped, warned of, late, escalated, recomputed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.jobs.clocks import tick
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day, house_zone
from app.kernel.clocks import PASSED, of_row
from app.kernel.permissions import nearest_holders
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry, Clock, Notice
from app.kernel.workflow import advance
from app.kernel.working_time import house_calendar
from app.schema.calendar import hours
from app.schema.errors import Refusal
from app.schema.roles import Role
from models.claims import Claim
from models.claims.states import ClaimState, LossCause, Payee
from models.people import Absence, Person, WorkingDay
from models.people.states import DayKind
from models.renewals import Renewal
from models.renewals.jobs import pool
from models.voice import Callback, Complaint, Consultation
from models.voice.states import CallbackKind, Grievance, Topic
from tests.journey import enter, walk
from tests.models import book

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
TODAY = house_day(NOW)
sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""For what no database decides."""


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global NOW, TODAY
    NOW = datetime.now(UTC)
    TODAY = house_day(NOW)


@pytest.fixture
def claim(session, people, as_system):
    """A claim just reported, held by the claims specialist of North-1; only its statutory limits are set."""
    for name in ("claims.handover_hours", "claims.promise_days", "claims.promise_days_fast"):
        set_setting(session, name, "")
    contract = book.contract(session, TODAY + DAY * 100).id
    session.commit()
    made = Claim(contract_id=contract, occurred_on=TODAY, cause=LossCause.FIRE, claimed=100)
    made.payee, made.payee_is, made.payee_account = "Li Na", Payee.BENEFICIARY, "6222020200011122333"
    made.owner_id, made.unit_id = people["claims"].user_id, people["claims"].unit_id
    session.add(made)
    session.commit()
    return made


@pytest.fixture
def complaint(session, people):
    return enter(session, people["service"], Complaint(about=Grievance.CLAIMS, account="slow"))


@pytest.fixture
def question(session, people, as_system):
    set_setting(session, "voice.answer_hours", "8")
    session.commit()
    return enter(session, people["service"], Consultation(topic=Topic.CLAIM, question="When?"))


def clock(session, row, name, promised=False) -> Clock:
    """The latest round of a clock, as it stands in the database."""
    session.expire_all()
    return next(c for c in of_row(session, row) if c.name == name and c.promised == promised)


def tick_at(session, moment) -> dict:
    with acting(system_actor("clocks.tick")):
        counts = tick(moment, session)
        session.commit()
    session.expire_all()
    return {purpose: counts[purpose] for purpose in ("warned", "passed", "escalated") if counts[purpose]}


def told(session) -> list[int]:
    """Who has been told of clocks, in order."""
    mine = Notice.dedupe_key.startswith("clocks.tick:")
    return list(session.scalars(select(Notice.user_id).where(mine).order_by(Notice.id)))


def passed(session) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == PASSED))


# Moves


@sqlite
def test_a_clock_stands_still_while_papers_are_awaited_and_stops_with_the_decision(session, people, claim):
    running = clock(session, claim, "decision")
    assert (running.started_at, running.target, running.limits) == (claim.reported_at, 30, "claims.decision_days")
    walk(session, claim, people["claims"], "accept")
    assert clock(session, claim, "decision").paused_at is not None
    walk(session, claim, people["claims"], "review")
    resumed = clock(session, claim, "decision")
    assert (resumed.paused_at, len(resumed.pauses)) == (None, 1)
    walk(session, claim, people["claims"], "approve", approved="50")
    assert clock(session, claim, "decision").met is True
    assert clock(session, claim, "payment").stopped_at is None
    assert claim.pay_by == TODAY + DAY * 10


@sqlite
def test_a_decision_taken_back_was_none_and_a_claim_opened_again_counts_anew(session, people, claim):
    for step in ("accept", "review"):
        walk(session, claim, people["claims"], step)
    walk(session, claim, people["claims"], "approve", approved="50")
    walk(session, claim, people["finance"], "take_back", reason="wrong payee")
    payment, decision = clock(session, claim, "payment"), clock(session, claim, "decision")
    assert (payment.met, claim.pay_by) == (False, None)
    assert (decision.round, decision.stopped_at, decision.started_at) == (1, None, claim.reported_at)
    walk(session, claim, people["claims"], "approve", approved="50")
    assert clock(session, claim, "payment").round == 2
    walk(session, claim, people["finance"], "pay", method="transfer")
    walk(session, claim, people["supervisor"], "reopen", reason="hidden damage")
    again = clock(session, claim, "decision")
    assert (again.round, again.stopped_at) == (2, None)
    assert again.started_at > claim.reported_at


@sqlite
def test_a_step_that_is_refused_moves_no_clock(session, people, claim):
    before = clock(session, claim, "decision").paused_at
    walk(session, claim, people["claims"], "accept")
    walk(session, claim, people["claims"], "review")
    running = clock(session, claim, "decision").pauses
    with acting(people["claims"]), pytest.raises(Refusal):
        advance(session, claim, "approve", answers={"approved": "1000000"})
    session.rollback()
    assert before is None
    assert clock(session, claim, "decision").pauses == running
    assert clock(session, claim, "decision").stopped_at is None


@sqlite
def test_a_promise_ticks_beside_the_limit_and_follows_the_field(session, people, complaint):
    walk(session, complaint, people["service"], "accept", complex="no")
    promised = (NOW + DAY * 2).replace(microsecond=0)
    walk(session, complaint, people["service"], "promise", promised_at=promised.isoformat())
    assert clock(session, complaint, "answer", promised=True).due == promised
    assert clock(session, complaint, "answer").target == 15
    walk(session, complaint, people["service"], "investigate")
    assert tick_at(session, NOW + DAY * 3) == {"passed": 1}
    assert clock(session, complaint, "answer").breached_at is None
    assert clock(session, complaint, "answer", promised=True).breached_at == NOW + DAY * 3


@sqlite
def test_limits_add_up_where_the_record_says_so(session, people, complaint):
    walk(session, complaint, people["service"], "accept", complex="yes")
    walk(session, complaint, people["service"], "promise", promised_at=(NOW + DAY).isoformat())
    walk(session, complaint, people["service"], "investigate")
    walk(session, complaint, people["manager"], "extend", reason="an expert is away")
    extended = clock(session, complaint, "answer")
    assert extended.limits == "voice.complex_complaint_days,voice.complaint_extension_days"
    assert (extended.target, complaint.due_on) == (60, TODAY + DAY * 60)


@sqlite
def test_a_moment_corrected_by_hand_moves_the_end(session, people, claim):
    with acting(people["claims"]):
        claim.reported_at = NOW - DAY * 5
        session.commit()
    assert clock(session, claim, "decision").started_at == NOW - DAY * 5
    assert claim.decide_by == TODAY + DAY * 25


@sqlite
def test_a_question_asked_again_is_answered_within_a_time_of_its_own(session, people, question):
    walk(session, question, people["service"], "promise", promised_at=(NOW + DAY).isoformat())
    walk(session, question, people["service"], "answer", answer="Tomorrow.")
    assert {c.met for c in of_row(session, question)} == {True}
    walk(session, question, people["service"], "ask_again", reason="which day")
    assert (clock(session, question, "answer").round, clock(session, question, "answer").met) == (2, None)
    later = (NOW + DAY * 2).isoformat()
    walk(session, question, people["service"], "promise", promised_at=later)
    assert clock(session, question, "answer", promised=True).round == 2


@sqlite
def test_a_limit_kept_too_late_is_noted_with_the_step_that_keeps_it(session, people, question):
    session.execute(update(Clock).values(due=NOW - DAY))
    session.commit()
    walk(session, question, people["service"], "answer", answer="Sorry.")
    assert (clock(session, question, "answer").met, passed(session)) == (True, 1)
    assert clock(session, question, "answer").breached_at is not None
    assert tick_at(session, NOW + DAY) == {}


@sqlite
def test_a_row_deleted_takes_its_clocks_along(session, people, as_system):
    call = enter(session, people["service"], Callback(kind=CallbackKind.PERIODIC, due_on=TODAY))
    assert len(of_row(session, call)) == 1
    session.delete(call)
    session.commit()
    assert session.scalars(select(Clock)).all() == []


# The tick


def test_warned_late_and_escalated_level_by_level_each_once(session, people, claim):
    due = clock(session, claim, "decision").due
    assert due == datetime.combine(TODAY + DAY * 31, datetime.min.time(), house_zone()).astimezone(UTC)
    holder, boss, manager = (people[name].user_id for name in ("claims", "supervisor", "manager"))
    told_at = [
        (due - DAY * 5 - timedelta(minutes=1), {}, []),
        (due - DAY * 5, {"warned": 1}, [holder]),
        (due - timedelta(minutes=1), {}, [holder]),
        (due, {"passed": 1}, [holder, holder]),
        (due + DAY - timedelta(minutes=1), {}, [holder, holder]),
        (due + DAY, {"escalated": 1}, [holder, holder, boss]),
        (due + DAY * 3, {"escalated": 1}, [holder, holder, boss, manager]),
        (due + DAY * 30, {}, [holder, holder, boss, manager]),
    ]
    for moment, counts, readers in told_at:
        assert (tick_at(session, moment), told(session)) == (counts, readers), moment - due
        assert tick_at(session, moment) == {}
    assert passed(session) == 1
    subjects = session.scalars(select(Notice.subject).order_by(Notice.id)).all()
    assert subjects[0].startswith(f"{claim.number}: Decision is due on {TODAY + DAY * 30}")


@sqlite
def test_a_scheduler_that_slept_for_weeks_tells_every_level_in_order(session, people, claim):
    due = clock(session, claim, "decision").due
    assert tick_at(session, due + DAY * 20) == {"passed": 1, "escalated": 2}
    assert told(session) == [people[name].user_id for name in ("claims", "supervisor", "manager")]


@sqlite
def test_what_nobody_holds_is_the_supervisors_business(session, people, complaint):
    tick_at(session, NOW + DAY * 16)
    assert set(told(session)) <= {people[name].user_id for name in ("supervisor", "manager")}
    assert people["supervisor"].user_id in told(session)


@sqlite
def test_a_clock_that_stands_still_does_not_pass_unless_it_had(session, people, claim):
    due = clock(session, claim, "decision").due
    walk(session, claim, people["claims"], "accept")
    assert tick_at(session, due + DAY) == {}
    with acting(system_actor("tests")):
        session.execute(update(Clock).values(paused_at=due + timedelta(minutes=2)))
        session.commit()
    assert tick_at(session, due + DAY) == {"passed": 1}


def test_a_limit_that_is_changed_moves_every_end_and_what_is_told_of_it(session, people, claim):
    due = clock(session, claim, "decision").due
    tick_at(session, due)
    with acting(people["manager"]):
        set_setting(session, "claims.decision_days", "40")
        session.commit()
    assert tick_at(session, due) == {}
    moved = clock(session, claim, "decision")
    assert (moved.due - due, moved.breached_at, moved.level) == (DAY * 10, None, 0)
    assert session.get(Claim, claim.id).decide_by == TODAY + DAY * 40
    assert tick_at(session, moved.due) == {"passed": 1}
    assert told(session) == [people["claims"].user_id] * 2


@sqlite
def test_a_limit_nobody_set_runs_without_end_until_it_is_set(session, people, as_system):
    asked = enter(session, people["service"], Consultation(topic=Topic.CLAIM, question="When?"))
    unset = clock(session, asked, "answer")
    assert (unset.target, unset.due, unset.limits) == (None, None, "voice.answer_hours")
    assert tick_at(session, NOW + DAY * 365) == {}
    set_setting(session, "voice.answer_hours", "8")
    session.commit()
    tick_at(session, NOW)
    assert clock(session, asked, "answer").due == house_calendar(session).add(unset.started_at, timedelta(hours=8))


def test_a_day_of_the_houses_own_moves_the_ends_that_run_through_it(session, people, question):
    before = clock(session, question, "answer").due
    first, calendar = house_day(NOW), house_calendar(session)
    days = [first + DAY * n for n in range(30)]
    off = [d for d in days if calendar.is_workday(d)][:5]
    session.add_all(WorkingDay(day=day, kind=DayKind.OFF) for day in off)
    session.commit()
    tick_at(session, NOW)
    after = clock(session, question, "answer")
    expected = house_calendar(session).add(after.started_at, timedelta(hours=8))
    assert after.due == expected
    assert after.due > before
    reckoned = after.reckoned
    tick_at(session, NOW)
    assert clock(session, question, "answer").reckoned == reckoned


@sqlite
def test_clocks_of_calendar_days_do_not_care_for_working_days(session, people, claim, as_system):
    before = clock(session, claim, "decision").reckoned
    session.add(WorkingDay(day=TODAY + DAY, kind=DayKind.OFF))
    session.commit()
    tick_at(session, NOW)
    assert clock(session, claim, "decision").reckoned == before


def test_what_a_set_based_statement_moved_is_made_up_for(session, people, claim, as_system):
    session.execute(update(Claim).values(state=ClaimState.COLLECTING))
    session.commit()
    tick_at(session, NOW)
    assert clock(session, claim, "decision").paused_at == NOW
    session.execute(update(Claim).values(state=ClaimState.WITHDRAWN))
    session.commit()
    tick_at(session, NOW + DAY)
    gone = clock(session, claim, "decision")
    assert (gone.stopped_at, gone.met, gone.paused_at) == (NOW + DAY, False, None)


def test_a_renewal_given_out_by_the_pool_has_its_first_contact_clock(session, people, as_system):
    book.license(session, people["renewal"])
    monday = datetime(2026, 2, 8, 22, tzinfo=UTC)
    book.contract(session, date(2026, 2, 20))
    session.commit()
    pool(monday, session)
    session.commit()
    tick_at(session, monday)
    item = session.scalars(select(Renewal)).one()
    running = clock(session, item, "first_contact")
    assert running.due.astimezone(house_zone()) - DAY == datetime(2026, 2, 11, tzinfo=house_zone())
    assert item.contact_by == date(2026, 2, 11)
    assert tick_at(session, running.due) == {"passed": 1}
    walk(session, item, people["renewal"], "contact", contact_channel="phone")
    assert clock(session, item, "first_contact").met is True


def test_the_clocks_of_a_row_that_is_gone_are_gone_with_the_next_tick(session, people, claim, as_system):
    session.execute(update(Clock).values(row_id=999_999))
    session.commit()
    tick_at(session, NOW + DAY * 40)
    assert {c.row_id for c in session.scalars(select(Clock))} == {claim.id}


# Whom and when


@sqlite
def test_the_nearest_holders_of_a_role_are_found_up_the_tree(session, people, as_system):
    def found(role, name):
        return nearest_holders(session, role, people[name].unit_id)

    assert found(Role.SUPERVISOR, "claims") == {people["supervisor"].user_id}
    assert found(Role.SUPERVISOR, "renewal2") == {people["supervisor2"].user_id}
    both = {people[name].user_id for name in ("supervisor", "supervisor2")}
    assert found(Role.SUPERVISOR, "renewal3") == nearest_holders(session, Role.SUPERVISOR, None) == both
    assert found(Role.MANAGER, "claims") == {people["manager"].user_id}


@sqlite
def test_the_house_keeps_its_week_and_its_own_days(session, as_system):
    monday = date(2026, 3, 2)
    assert house_calendar(session).hours_on(monday) == hours("09:00-12:00", "13:30-18:00")
    set_setting(session, "calendar.monday", "10:00-16:00")
    set_setting(session, "calendar.sunday", "rest")
    session.add_all(
        [
            WorkingDay(day=monday + DAY, kind=DayKind.OFF),
            WorkingDay(day=monday + DAY * 5, kind=DayKind.WORK),
            WorkingDay(day=monday + DAY * 6, kind=DayKind.WORK, hours="09:00-11:00"),
        ]
    )
    session.commit()
    found = [house_calendar(session).hours_on(monday + DAY * n) for n in (0, 1, 5, 6)]
    assert found == [hours("10:00-16:00"), (), hours("09:00-12:00", "13:30-18:00"), hours("09:00-11:00")]
    assert not house_calendar(session).known(2027)
    set_setting(session, "calendar.entered_through", "2027")
    assert house_calendar(session).known(2027)
    assert not house_calendar(session).known(2028)


@sqlite
def test_the_deputy_of_who_is_on_leave_is_told_as_well_for_as_long(session, people, claim, as_system):
    """Of the holder and of the leaders alike; a deputy who does not see the row is told nothing of it."""
    due = clock(session, claim, "decision").due
    staff = {person.user_id: person.id for person in session.scalars(select(Person))}
    away = [("claims", "claims2"), ("claims", "renewal"), ("supervisor", "manager"), ("manager", "renewal2")]
    for absent, deputy in away:
        pair = {"person_id": staff[people[absent].user_id], "deputy_id": staff[people[deputy].user_id]}
        first = house_day(due - DAY * 5)
        row = Absence(**pair, starts_on=first, ends_on=house_day(due + DAY) + DAY * (absent == "manager"))
        session.add(row)
        session.flush()
        advance(session, row, "approve")
    session.commit()
    holder, second, boss, manager = (people[n].user_id for n in ("claims", "claims2", "supervisor", "manager"))
    told_at = [
        (due - DAY * 5, [holder, second]),
        (due, [holder, second]),
        (due + DAY, [boss, manager]),
        (due + DAY * 3, [manager]),
    ]
    before: list[int] = []
    for moment, readers in told_at:
        tick_at(session, moment)
        assert told(session)[len(before) :] == sorted(readers), moment - due
        before = told(session)
    with acting(people["claims2"]):
        assert session.scalars(select(Claim)).all() == [], "she sees it in his place only"


@sqlite
def test_what_is_personal_is_no_deputys_even_when_it_is_late(session, people, claim, as_system, monkeypatch):
    staff = {person.user_id: person.id for person in session.scalars(select(Person))}
    days = {"starts_on": TODAY, "ends_on": TODAY + DAY * 90}
    row = Absence(person_id=staff[people["claims"].user_id], deputy_id=staff[people["claims2"].user_id], **days)
    session.add(row)
    session.flush()
    advance(session, row, "approve")
    session.commit()
    monkeypatch.setattr(Claim, "personal", True)
    tick_at(session, clock(session, claim, "decision").due)
    assert told(session) == [people["claims"].user_id]
