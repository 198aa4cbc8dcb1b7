"""Times: days, moments, months, lengths of time, zones."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Date, String

from app.schema.kinds.kind import BadValue, Kind, Reader
from app.schema.kinds.samples import nth, scattered
from app.schema.rules import Rule
from app.schema.types import Seconds, UtcMoment

A_DAY = "write a day as year-month-day, such as 2026-03-31"
A_MOMENT = "write a moment such as 2026-03-31T09:30+08:00"
A_MONTH = "write a month as year-month, such as 2026-03"
A_DURATION = "write a length of time, such as 1:30, 90 min or 1h30"
_COMPARE = ("eq", "ge", "le")
_FIRST = date(2025, 1, 1)


def _day(raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw))
    except ValueError:
        raise BadValue(A_DAY) from None


def _moment(raw: Any) -> datetime:
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    except ValueError:
        raise BadValue(A_MOMENT) from None
    if moment.tzinfo is None:
        raise BadValue("say the time zone, such as 2026-03-31T09:30+08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue(A_MOMENT) from None


def _moment_words(value: datetime, reader: Reader) -> str:
    return value.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M")


def _month(raw: Any) -> str:
    text = str(raw)
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
        raise BadValue(A_MONTH)
    return text


_CLOCK = re.compile(r"(?P<h>\d{1,6}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?")
_UNITS = re.compile(
    r"(?:(?P<d>\d{1,5})(?:d|days?|天|日))?"
    r"(?:(?P<h>\d{1,6})(?:h|hrs?|hours?|小时|时))?"
    r"(?:(?P<m>\d{1,8})(?:m|mins?|minutes?|分钟|分)|(?<=h)(?P<rest>[0-5]?\d))?"
    r"(?:(?P<s>\d{1,10})(?:s|secs?|seconds?|秒钟|秒))?",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"P(?:(?P<d>\d{1,5})D)?(?:T(?:(?P<h>\d{1,6})H)?(?:(?P<m>\d{1,8})M)?(?:(?P<s>\d{1,10})S)?)?", re.IGNORECASE
)
LONGEST = timedelta(days=20_000)


def _duration(raw: Any) -> timedelta:
    """A length of time; a bare number counts minutes."""
    if isinstance(raw, timedelta):
        length = timedelta(seconds=round(raw.total_seconds()))
    elif isinstance(raw, bool):
        raise BadValue(A_DURATION)
    else:
        length = _read_duration(unicodedata.normalize("NFKC", str(raw)).replace(" ", ""))
    if not timedelta(0) <= length <= LONGEST:
        raise BadValue("a length of time is between nothing and 20,000 days")
    return length


def _read_duration(text: str) -> timedelta:
    if re.fullmatch(r"[0-9]{1,8}", text):
        return timedelta(minutes=int(text))
    found = _CLOCK.fullmatch(text) or _ISO.fullmatch(text) or _UNITS.fullmatch(text)
    parts = {unit: int(said) for unit, said in found.groupdict().items() if said} if found is not None else {}
    if not parts:
        raise BadValue(A_DURATION)
    minutes = parts.get("m", 0) + parts.get("rest", 0)
    return timedelta(days=parts.get("d", 0), hours=parts.get("h", 0), minutes=minutes, seconds=parts.get("s", 0))


def _write_duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    written = f"{minutes // 60}:{minutes % 60:02}"
    return f"{written}:{seconds:02}" if seconds else written


def iso_duration(value: timedelta) -> str:
    """As ISO 8601 writes it, in seconds: no calendar is needed to read it."""
    return f"PT{round(value.total_seconds())}S"


@cache
def _known() -> frozenset[str]:
    """Every zone, read once: Python looks through hundreds of files for them each time it is asked."""
    return frozenset(available_timezones())


@cache
def _zones() -> list[str]:
    return sorted(zone for zone in _known() if "/" in zone and not zone.startswith("Etc/"))


def _zone(raw: Any) -> str:
    text = str(raw).strip()
    if text not in _known():
        raise BadValue("write a time zone as region/city, such as Asia/Shanghai")
    return str(ZoneInfo(text))


DAY = Kind(
    "day",
    _day,
    "date",
    date.isoformat,
    {"type": "string", "format": "date"},
    _COMPARE,
    type_=Date,
    rules=(Rule("is_a_day", "isfinite({})", A_DAY, sqlite="{0} IS date({0})"),),
    draft="day",
    example=lambda number, language: _FIRST + timedelta(days=scattered(number, 730)),
)
MOMENT = Kind(
    "moment",
    _moment,
    "datetime",
    datetime.isoformat,
    {"type": "string", "format": "date-time"},
    ("ge", "le"),
    cell="moment",
    words=_moment_words,
    type_=UtcMoment,
    rules=(Rule("is_a_moment", "isfinite({})", A_MOMENT, sqlite="substr({0}, 1, 19) IS datetime({0})"),),
    draft="moment",
    example=lambda number, language: (
        datetime(2025, 1, 1, 1, tzinfo=UTC) + timedelta(minutes=scattered(number, 999_983))
    ),
)
MONTH = Kind(
    "month",
    _month,
    "month",
    schema={"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
    operators=_COMPARE,
    type_=lambda: String(7),
    longest=7,
    rules=(
        Rule(
            "is_a_month",
            "{} ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])$'",
            A_MONTH,
            sqlite="{0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]' AND substr({0}, 6) BETWEEN '01' AND '12'",
        ),
    ),
    draft="month",
    example=lambda number, language: f"{2024 + scattered(number, 36) // 12}-{scattered(number, 36) % 12 + 1:02}",
)
DURATION = Kind(
    "duration",
    _duration,
    "text",
    _write_duration,
    {"type": "string", "format": "duration"},
    _COMPARE,
    numeric=True,
    type_=Seconds,
    rules=(Rule("is_a_length_of_time", f"{{}} BETWEEN 0 AND {int(LONGEST.total_seconds())}", A_DURATION),),
    example=lambda number, language: timedelta(minutes=5 + 5 * scattered(number, 97)),
)
ZONE = Kind(
    "time zone",
    _zone,
    "suggest",
    operators=("eq",),
    longest=60,
    suggest=_zones,
    rules=(
        Rule(
            "is_a_time_zone", "length({}) BETWEEN 1 AND 60", "write a time zone as region/city, such as Asia/Shanghai"
        ),
    ),
    example=lambda number, language: nth(("Asia/Shanghai", "Asia/Urumqi", "Europe/London", "America/New_York"), number),
)

Day = Annotated[date, DAY.column()]
Moment = Annotated[datetime, MOMENT.column()]
Month = Annotated[str, MONTH.column()]
Duration = Annotated[timedelta, DURATION.column()]
Zone = Annotated[str, ZONE.column()]
