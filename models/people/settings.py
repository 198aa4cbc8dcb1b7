"""The house's working week."""

from app.kernel.clock import house_zone
from app.schema.calendar import Calendar, WeekPattern

WORKING_WEEK = WeekPattern.workdays("09:00-12:00", "13:30-18:00")


def house_calendar() -> Calendar:
    """Working days and hours of the house, with the State Council's holidays and make-up workdays."""
    return Calendar(WORKING_WEEK, zone=house_zone())
