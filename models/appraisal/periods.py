"""Periods by name: a month is written 2026-03, a year 2026. Pure."""

from datetime import date

from models.appraisal.rules import Period, annual_period, monthly_period
from models.appraisal.states import Cycle
from models.contracts.rules import add_months


def period_before(cycle: Cycle, day: date) -> tuple[str, Period]:
    """The last whole month, or year, before the one `day` lies in, by its name and its days."""
    period = monthly_period(day) if cycle is Cycle.MONTH else annual_period(day)
    return period.first.isoformat()[: 7 if cycle is Cycle.MONTH else 4], period


def period_named(name: str) -> Period:
    """The days of a period. Raises ValueError for what names none."""
    year, _, month = name.partition("-")
    if month:
        return monthly_period(add_months(date(int(year), int(month), 1), 1))
    return annual_period(date(int(year) + 1, 1, 1))
