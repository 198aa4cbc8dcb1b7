"""Working time: the domain notes' days as cases, and a slow minute-by-minute clock as reference."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.schema.calendar import (
    REST,
    SHANGHAI,
    STATE_COUNCIL,
    Calendar,
    Holidays,
    Hours,
    Shift,
    Span,
    WeekPattern,
    hours,
)

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
OFFICE = WeekPattern.workdays("09:00-12:00", "13:30-18:00")
HOUSE = Calendar(OFFICE)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment written on the house's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def h(amount: float) -> timedelta:
    return timedelta(hours=amount)


# The State Council's list


@pytest.mark.parametrize("day", ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"])
def test_make_up_days_of_2026_are_worked_on_the_weekend(day: str) -> None:
    made_up = date.fromisoformat(f"2026-{day}")
    assert made_up.weekday() >= 5
    assert HOUSE.hours_on(made_up) == hours("09:00-12:00", "13:30-18:00")


def test_spring_festival_2026_is_off_from_15_to_23_february() -> None:
    off = [day for day in range(1, 29) if not HOUSE.is_workday(date(2026, 2, day))]
    assert off == [1, 7, 8, *range(15, 24)]


def test_the_list_agrees_with_the_holidays_package() -> None:
    china = holidays.country_holidays("CN", years=sorted(STATE_COUNCIL.years))
    day = date(min(STATE_COUNCIL.years), 1, 1)
    while day.year in STATE_COUNCIL.years:
        worked = day in china.weekend_workdays or (day.weekday() < 5 and day not in china)
        assert HOUSE.is_workday(day) is worked, day
        day += timedelta(days=1)


def test_days_off_beat_a_week_pattern_that_works_on_weekends() -> None:
    seven_days = Calendar(WeekPattern((hours("10:00-20:00"),) * 7))
    assert not seven_days.is_workday(date(2026, 2, 15))
    assert seven_days.is_workday(date(2026, 3, 15))


def test_a_make_up_day_has_its_own_hours_if_they_are_given() -> None:
    week = WeekPattern(OFFICE.days, make_up=hours("10:00-16:00"))
    assert Calendar(week).hours_on(date(2026, 2, 14)) == hours("10:00-16:00")


def test_a_make_up_day_follows_the_first_working_day_not_a_shorter_saturday() -> None:
    week = WeekPattern((REST, hours("08:00-17:00"), REST, REST, REST, hours("09:00-11:00"), REST))
    assert Calendar(week).hours_on(date(2026, 2, 14)) == hours("08:00-17:00")


def test_an_override_beats_the_list_both_ways() -> None:
    ours = Calendar(OFFICE, {date(2026, 2, 14): REST, date(2026, 2, 17): hours("10:00-11:00")})
    assert not ours.is_workday(date(2026, 2, 14))
    assert ours.hours_on(date(2026, 2, 17)) == (Shift(600, 660),)


def test_years_without_a_list_follow_the_week_pattern_and_say_so() -> None:
    assert HOUSE.known(2026)
    assert not HOUSE.known(2027)
    assert HOUSE.is_workday(date(2027, 10, 1))
    assert not HOUSE.is_workday(date(2027, 10, 2))


def test_a_limit_is_known_only_while_all_its_years_are() -> None:
    assert HOUSE.due(at("2026-12-31 09:00"), h(7.5)).known
    assert not HOUSE.due(at("2026-12-31 17:00"), h(2)).known
    assert not HOUSE.due(at("2024-12-31 17:00"), h(2)).known
    assert HOUSE.due(at("2025-12-31 17:00"), h(2)).known
    over_a_gap = Calendar(OFFICE, holidays=Holidays(frozenset({2026, 2028}), frozenset(), frozenset()))
    assert not over_a_gap.due(at("2026-12-01 09:00"), h(7.5 * 300)).known


def test_the_year_that_counts_is_the_houses_not_that_of_utc() -> None:
    assert not HOUSE.due(at("2027-01-01 07:00"), h(0)).known
    assert at("2027-01-01 07:00").astimezone(UTC).year == 2026


# Days


def test_first_working_day_of_each_month_of_2026() -> None:
    firsts = [HOUSE.first_working_day(2026, month).day for month in range(1, 13)]
    assert firsts == [4, 2, 2, 1, 6, 1, 1, 3, 1, 8, 2, 1]


def test_next_working_days_skip_the_festival_and_use_the_make_up_days() -> None:
    friday = date(2026, 2, 13)
    assert [HOUSE.next_working_day(friday, n) for n in range(4)] == [
        friday, date(2026, 2, 14), date(2026, 2, 24), date(2026, 2, 25),
    ]  # fmt: skip
    assert HOUSE.next_working_day(friday) == date(2026, 2, 14)
    assert HOUSE.next_working_day(date(2026, 2, 16), 0) == date(2026, 2, 24)
    with pytest.raises(ValueError, match="forward"):
        HOUSE.next_working_day(friday, -1)


def test_a_moment_is_not_taken_for_a_day() -> None:
    with pytest.raises(TypeError, match="house's clock"):
        HOUSE.is_workday(at("2026-02-14 09:00"))
    with pytest.raises(TypeError, match="house's clock"):
        Calendar(OFFICE, {at("2026-02-14 09:00"): REST})


# Time


def test_intervals_are_moments_in_utc() -> None:
    morning, afternoon = HOUSE.intervals(date(2026, 3, 2))
    assert morning == (at("2026-03-02 09:00"), at("2026-03-02 12:00"))
    assert afternoon == (at("2026-03-02 13:30"), at("2026-03-02 18:00"))
    assert {moment.tzinfo for moment in (*morning, *afternoon)} == {UTC}
    assert HOUSE.intervals(date(2026, 3, 1)) == ()


@pytest.mark.parametrize(
    ("start", "working", "end"),
    [
        ("2026-03-02 11:00", 1, "2026-03-02 12:00"),  # ends with the shift, not when the next begins
        ("2026-03-02 11:00", 2, "2026-03-02 14:30"),  # over lunch
        ("2026-03-02 12:30", 1, "2026-03-02 14:30"),  # begun at lunch
        ("2026-03-06 17:00", 2, "2026-03-09 10:00"),  # over a weekend
        ("2026-02-13 17:00", 2, "2026-02-14 10:00"),  # into a make-up Saturday
        ("2026-02-14 17:00", 2, "2026-02-24 10:00"),  # over the Spring Festival
        ("2026-02-27 17:00", 9.5, "2026-03-02 10:00"),  # through the make-up Saturday after it
        ("2026-03-07 03:00", 0, "2026-03-07 03:00"),  # no limit, no wait
    ],
)
def test_adding_working_time(start: str, working: float, end: str) -> None:
    assert HOUSE.add(at(start), h(working)) == at(end)


def test_results_are_in_utc_wherever_the_start_was_written() -> None:
    start = at("2026-03-02 09:00").astimezone(ZoneInfo("America/New_York"))
    for moment in (HOUSE.add(start, h(0)), HOUSE.add(start, h(1)), HOUSE.due(start, h(1)).at):
        assert moment.tzinfo is UTC


def test_time_between_counts_only_the_shifts() -> None:
    assert HOUSE.between(at("2026-02-13 00:00"), at("2026-02-25 00:00")) == h(3 * 7.5)
    assert HOUSE.between(at("2026-03-02 12:00"), at("2026-03-02 13:30")) == h(0)
    with pytest.raises(ValueError, match="earlier moment first"):
        HOUSE.between(at("2026-03-03 00:00"), at("2026-03-02 00:00"))


def test_time_runs_forward_and_knows_its_zone() -> None:
    with pytest.raises(ValueError, match="forward"):
        HOUSE.add(at("2026-03-02 09:00"), h(-1))
    with pytest.raises(ValueError, match="aware"):
        HOUSE.add(datetime.fromisoformat("2026-03-02 09:00"), h(1))


# Limits with pauses


def test_a_pause_moves_the_limit_by_its_working_time() -> None:
    pause = (at("2026-03-02 17:00"), at("2026-03-03 10:00"))
    assert HOUSE.due(at("2026-03-02 09:00"), h(7.5), [pause]).at == at("2026-03-03 11:00")


def test_pauses_that_overlap_count_once_and_in_any_order() -> None:
    first = (at("2026-03-02 10:00"), at("2026-03-02 12:00"))
    second = (at("2026-03-02 11:00"), at("2026-03-02 14:00"))
    inner = (at("2026-03-02 10:30"), at("2026-03-02 11:00"))
    due = HOUSE.due(at("2026-03-02 09:00"), h(2), [second, inner, first])
    assert due.at == at("2026-03-02 15:00")


def test_of_a_pause_only_the_part_after_the_start_counts() -> None:
    before = (at("2026-03-02 09:00"), at("2026-03-02 11:00"))
    assert HOUSE.due(at("2026-03-02 10:00"), h(1), [before]).at == at("2026-03-02 12:00")
    long_before = (at("2026-02-02 09:00"), at("2026-02-02 11:00"))
    assert HOUSE.due(at("2026-03-02 10:00"), h(1), [long_before]).at == at("2026-03-02 11:00")


def test_a_pause_of_no_length_moves_nothing() -> None:
    moment = at("2026-03-02 09:30")
    assert HOUSE.due(at("2026-03-02 09:00"), h(1), [(moment, moment)]).at == at("2026-03-02 10:00")


def test_a_pause_after_the_limit_does_not_revive_it() -> None:
    late = (at("2026-03-02 10:00"), at("2026-03-02 12:00"))
    assert HOUSE.due(at("2026-03-02 09:00"), h(1), [late]).at == at("2026-03-02 10:00")


def test_a_pause_begun_in_time_reaches_a_later_one() -> None:
    first = (at("2026-03-02 09:30"), at("2026-03-02 11:00"))
    second = (at("2026-03-02 11:15"), at("2026-03-02 11:45"))
    assert HOUSE.due(at("2026-03-02 09:00"), h(1), [first, second]).at == at("2026-03-02 12:00")


def test_a_pause_written_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="swap"):
        HOUSE.due(at("2026-03-02 09:00"), h(1), [(at("2026-03-02 12:00"), at("2026-03-02 11:00"))])


def test_statutory_limits_run_in_calendar_days() -> None:
    every_hour = Calendar.continuous(SHANGHAI)
    waiting = (at("2026-02-16 00:00"), at("2026-02-18 00:00"))
    due = every_hour.due(at("2026-02-15 08:00"), timedelta(days=30), [waiting])
    assert due == (at("2026-03-19 08:00"), True)
    assert every_hour.due(at("2031-01-01 00:00"), timedelta(days=1)).known


# Clocks that change


def test_the_night_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    night = Calendar(WeekPattern((hours("00:00-06:00"),) * 7), holidays=None, zone=BERLIN)
    lengths = [sum((end - start for start, end in night.intervals(day)), h(0)) for day in
               (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))]  # fmt: skip
    assert lengths == [h(6), h(5), h(7)]


def test_shifts_within_a_skipped_hour_do_not_count_time_twice() -> None:
    night = Calendar(WeekPattern((hours("02:15-02:45", "03:00-04:00"),) * 7), holidays=None, zone=BERLIN)
    first, second = night.intervals(date(2026, 3, 29))
    assert first[1] == second[0] == at("2026-03-29 03:45", BERLIN)


def test_a_day_that_never_was_has_no_working_time() -> None:
    # Samoa went from 29 straight to 31 December 2011.
    samoa = Calendar(WeekPattern((hours("09:00-17:00"),) * 7), holidays=None, zone=ZoneInfo("Pacific/Apia"))
    assert samoa.intervals(date(2011, 12, 30)) == ()
    assert samoa.between(at("2011-12-29 12:00", samoa.zone), at("2011-12-31 12:00", samoa.zone)) == h(8)


# What cannot be written


@pytest.mark.parametrize(
    "written",
    ["12:00-09:00", "09:00-09:00", "09:00-12:00 11:00-15:00", "13:00-15:00 09:00-10:00", "20:00-24:01",
     "25:00-26:00", "0900-1200", "09:00", "09:60-10:00", "9:0-10:00", "-1:00-10:00"],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="shift"):
        hours(*written.split())


def test_the_refusal_names_the_shift() -> None:
    with pytest.raises(ValueError, match="12:15-09:05 does not fit"):
        hours("12:15-09:05")


def test_hours_may_touch_and_reach_midnight() -> None:
    assert hours("00:00-12:00", "12:00-24:00") == (Shift(0, 720), Shift(720, 1440))


@pytest.mark.parametrize("build", [
    lambda: WeekPattern((hours("09:00-17:00"),) * 6),
    lambda: WeekPattern((REST,) * 7),
    lambda: WeekPattern(((Shift(600, 540),),) * 7),
    lambda: Calendar(OFFICE, {date(2026, 3, 2): (Shift(600, 540),)}),
    lambda: Holidays(frozenset({2026}), frozenset({date(2026, 5, 9)}), frozenset({date(2026, 5, 9)})),
    lambda: Holidays(frozenset({2026}), frozenset({date(2027, 5, 1)}), frozenset()),
])  # fmt: skip
def test_a_calendar_that_contradicts_itself_is_refused(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"seven days|no working hours|does not fit|both off|years known"):
        build()


# The slow reference: walk the minutes


def slow_hours(week: WeekPattern, overrides: Mapping[date, Hours], day: date) -> Hours:
    if day in overrides:
        return overrides[day]
    if day in STATE_COUNCIL.off:
        return ()
    if day in STATE_COUNCIL.make_up:
        return week.make_up
    return week.days[day.weekday()]


def works(calendar: Calendar, minute: datetime) -> bool:
    local = minute.astimezone(calendar.zone)
    of_day = local.hour * 60 + local.minute
    shifts = slow_hours(calendar.week_pattern, calendar.overrides, local.date())
    return any(start <= of_day < end for start, end in shifts)


def slow_due(calendar: Calendar, start: datetime, minutes: int, pauses: Sequence[Span] = ()) -> datetime:
    moment = start
    while minutes:
        assume(moment - start < timedelta(days=10))  # a week of few hours would have us walk for months
        minutes -= works(calendar, moment) and not any(begin <= moment < end for begin, end in pauses)
        moment += MINUTE
    return moment


def slow_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    return sum(works(calendar, start + n * MINUTE) for n in range((end - start) // MINUTE))


@st.composite
def day_hours(draw: st.DrawFn, earliest: int = 0) -> Hours:
    marks = sorted(draw(st.sets(st.integers(earliest, 1440), max_size=6)))
    return tuple(Shift(a, b) for a, b in zip(marks[::2], marks[1::2], strict=False))


YEAR = st.dates(date(2026, 1, 1), date(2026, 12, 31))
NEAR_A_LISTED_DAY = st.sampled_from(sorted(STATE_COUNCIL.off | STATE_COUNCIL.make_up)).map(
    lambda day: day - timedelta(days=1)
)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and a minute near a listed day, an override, or a change of clocks."""
    # Berlin's clocks change at night, when a wall clock alone does not say which minute it is.
    zone, earliest = draw(st.sampled_from([(SHANGHAI, 0), (BERLIN, 180)]))
    week = draw(st.lists(day_hours(earliest), min_size=7, max_size=7).filter(any))
    day = draw(NEAR_A_LISTED_DAY | YEAR | st.sampled_from([date(2026, 3, 28), date(2026, 10, 24)]))
    nearby = st.integers(-1, 6).map(lambda n: day + timedelta(days=n))
    overrides = draw(st.dictionaries(nearby, day_hours(earliest), max_size=3))
    start = datetime(day.year, day.month, day.day, tzinfo=zone) + draw(st.integers(0, 1439)) * MINUTE
    return Calendar(WeekPattern(tuple(week)), overrides, zone=zone), start.astimezone(UTC)


