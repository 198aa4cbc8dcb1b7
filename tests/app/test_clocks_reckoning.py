"""When a limit ends, in days and hours, on working and on plain time; and what a declaration of a clock must say."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schema.calendar import REST, SHANGHAI, STATE_COUNCIL, Calendar, WeekPattern, hours
from app.schema.clocks import HOURS, LIMIT, Counted, Phase, Sla, faults_of, last_day, later, reckon
from app.schema.errors import DeclarationError
from app.schema.kinds import BadValue
from app.schema.workflow import Workflow
from tests.gadget import Gadget, GadgetState

OFFICE = WeekPattern.workdays("09:00-12:00", "13:30-18:00")
HOUSE = Calendar(OFFICE)
MINUTE = timedelta(minutes=1)
S = GadgetState


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("counted", "start", "amount", "end"),
    [
        (Counted.CALENDAR_DAYS, "2026-02-10 09:00", 30, "2026-03-13 00:00"),  # the day of receipt does not count
        (Counted.CALENDAR_DAYS, "2026-02-10 23:59", 30, "2026-03-13 00:00"),
        (Counted.CALENDAR_DAYS, "2026-02-11 00:00", 30, "2026-03-14 00:00"),
        (Counted.CALENDAR_DAYS, "2026-02-10 09:00", 0, "2026-02-11 00:00"),
        (Counted.WORKING_DAYS, "2026-01-02 10:00", 1, "2026-01-05 00:00"),  # Sunday the 4th is worked
        (Counted.WORKING_DAYS, "2026-02-13 10:00", 1, "2026-02-15 00:00"),  # Saturday the 14th
        (Counted.WORKING_DAYS, "2026-02-14 10:00", 1, "2026-02-25 00:00"),  # off from the 15th to the 23rd
        (Counted.WORKING_DAYS, "2026-02-27 10:00", 1, "2026-03-01 00:00"),  # Saturday the 28th
        (Counted.WORKING_DAYS, "2026-05-08 10:00", 1, "2026-05-10 00:00"),  # Saturday the 9th of May
        (Counted.WORKING_DAYS, "2026-09-18 10:00", 1, "2026-09-21 00:00"),  # Sunday the 20th of September
        (Counted.WORKING_DAYS, "2026-10-09 10:00", 1, "2026-10-11 00:00"),  # Saturday the 10th of October
        (Counted.WORKING_HOURS, "2026-02-13 17:00", 2, "2026-02-14 10:00"),
        (Counted.CALENDAR_HOURS, "2026-02-13 17:00", 24, "2026-02-14 17:00"),
    ],
)
def test_limits_of_each_sort(counted: Counted, start: str, amount: int, end: str) -> None:
    assert reckon(HOUSE, counted, at(start), amount) == (at(end), True)


def test_a_day_belongs_to_the_houses_clock_not_to_utc() -> None:
    late = at("2026-03-02 07:30").astimezone(UTC)
    assert late.date() == date(2026, 3, 1)
    assert reckon(HOUSE, Counted.CALENDAR_DAYS, late, 1).at == at("2026-03-04 00:00")
    assert last_day(SHANGHAI, at("2026-03-04 00:00")) == date(2026, 3, 3)
    assert last_day(SHANGHAI, at("2026-03-04 00:01")) == date(2026, 3, 4)


def test_days_that_begin_within_a_pause_do_not_count() -> None:
    start, overnight = at("2026-03-02 09:00"), (at("2026-03-04 17:00"), at("2026-03-06 09:00"))
    assert reckon(HOUSE, Counted.CALENDAR_DAYS, start, 10, [overnight]).at == at("2026-03-15 00:00")
    within_a_day = (at("2026-03-04 09:00"), at("2026-03-04 17:00"))
    assert reckon(HOUSE, Counted.CALENDAR_DAYS, start, 10, [within_a_day]).at == at("2026-03-13 00:00")


def test_working_days_beyond_the_published_years_are_flagged_and_calendar_days_never_are() -> None:
    start = at("2026-12-30 09:00")
    assert reckon(HOUSE, Counted.WORKING_DAYS, start, 1).known
    assert not reckon(HOUSE, Counted.WORKING_DAYS, start, 2).known
    assert reckon(HOUSE, Counted.CALENDAR_DAYS, start, 300).known
    assert reckon(HOUSE, Counted.CALENDAR_HOURS, start, 300).known


@pytest.mark.parametrize(
    ("counted", "due", "days", "end"),
    [
        (Counted.CALENDAR_DAYS, "2026-02-14 00:00", 0, "2026-02-14 00:00"),
        (Counted.CALENDAR_DAYS, "2026-02-14 00:00", 3, "2026-02-17 00:00"),
        (Counted.WORKING_DAYS, "2026-02-15 00:00", 1, "2026-02-25 00:00"),
        (Counted.WORKING_HOURS, "2026-02-13 18:00", 1, "2026-02-15 00:00"),
        (Counted.CALENDAR_HOURS, "2026-02-13 18:00", 1, "2026-02-15 00:00"),
    ],
)
def test_how_long_something_has_been_late(counted: Counted, due: str, days: int, end: str) -> None:
    assert later(HOUSE, counted, at(due), days) == at(end)


# The slow reference: a clock on the wall, looked at every minute


def slow_days(
    calendar: Calendar, working: bool, start: datetime, amount: int, pauses: list[tuple[datetime, datetime]]
) -> datetime:
    """Stop at the first midnight at which `amount` days have been counted since `start`."""
    offset = int(start.astimezone(calendar.zone).utcoffset() / MINUTE)  # neither zone changes its clocks
    events = {since: True for since, _ in pauses} | {until: False for _, until in pauses}
    moment, counted, still = start, 0, events.get(start, False)
    minute = int(start.timestamp() // 60) + offset
    while True:
        moment, minute = moment + MINUTE, minute + 1
        if minute % 1440 == 0:
            if counted == amount:
                return moment
            day = date(1970, 1, 1) + timedelta(days=minute // 1440)
            off = day in STATE_COUNCIL.off or (day.weekday() >= 5 and day not in STATE_COUNCIL.make_up)
            off = calendar.overrides[day] == REST if day in calendar.overrides else off
            counted += not still and not (working and off)
        still = events.get(moment, still)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Calendar, datetime, list[tuple[datetime, datetime]]]:
    """A house, a minute near a listed day or midnight, and pauses one after another."""
    zone = draw(st.sampled_from([SHANGHAI, ZoneInfo("UTC")]))
    day = draw(st.sampled_from(sorted(STATE_COUNCIL.off | STATE_COUNCIL.make_up))) - timedelta(
        days=draw(st.integers(0, 3))
    )
    minute = draw(st.sampled_from([0, 1, 1439, 479, 480]) | st.integers(0, 1439))
    start = datetime(day.year, day.month, day.day, tzinfo=zone) + minute * MINUTE
    nearby = st.integers(0, 8).map(lambda n: day + timedelta(days=n))
    own = draw(st.dictionaries(nearby, st.sampled_from([REST, hours("10:00-12:00")]), max_size=3))
    to_midnight = 1440 - minute
    marks = st.integers(0, 6 * 1440) | st.integers(0, 5).map(lambda n: to_midnight + n * 1440)
    ends = sorted(draw(st.sets(marks, max_size=6)))
    pauses = [(start + a * MINUTE, start + b * MINUTE) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    return Calendar(OFFICE, own, zone=zone), start.astimezone(UTC), pauses


@settings(max_examples=80)
@given(runs(), st.integers(0, 6), st.booleans())
def test_days_agree_with_a_clock_looked_at_every_minute(run, amount: int, working: bool) -> None:
    calendar, start, pauses = run
    counted = Counted.WORKING_DAYS if working else Counted.CALENDAR_DAYS
    assert reckon(calendar, counted, start, amount, pauses).at == slow_days(calendar, working, start, amount, pauses)


@settings(max_examples=80)
@given(runs(), st.integers(0, 6), st.integers(0, 6))
def test_a_longer_limit_never_ends_earlier(run, amount: int, more: int) -> None:
    calendar, start, pauses = run
    for counted in Counted:
        ends = [reckon(calendar, counted, start, n, pauses).at for n in (amount, amount + more)]
        assert ends == sorted(ends)
        assert start <= ends[0]


@settings(max_examples=80)
@given(runs(), st.integers(0, 6))
def test_calendar_days_are_moved_by_the_midnights_of_the_pauses(run, amount: int) -> None:
    calendar, start, pauses = run
    local = [(since.astimezone(calendar.zone), until.astimezone(calendar.zone)) for since, until in pauses]
    free = reckon(calendar, Counted.CALENDAR_DAYS, start, amount).at
    assert free == calendar.midnight(start.astimezone(calendar.zone).date() + timedelta(days=amount + 1))
    end = start.astimezone(calendar.zone).date() + timedelta(days=amount)
    for since, until in local:
        end += (until.date() - since.date()) if since.date() < end or since.date() == until.date() else timedelta()
    assert reckon(calendar, Counted.CALENDAR_DAYS, start, amount, pauses).at == calendar.midnight(
        end + timedelta(days=1)
    )


# Kinds


def test_a_limit_is_a_whole_number_or_nothing() -> None:
    assert [LIMIT.read(raw) for raw in ("0", "30", 15, "")] == [0, 30, 15, None]
    for raw in ("-1", "1.5", "a month", "3651"):
        with pytest.raises(BadValue, match="whole number"):
            LIMIT.read(raw)


def test_hours_are_shifts_or_rest() -> None:
    assert HOURS.read("9:00–12:00， 13：30-18:00") == "09:00-12:00 13:30-18:00"
    assert [HOURS.read(raw) for raw in ("Rest", "休", "")] == ["rest", "rest", None]
    for raw in ("9-12", "12:00-09:00", "09:00-12:00 11:00-13:00", "always"):
        with pytest.raises(BadValue, match="shifts in order"):
            HOURS.read(raw)


# Declarations


def test_what_a_state_means_to_a_clock() -> None:
    sla = Sla("x", since=S.DRAFT, until=S.SOLD, paused=S.OFFERED, within=lambda row: ())
    assert [sla.phase(s) for s in S] == [Phase.BEGIN, Phase.PAUSE, Phase.MET, Phase.RUN]
    assert Sla("x", since=S.DRAFT, within=lambda row: ()).phase(S.SCRAPPED) is Phase.MET


def test_a_clock_nothing_limits_does_not_exist() -> None:
    with pytest.raises(DeclarationError, match="no limit: say within="):
        Sla("x", since=S.DRAFT, until=S.SOLD)


@pytest.mark.parametrize(
    ("sla", "cure"),
    [
        ({"until": S.OFFERED}, "for ever in scrapped"),
        ({"paused": S.DRAFT}, "both in paused= and in since="),
        ({"since": ()}, "never starts: name the states"),
        ({"until": frozenset({"gone"})}, "gone, which is no state of it"),
        ({"promise": "price"}, "promise='price', which is no day or moment"),
        ({"counted_from": "since_when"}, "counted_from='since_when'"),
        ({"due": "name"}, "due='name', which is no day or moment"),
        ({"until_set": "sold_on"}, "until_set='sold_on', which is no field"),
    ],
)
def test_a_clock_that_cannot_hold_is_refused_with_its_cure(monkeypatch, sla, cure: str) -> None:
    given_ = {"since": S.DRAFT, "within": lambda row: ()} | sla
    workflow = Workflow(*Gadget.workflow.steps, clocks=(Sla("sale", **given_),))
    monkeypatch.setattr(Gadget, "workflow", workflow)
    assert re.search(cure, "\n".join(faults_of(Gadget)))


def test_two_clocks_of_one_name_are_refused(monkeypatch) -> None:
    sla = Sla("sale", since=S.DRAFT, within=lambda row: ())
    monkeypatch.setattr(Gadget, "workflow", Workflow(*Gadget.workflow.steps, clocks=(sla, sla)))
    assert "named twice" in next(faults_of(Gadget))
