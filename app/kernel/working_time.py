"""The house's working calendar as the department keeps it: its week (settings) and its own days (records).

A day is the department's own (`models.people.WorkingDay`), else the State Council's, else an ordinary day of the week.
"""

from datetime import date
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import on_behalf
from app.kernel.clock import house_zone
from app.kernel.settings import setting_value
from app.schema.calendar import STATE_COUNCIL, Calendar, Holidays, Hours, WeekPattern
from app.schema.clocks import HOURS, shifts
from app.schema.kinds import INTEGER
from app.schema.registry import registry
from app.schema.settings import setting

_OFFICE = "09:00-12:00 13:30-18:00"
WEEK = tuple(
    setting(f"calendar.{day.lower()}", usual, HOURS, f"Working hours on {day}")
    for day, usual in (
        ("Monday", _OFFICE),
        ("Tuesday", _OFFICE),
        ("Wednesday", _OFFICE),
        ("Thursday", _OFFICE),
        ("Friday", _OFFICE),
        ("Saturday", "rest"),
        ("Sunday", "rest"),
    )
)
MAKE_UP = setting("calendar.make_up", _OFFICE, HOURS, "Working hours on make-up workdays")
ENTERED_THROUGH = setting(
    "calendar.entered_through", None, INTEGER, "Last year whose holidays are entered as own working days", "year"
)
NEXT_FROM = 10
"""The month from which the next year's holidays are looked for; they are announced in November."""
LATEST = 2200
"""The last year of which anybody could have entered the holidays."""


def house_calendar(session: Session) -> Calendar:
    """Working days and hours of the house, in its zone. Reads the settings and the department's own days."""
    week = _week(session)
    days = registry["working_day"].__table__.c
    with on_behalf("the working calendar"):
        own = session.connection().execute(select(days.day, days.kind, days.hours)).all()
    overrides = {row.day: _hours(week, row.day.weekday(), row.kind, row.hours) for row in own}
    return Calendar(week, overrides, _holidays(session), house_zone())


def unknown_years(session: Session, day: date) -> list[int]:
    """The years whose holidays are not known though time limits run into them: this one, and from October the next."""
    calendar = house_calendar(session)
    last = day.year + (day.month >= NEXT_FROM)
    return [year for year in range(day.year, last + 1) if not calendar.known(year)]


def fingerprint(calendar: Calendar) -> str:
    """A short name for all a calendar says: where it differs, what was reckoned by it is reckoned anew."""
    own = sorted((day.isoformat(), hours) for day, hours in calendar.overrides.items())
    years = sorted(calendar.holidays.years) if calendar.holidays else []
    said = repr((calendar.week_pattern, own, years, calendar.zone.key))
    return sha256(said.encode()).hexdigest()[:12]


def _week(session: Session) -> WeekPattern:
    week = tuple(shifts(setting_value(session, day)) for day in WEEK)
    if not any(week):
        week = tuple(shifts(day.default) for day in WEEK)  # nothing would ever fall due
    return WeekPattern(week, shifts(setting_value(session, MAKE_UP)))


def _hours(week: WeekPattern, weekday: int, kind: str, hours: str | None) -> Hours:
    if str(kind) == "off":
        return ()
    return shifts(hours) or week.days[weekday] or week.make_up


def _holidays(session: Session) -> Holidays:
    """The State Council's list, with the years the department has entered itself counted among the known ones."""
    through = setting_value(session, ENTERED_THROUGH)
    years = STATE_COUNCIL.years | frozenset(range(max(STATE_COUNCIL.years) + 1, min(through or 0, LATEST) + 1))
    return Holidays(years, STATE_COUNCIL.off, STATE_COUNCIL.make_up)
