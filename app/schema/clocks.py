"""Clocks: time limits of a record's states. They start, stand still and stop as the state moves.

Declared with the workflow: ``Workflow(…, clocks=(Sla("decision", since=S.REPORTED, until=S.APPROVED | S.REFUSED,
paused=S.COLLECTING, within=DECISION_DAYS, on=Counted.CALENDAR_DAYS),))``. What ticks is kept by `app.kernel.clocks`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import String, inspect
from sqlalchemy.orm import mapped_column

from app.schema.calendar import DAY, Calendar, Due, Hours, Span, hours
from app.schema.errors import DeclarationError
from app.schema.kinds import BadValue, Choice, Kind
from app.schema.roles import Role
from app.schema.settings import Setting, setting

if TYPE_CHECKING:
    from app.schema.record import Record

HOUR = timedelta(hours=1)
LONGEST = 3650
REST = "rest"


def _limit(raw: Any) -> int:
    text = str(raw)
    if not text.isdecimal() or int(text) > LONGEST:
        raise BadValue("write a whole number from 0 to %(most)d, or nothing for no limit", most=LONGEST)
    return int(text)


def _hours(raw: Any) -> str:
    text = str(raw).replace("：", ":").replace("–", "-").replace("，", " ").replace(",", " ").casefold().strip()
    if text in (REST, "休", "休息"):
        return REST
    try:
        shifts = hours(*text.split())
    except ValueError:
        shifts = ()
    if not shifts:
        raise BadValue("write shifts in order such as 09:00-12:00 13:30-18:00, or rest")
    return " ".join(_clock(shift.start) + "-" + _clock(shift.end) for shift in shifts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def shifts(written: str | None) -> Hours:
    """The shifts of hours as their kind keeps them; none for a day of rest."""
    return () if written in (None, "", REST) else hours(*written.split())


LIMIT = Kind("limit", _limit, "number", schema={"type": "integer"}, operators=("eq", "ge", "le"), numeric=True)
"""The kind of a setting that is a time limit: a whole number of days or hours, or nothing."""
HOURS = Kind(
    "working hours",
    _hours,
    longest=200,
    example=lambda n, language: ("09:00-12:00 13:30-17:30", "09:30-12:00", "10:00-16:00")[n % 3],
)
"""The hours of a day, as in ``09:00-12:00 13:30-18:00``, or ``rest``."""
WorkingHours = Annotated[str, mapped_column(String(200), info={"kind": HOURS})]


class Counted(StrEnum):
    """What a clock counts. Hours run from the moment; days are whole days after the first, which does not count."""

    WORKING_HOURS = "working hours"
    WORKING_DAYS = "working days"
    CALENDAR_HOURS = "hours"
    CALENDAR_DAYS = "days"

    @property
    def working(self) -> bool:
        """Whether only working time counts."""
        return self in (Counted.WORKING_HOURS, Counted.WORKING_DAYS)

    @property
    def days(self) -> bool:
        """Whether whole days are counted."""
        return self in (Counted.WORKING_DAYS, Counted.CALENDAR_DAYS)


def reckon(calendar: Calendar, counted: Counted, start: datetime, amount: int, pauses: Iterable[Span] = ()) -> Due:
    """When a limit of `amount` hours or days ends that began at `start` and stood still during `pauses`; in UTC.

    Hours: add(start, amount + overlap of the pauses), on working or on plain time. Days: the end of the
    `amount`-th day after the one of `start` on the calendar's clock, not counting days that begin within a pause nor,
    for working days, days of rest; the end is the midnight after the last day. Not `known` where the holidays of a
    year are not published yet.
    """
    if not counted.days:
        time = calendar if counted.working else Calendar.continuous(calendar.zone)
        return time.due(start, amount * HOUR, pauses)
    if amount < 0:
        raise ValueError(f"cannot count {amount} days: a limit runs forward")
    still = list(pauses)
    first = day = start.astimezone(calendar.zone).date()
    while amount:
        day += DAY
        begin = calendar.midnight(day)
        stands = any(since < begin <= until for since, until in still)
        amount -= not stands and (not counted.working or calendar.is_workday(day))
    years = range(first.year, day.year + 1)
    return Due(calendar.midnight(day + DAY), not counted.working or all(calendar.known(year) for year in years))


def later(calendar: Calendar, counted: Counted, due: datetime, days: int) -> datetime:
    """When something has been late for `days` (working days, if working time is counted) since `due`; at once for 0."""
    if not days:
        return due
    by_days = Counted.WORKING_DAYS if counted.working else Counted.CALENDAR_DAYS
    return reckon(calendar, by_days, due - timedelta(microseconds=1), days).at


def last_day(calendar_zone: Any, due: datetime) -> Any:
    """The last day on which a limit that ends at `due` is kept, on the house's clock."""
    return (due.astimezone(calendar_zone) - timedelta(microseconds=1)).date()


