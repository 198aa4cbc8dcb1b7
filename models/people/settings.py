"""The house's clock, and its working week."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from app.kernel.settings import setting_value
from app.schema.calendar import Calendar, WeekPattern
from app.schema.kinds import BadValue, Kind
from app.schema.settings import setting


def _zone(raw: Any) -> str:
    try:
        return ZoneInfo(str(raw)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValue("write a time zone by its name, such as Asia/Shanghai") from None


TIME_ZONE = Kind("time zone", _zone, longest=64)
HOUSE_TIMEZONE = setting("house.timezone", "Asia/Shanghai", TIME_ZONE, "Time zone of the house")
WORKING_WEEK = WeekPattern.workdays("09:00-12:00", "13:30-18:00")


def house_zone(session: Session) -> ZoneInfo:
    """The time zone business days are reckoned in."""
    return ZoneInfo(setting_value(session, HOUSE_TIMEZONE))


def house_day(session: Session, at: datetime) -> date:
    """The business day of a moment: the calendar day on the house's clock. `at` has a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; business days need one")
    return at.astimezone(house_zone(session)).date()


def house_calendar(session: Session) -> Calendar:
    """Working days and hours of the house, with the State Council's holidays and make-up workdays."""
    return Calendar(WORKING_WEEK, zone=house_zone(session))
