"""Days in SQL, the same on both databases: how many lie between, on which a moment falls, which comes first."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.kernel.clock import house_zone


class DaysBetween(FunctionElement[int]):
    """``DaysBetween(later, earlier)``: whole days from one day to another."""

    type = Integer()
    inherit_cache = True


@compiles(DaysBetween)
def _subtract(element: DaysBetween, compiler: Any, **kw: Any) -> str:
    later, earlier = (compiler.process(day, **kw) for day in element.clauses)
    return f"({later} - {earlier})"


@compiles(DaysBetween, "sqlite")
def _subtract_julian(element: DaysBetween, compiler: Any, **kw: Any) -> str:
    later, earlier = (compiler.process(day, **kw) for day in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


class _Chosen(FunctionElement[Any]):
    """One of several values of a kind; a value that is not there takes no part."""

    inherit_cache = True

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self.type = next(iter(self.clauses)).type


class Least(_Chosen):
    """The least of several values, none of which may be missing."""

    inherit_cache = True


class Greatest(_Chosen):
    """The greatest of several values, none of which may be missing."""

    inherit_cache = True


def _named(name: str, other: str) -> Any:
    def write(element: Any, compiler: Any, **kw: Any) -> str:
        called = other if compiler.dialect.name == "sqlite" else name
        return f"{called}({', '.join(compiler.process(value, **kw) for value in element.clauses)})"

    return write


compiles(Least)(_named("least", "min"))
compiles(Greatest)(_named("greatest", "max"))


class HouseDay(FunctionElement[date]):
    """The business day of a moment: the calendar day on the house's clock (see `app.kernel.clock.house_day`)."""

    type = Date()
    inherit_cache = True

    def __init__(self, moment: Any) -> None:
        super().__init__(
            moment, literal(house_zone().key, String, literal_execute=True)
        )  # two binds are never one group


@compiles(HouseDay)
def _in_zone(element: HouseDay, compiler: Any, **kw: Any) -> str:
    moment, zone = (compiler.process(part, **kw) for part in element.clauses)
    return f"CAST(timezone({zone}, {moment}) AS DATE)"


@compiles(HouseDay, "sqlite")
def _in_zone_by_us(element: HouseDay, compiler: Any, **kw: Any) -> str:
    moment, zone = (compiler.process(part, **kw) for part in element.clauses)
    return f"house_day({moment}, {zone})"


def day_in_zone(moment: str | None, zone: str) -> str | None:
    """What SQLite, which knows no zones, calls as ``house_day``: the day of a stored moment (UTC) in a zone."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(_zone(zone)).date().isoformat()


_zone = lru_cache(maxsize=8)(ZoneInfo)


class MonthOf(FunctionElement[str]):
    """The month of a day, such as "2026-01"."""

    type = String()
    inherit_cache = True


@compiles(MonthOf)
def _month(element: MonthOf, compiler: Any, **kw: Any) -> str:
    (day,) = (compiler.process(part, **kw) for part in element.clauses)
    return f"to_char({day}, 'YYYY-MM')"


@compiles(MonthOf, "sqlite")
def _month_of_text(element: MonthOf, compiler: Any, **kw: Any) -> str:
    (day,) = (compiler.process(part, **kw) for part in element.clauses)
    return f"substr({day}, 1, 7)"


def begins(day: date) -> datetime:
    """The first moment of a business day."""
    return datetime.combine(day, time(), house_zone())


def ends(day: date) -> datetime:
    """The first moment after a business day."""
    return begins(day + timedelta(days=1))