@dataclass(frozen=True)
class Escalation:
    """Who hears of what is late: the nearest holders of a role above the row's unit, once it has been late for so
    many days (working days, where working time is counted); without `after` as soon as it is late."""

    to: Role
    after: Setting | None = None


SUPERVISOR_AFTER = setting("clocks.supervisor_after", 1, LIMIT, "The supervisor is told of what is late after", "days")
MANAGER_AFTER = setting("clocks.manager_after", 3, LIMIT, "The manager is told of what is late after", "days")
LADDER = (Escalation(Role.SUPERVISOR, SUPERVISOR_AFTER), Escalation(Role.MANAGER, MANAGER_AFTER))
"""Holder, then supervisor, then manager."""


class Phase(StrEnum):
    """What a state means to a clock."""

    BEGIN = "begin"
    RUN = "run"
    PAUSE = "pause"
    MET = "met"
    VOID = "void"


Limits = Setting | tuple[Setting, ...]


@dataclass(frozen=True)
class Sla:
    """A time limit on a record's way through its states.

    It starts on entering a state of `since`, or at the moment (or day) in the field `counted_from`, if that is given;
    stands still in those of `paused`; and ends, kept, on entering one of `until` or once the field `until_set` is
    filled, or unkept in one of `void`. Without `until` and `until_set` any state not named ends it; in other states
    not named it runs on. Coming back from an end it runs on as if it had not ended, but starts anew in a state of
    `since`, and on leaving one of `anew`.

    `within` is the setting of the limit, or a function of the row that gives one or several to be added up; a setting
    without value means that it runs without end, and is listed. `promise` is a field with what was promised to the
    customer: it ticks beside the limit, in plain time, and never stands still. `due` is a field of the record that
    keeps when the limit ends, for lists, filters and files. `warn` is how much before the end the holder is warned, in
    the units of `on` (of a promise in plain hours or days); `escalate` is who hears of what is late.
    """

    name: str
    since: Any
    until: Any = None
    until_set: str = ""
    paused: Any = ()
    void: Any = ()
    anew: Any = ()
    within: Setting | Callable[[Any], Limits] | None = None
    on: Counted = Counted.WORKING_HOURS
    counted_from: str = ""
    promise: str = ""
    due: str = ""
    warn: Setting | None = None
    escalate: tuple[Escalation, ...] = LADDER
    label: str = ""

    def __post_init__(self) -> None:
        """Normalise single states to sets; refuse a clock that nothing limits."""
        for name in ("since", "until", "paused", "void", "anew"):
            states = getattr(self, name)
            if states is not None:
                states = frozenset({states}) if isinstance(states, Choice) else frozenset(states)
            object.__setattr__(self, name, states)
        if self.within is None and not self.promise:
            raise DeclarationError(f"clock {self.name!r} has no limit: say within=setting(…), or promise='promised_at'")

    @property
    def title(self) -> str:
        """What it is called, in English."""
        return self.label or self.name.replace("_", " ").capitalize()

    def phase_of(self, row: Any, state: Any) -> Phase:
        """What the present state and fields of a row mean to this clock."""
        phase = self.phase(state)
        filled = self.until_set and getattr(row, self.until_set) is not None
        return Phase.MET if filled and phase is not Phase.VOID else phase

    def phase(self, state: Any) -> Phase:
        """What `state` by itself means to this clock."""
        if state in self.since:
            return Phase.BEGIN
        if state in self.paused:
            return Phase.PAUSE
        if state in self.void:
            return Phase.VOID
        if self.until is None:
            return Phase.RUN if self.until_set else Phase.MET
        return Phase.MET if state in self.until else Phase.RUN

    def told_by(self, promised: bool) -> tuple[str, ...]:
        """The fields that could be guessed from how the limit, or the promise, stands."""
        rest = (self.promise,) if promised else (self.due, self.counted_from)
        return tuple(name for name in (self.until_set, *rest) if name)

    def limits(self, row: Any) -> tuple[Setting, ...]:
        """The settings that limit this row, to be added up."""
        found = self.within(row) if callable(self.within) else self.within
        return () if found is None else (found,) if isinstance(found, Setting) else tuple(found)


