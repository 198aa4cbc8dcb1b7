"""The house's clock: one time zone for business days, due times and what people read. Set once, at the start."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.kernel.actor import current_actor

_house = ZoneInfo("Asia/Shanghai")


def set_house_zone(name: str) -> None:
    """Keep the house's clock in the zone of that name, such as ``Asia/Shanghai`` (``YANXU_TIMEZONE``).

    Raises `ZoneInfoNotFoundError` for a name nobody knows.
    """
    global _house
    _house = ZoneInfo(name)


def house_zone() -> ZoneInfo:
    """The time zone business days are reckoned in."""
    return _house


def own_zone() -> ZoneInfo:
    """The time zone the current actor reads and writes moments in: his or her own if one is set, else the house's."""
    named = current_actor().zone
    return ZoneInfo(named) if named else _house


def house_day(at: datetime) -> date:
    """The business day of a moment: the calendar day on the house's clock. `at` has a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; business days need one")
    return at.astimezone(_house).date()
