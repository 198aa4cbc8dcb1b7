"""Working time: which hours of which days count, and when a time limit ends. Pure; no clock of its own.

Source: domain notes, "Clock". A day's hours are the house's own override, else what the State Council's list
says, else the week pattern. Days are days on the house's clock; moments are aware, and results are in UTC.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MIDNIGHT = 24 * 60
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Shift(NamedTuple):
    """A stretch of work within a day, in minutes after midnight on the house's clock; a day ends at 1440."""

    start: int
    end: int


Hours = tuple[Shift, ...]
Span = tuple[datetime, datetime]
REST: Hours = ()


def hours(*shifts: str) -> Hours:
    """Read the hours of a day: ``hours("09:00-12:00", "13:30-18:00")``; none at all is a day of rest.

    ``24:00`` is the day's end. Raises ValueError for what is no time, runs backwards, or overlaps.
    """
    read = []
    for text in shifts:
        if not (found := re.fullmatch(r"(\d\d?):([0-5]\d)-(\d\d?):([0-5]\d)", text)):
            raise ValueError(f"{text!r} is no shift; write it as 09:00-12:00")
        hour, minute, to_hour, to_minute = map(int, found.groups())
        read.append(Shift(hour * 60 + minute, to_hour * 60 + to_minute))
    return _checked(tuple(read))


def _checked(shifts: Hours) -> Hours:
    earlier = 0
    for start, end in shifts:
        if not earlier <= start < end <= MIDNIGHT:
            raise ValueError(
                f"{_clock(start)}-{_clock(end)} does not fit: shifts run forward within one day, in order, "
                "without overlap; a night shift is written in two halves, one on each day"
            )
        earlier = end
    return shifts


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True)
class WeekPattern:
    """The hours of an ordinary week, Monday first.

    `make_up` are the hours of a make-up workday (調休), whichever weekday it falls on; by default those of
    the week's first working day.
    """

    days: tuple[Hours, ...]
    make_up: Hours = REST

    def __post_init__(self) -> None:
        """Refuse a week that is not seven days, or in which no limit could ever end."""
        if len(self.days) != 7:
            raise ValueError(f"a week has seven days, this pattern {len(self.days)}; begin on Monday")
        if not any(self.days):
            raise ValueError("the week has no working hours; give at least one day a shift")
        for shifts in (*self.days, self.make_up):
            _checked(shifts)
        if not self.make_up:
            object.__setattr__(self, "make_up", next(shifts for shifts in self.days if shifts))

    @classmethod
    def workdays(cls, *shifts: str) -> Self:
        """The same hours from Monday to Friday, rest on Saturday and Sunday."""
        return cls((hours(*shifts),) * 5 + (REST,) * 2)


@dataclass(frozen=True)
class Holidays:
    """A published list for whole years: the days off, and the days of rest worked to make up for them."""

    years: frozenset[int]
    off: frozenset[date]
    make_up: frozenset[date]

    def __post_init__(self) -> None:
        """Refuse a list that contradicts itself or speaks of years it does not cover."""
        if both := self.off & self.make_up:
            raise ValueError(f"{_days(both)} cannot be both off and made up; keep one")
        if strange := {day for day in self.off | self.make_up if day.year not in self.years}:
            raise ValueError(f"{_days(strange)}: add the year to the years known, or leave the day out")

    @classmethod
    def published(cls, lists: Mapping[int, tuple[str, str]]) -> Self:
        """Read lists by year: the days off, as in ``"01-01..01-03 04-05"``, and the make-up workdays."""
        off, make_up = ({day for year in lists for day in _each_day(year, lists[year][n])} for n in (0, 1))
        return cls(frozenset(lists), frozenset(off), frozenset(make_up))


def _days(days: Iterable[date]) -> str:
    return ", ".join(str(day) for day in sorted(days))


def _each_day(year: int, text: str) -> Iterator[date]:
    for span in text.split():
        first, _, last = span.partition("..")
        day, end = (date.fromisoformat(f"{year}-{part}") for part in (first, last or first))
        while day <= end:
            yield day
            day += DAY


STATE_COUNCIL = Holidays.published(
    {
        2025: (
            "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
            "01-26 02-08 04-27 09-28 10-11",
        ),
        2026: (
            "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07",
            "01-04 02-14 02-28 05-09 09-20 10-10",
        ),
    }
)
"""Days off and make-up workdays as the State Council announced them. Each November brings the next year's."""


class Due(NamedTuple):
    """When a limit ends, in UTC. Not `known`: it runs through a year not yet published, so it may move."""

    at: datetime
    known: bool