def faults_of(record: "type[Record]") -> Iterator[str]:
    """What does not hold in the clocks of a record, each with its cure."""
    workflow = record.workflow
    columns = inspect(record).columns
    written = {name for group in record.panel.form for name in group.fields}
    names = [sla.name for sla in workflow.clocks] if workflow else []
    if twice := {name for name in names if names.count(name) > 1 or len(name) > 40}:
        yield f"has clocks named twice or too long: {', '.join(sorted(twice))}; give each its own, short name"
    if names and "clock" in columns:
        yield "has time limits and a field called 'clock', by which its list filters them: give the field another name"
    for sla in workflow.clocks if workflow else ():
        where = f"clock {sla.name!r}"
        if workflow is None or workflow.field not in columns:
            continue
        states = set(columns[workflow.field].info.get("choices", ()))
        sets = {"since": sla.since, "until": sla.until or (), "paused": sla.paused, "void": sla.void}
        if not sla.since:
            yield f"{where} never starts: name the states in since="
        if strange := {str(s) for s in frozenset().union(*sets.values(), sla.anew) if s not in states}:
            yield f"{where} names {', '.join(sorted(strange))}, which is no state of it"
        for one, other in ((a, b) for a in sets for b in sets if a < b):
            if both := set(sets[one]) & set(sets[other]):
                yield f"{where} has {', '.join(sorted(map(str, both)))} both in {one}= and in {other}=: keep one"
        endless = [s for s in states if workflow.is_final(s) and sla.phase(s) in (Phase.BEGIN, Phase.RUN, Phase.PAUSE)]
        if endless:
            yield f"{where} would tick for ever in {', '.join(sorted(map(str, endless)))}: name it in until= or void="
        for declared in (sla.within, sla.warn, *(level.after for level in sla.escalate)):
            if isinstance(declared, Setting) and declared.kind is not LIMIT:
                yield f"{where} is limited by the setting {declared.name!r} of another kind: declare it as LIMIT"
        if sla.until_set and sla.until_set not in columns:
            yield f"{where} says until_set={sla.until_set!r}, which is no field of it"
        for role, field in (("counted_from", sla.counted_from), ("promise", sla.promise), ("due", sla.due)):
            kind = columns[field].info.get("kind") if field in columns else None
            if field and (kind is None or kind.name not in ("day", "moment")):
                yield f"{where} says {role}={field!r}, which is no day or moment of it"
        if sla.due and (sla.due in written or not columns.get(sla.due, columns["id"]).nullable):
            yield f"{where} keeps its end in {sla.due!r}: take the field out of the form and let it be empty"