@settings(max_examples=50)
@given(calendars(), st.integers(0, 6 * 1440))
def test_between_agrees_with_walking_the_minutes(case: tuple[Calendar, datetime], span: int) -> None:
    calendar, start = case
    end = start + span * MINUTE
    assert calendar.between(start, end) == slow_between(calendar, start, end) * MINUTE


@settings(max_examples=50)
@given(calendars(), st.integers(0, 900))
def test_add_agrees_with_walking_the_minutes(case: tuple[Calendar, datetime], minutes: int) -> None:
    calendar, start = case
    assert calendar.add(start, minutes * MINUTE) == slow_due(calendar, start, minutes)


GAPS = st.lists(st.tuples(st.integers(-600, 2000), st.integers(0, 600)), max_size=4)


@settings(max_examples=50)
@given(calendars(), st.integers(0, 600), GAPS)
def test_due_agrees_with_a_clock_that_stands_still_in_pauses(
    case: tuple[Calendar, datetime], minutes: int, gaps: list[tuple[int, int]]
) -> None:
    calendar, start = case
    pauses = [(start + n * MINUTE, start + (n + length) * MINUTE) for n, length in gaps]
    due = calendar.due(start, minutes * MINUTE, pauses)
    assert due.at == slow_due(calendar, start, minutes, pauses)


@settings(max_examples=50)
@given(calendars(), st.integers(0, 600), st.integers(0, 600))
def test_adding_in_two_parts_is_adding_at_once(case: tuple[Calendar, datetime], one: int, two: int) -> None:
    calendar, start = case
    at_once = calendar.add(start, (one + two) * MINUTE)
    assert calendar.add(calendar.add(start, one * MINUTE), two * MINUTE) == at_once
    assert calendar.between(start, at_once) == (one + two) * MINUTE