@dataclass(frozen=True)
class Calendar:
    """The working time of a house.

    `overrides` are the house's own hours for single days (`REST` for a day off). Without `holidays` no list
    applies, and every year counts as known.
    """

    week_pattern: WeekPattern
    overrides: Mapping[date, Hours] = field(default_factory=dict)
    holidays: Holidays | None = STATE_COUNCIL
    zone: ZoneInfo = SHANGHAI

    def __post_init__(self) -> None:
        """Check the overrides."""
        for day, shifts in self.overrides.items():
            _plain(day)
            _checked(shifts)

    @classmethod
    def continuous(cls, zone: ZoneInfo) -> Self:
        """Every hour counts: for statutory limits, which run in calendar days of 24 hours."""
        return cls(WeekPattern((hours("00:00-24:00"),) * 7), {}, None, zone)

    def known(self, year: int) -> bool:
        """Whether the list of `year` is published; if not, its days follow the week pattern alone."""
        return self.holidays is None or year in self.holidays.years

    def hours_on(self, day: date) -> Hours:
        """The hours of `day`: own override > State Council list > week pattern."""
        if _plain(day) in self.overrides:
            return self.overrides[day]
        if self.holidays and day in self.holidays.off:
            return REST
        if self.holidays and day in self.holidays.make_up:
            return self.week_pattern.make_up
        return self.week_pattern.days[day.weekday()]

    def is_workday(self, day: date) -> bool:
        """Whether any hour of `day` is worked."""
        return bool(self.hours_on(day))

    def next_working_day(self, day: date, n: int = 1) -> date:
        """The `n`-th working day after `day`; with n = 0 the first on or after it."""
        if n < 0:
            raise ValueError(f"cannot go {-n} working days back; n counts forward from 0")
        if n == 0:
            day, n = day - DAY, 1
        while n:
            day += DAY
            n -= self.is_workday(day)
        return day

    def first_working_day(self, year: int, month: int) -> date:
        """The first working day on or after the first of the month."""
        return self.next_working_day(date(year, month, 1), 0)

    def intervals(self, day: date) -> tuple[Span, ...]:
        """The working time of `day` as moments in UTC, in order.

        Where clocks change, an hour that comes twice counts twice within a shift, and a time that is skipped
        is read as with the offset before the change; intervals never overlap and never leave the day.
        """
        earlier, latest = self.midnight(day), self._moment(day, MIDNIGHT)
        spans = []
        for shift in self.hours_on(day):
            start, end = (
                max(self._moment(day, shift.start), earlier),
                min(self._moment(day, shift.end), latest),
            )
            if start < end:
                spans.append((start, end))
                earlier = end
        return tuple(spans)

    def add(self, start: datetime, working: timedelta) -> datetime:
        """The earliest moment by which `working` time has passed since `start`; 18:00, not the next 09:00."""
        if working < timedelta(0):
            raise ValueError(f"cannot add {working}: a limit runs forward")
        start = _utc(start)
        if not working:
            return start
        spans = self._from(start)
        begin, end = next(spans)
        while working > end - begin:
            working -= end - begin
            begin, end = next(spans)
        return begin + working

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`."""
        start, end = _utc(start), _utc(end)
        if end < start:
            raise ValueError(f"{end} lies before {start}; hand in the earlier moment first")
        worked = timedelta(0)
        for begin, finish in self._from(start):
            if begin >= end:
                break
            worked += min(finish, end) - begin
        return worked

    def due(self, start: datetime, target: timedelta, pauses: Iterable[Span] = ()) -> Due:
        """When a limit of `target` working time ends that began at `start` and stood still during `pauses`.

        It is add(start, target + working overlap of pauses); what two pauses share counts once, and a pause
        that begins when the limit has already ended does not revive it. Hand in the present as the end of an
        open pause.
        """
        start = _utc(start)
        at = self.add(start, target)
        for begin, end in _merged(pauses, start):
            if begin >= at:
                break
            at = self.add(at, self.between(begin, end))
        first, last = (moment.astimezone(self.zone).year for moment in (start, at))
        return Due(at, all(self.known(year) for year in range(first, last + 1)))

    def _from(self, start: datetime) -> Iterator[Span]:
        """Working time after `start`, without end; the first span is cut to begin no earlier."""
        day = start.astimezone(self.zone).date()
        while True:
            for begin, end in self.intervals(day):
                if end > start:
                    yield max(begin, start), end
            day += DAY

    def midnight(self, day: date) -> datetime:
        """The moment `day` begins on the house's clock, in UTC."""
        return self._moment(day, 0)

    def _moment(self, day: date, minutes: int) -> datetime:
        # Adding to an aware datetime moves the wall clock, which is what a shift is written in.
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(minutes=minutes)
        return wall.astimezone(UTC)


def _merged(pauses: Iterable[Span], start: datetime) -> list[Span]:
    """What of the pauses lies after `start`, in order, each stretch of time once."""
    merged: list[Span] = []
    for begin, end in sorted((_utc(begin), _utc(end)) for begin, end in pauses):
        if end < begin:
            raise ValueError(f"the pause from {begin} ends before it begins, at {end}; swap the two")
        begin = max(begin, merged[-1][1] if merged else start)
        if begin < end:
            merged.append((begin, end))
    return merged


def _plain(day: date) -> date:
    if isinstance(day, datetime):
        raise TypeError(f"{day!r} is a moment; hand in the day on the house's clock")
    return day


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; hand in an aware moment")
    return moment.astimezone(UTC)
