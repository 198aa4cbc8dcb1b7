"""Cells that hold a day, a moment or a month, in the forms people and machines write them."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from app.kernel.sheets.errors import CellError, shown
from app.kernel.sheets.words import half_width, written

Order = Literal["ymd", "mdy", "dmy"]

PIVOT = 50
"""Two-digit years below it are 2000 to 2049, the others 1950 to 1999: the cut-off of Windows and SQL Server.

Whoever knows the file better names another: with 30, years below it are 2000 to 2029, the others 1930 to 1999."""

_FIRST_YEAR = 1900
_ORDERS = {"ymd": "year-month-day", "mdy": "month/day/year", "dmy": "day/month/year"}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
            ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"),
            ("nov", "november"), ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip

_SEPARATED = r"[-/. ]"
_NAME = r"(?P<name>[A-Z]{3,9})\.?"
_YEAR = r"(?P<y>[0-9]{4})"
_YEAR_LAST = r"(?P<y>[0-9]{4}|[0-9]{2})"
_DAY = r"(?P<d>[0-9]{1,2})"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Forms that say themselves which part is which.
_CLEAR = (
    _form(rf"{_YEAR} ?(?P<s>[-/.]) ?(?P<m>[0-9]{{1,2}}) ?(?P=s) ?{_DAY}"),
    _form(rf"{_YEAR} ?年 ?(?P<m>[0-9]{{1,2}}) ?月 ?{_DAY} ?[日号號]?"),
    _form(r"(?P<y>(?:19|20|21)[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    _form(rf"{_DAY}(?:st|nd|rd|th)?{_SEPARATED}?{_NAME}(?:,? |[-/.])?{_YEAR_LAST}"),
    _form(rf"{_NAME}{_SEPARATED}?{_DAY}(?:st|nd|rd|th)?(?:, ?|{_SEPARATED}){_YEAR}"),
    _form(rf"{_YEAR}{_SEPARATED}?{_NAME}{_SEPARATED}?{_DAY}"),
)
# 98年3月5日 is 1998 here and 2009 in Taiwan: read only where the column says how its two-digit years turn.
_SHORT_YEAR = _form(rf"(?P<y>[0-9]{{2}}) ?年 ?(?P<m>[0-9]{{1,2}}) ?月 ?{_DAY} ?[日号號]?")
_THREE = re.compile(r"([0-9]{1,2}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?([0-9]{4}|[0-9]{1,2})")
_MONTH_FORMS = (
    _form(rf"{_YEAR} ?[-/年] ?(?P<m>[0-9]{{1,2}}) ?月?份?"),
    _form(rf"{_YEAR}\.(?P<m>[0-9]{{2}})"),  # 2011.1 may be an October that lost its zero
    _form(r"(?P<y>(?:19|20|21)[0-9]{2})(?P<m>[0-9]{2})"),
    _form(rf"(?P<m>[0-9]{{1,2}}) ?[-/.] ?{_YEAR}"),
    _form(rf"{_NAME}(?:, ?|{_SEPARATED})?{_YEAR_LAST}"),
    _form(rf"{_YEAR}{_SEPARATED}?{_NAME}"),
)
_TIMED = _form(
    r"(?P<day>.*?[0-9日号號])(?:T| ?)(?P<half>上午|下午)?(?<=[T 午]) ?(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)? ?(?P<noon>[AP]\.?M\.?)? ?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)

# Day numbers of a spreadsheet. Those before March 1900 are off by one (it believes in 29 February 1900).
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet knows no time zone
_FIRST_SERIAL, _LAST_SERIAL = 61, 2_958_465


def to_day(raw: object, order: Order = "ymd", pivot: int | None = None) -> date | None:
    """The day a cell holds; a blank cell gives None.

    Read in any `order`: 2011-01-31, 2011/1/31, 20110131, 2011年1月31日, 31-Jan-2011, January 31, 2011, with or without
    a time of day. 1/31/2011 needs `order` "mdy", 31/1/2011 needs "dmy", 11-1-31 "ymd"; what contradicts the order, or
    is silent on day and month, is refused rather than guessed. Two-digit years turn at `pivot`, by default at `PIVOT`;
    11年1月31日 is read only where it is given. Numbers are day numbers only if they come as numbers, out of a workbook,
    and not if they look like a year.
    """
    found = _naive(raw, order, pivot)
    if isinstance(found, datetime) and found.tzinfo is not None:
        raise CellError(
            "“%(value)s” names a time zone, so the day depends on the place; write the day alone, such as 2011-01-31",
            value=shown(raw),
        )
    return found.date() if isinstance(found, datetime) else found


def to_moment(raw: object, zone: tzinfo, order: Order = "ymd", pivot: int | None = None) -> datetime | None:
    """The moment a cell holds, in UTC; a blank cell gives None.

    A day in any form `to_day` reads, with a time such as 13:45, 13:45:10 or 1:45 PM; a day alone is its midnight. The
    cell is read on the clock of `zone` unless it names an offset (2011-01-31T13:45+08:00). Times that a change of
    clocks skips or repeats are refused.
    """
    found = _naive(raw, order, pivot)
    if found is None:
        return None
    local = found if isinstance(found, datetime) else datetime.combine(found, time())
    try:
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() == second.utcoffset():
            return first.astimezone(UTC)
    except OverflowError:
        raise _no_day(raw) from None
    raise CellError(
        "“%(value)s” falls into a change of clocks and names no single moment; add the offset, such as +08:00",
        value=shown(raw),
    )


def to_month(raw: object, order: Order = "ymd", pivot: int | None = None) -> str | None:
    """The month a cell holds as "2011-01"; a blank cell gives None.

    Read: 2011-01, 2011/1, 1/2011, 201101, 2011年1月, Jan 2011, Jan-11, and any day `to_day` reads, for its month.
    """
    text = half_width(written(raw))
    for form in _MONTH_FORMS:
        if (found := form.fullmatch(text)) and (month := _month(found)):
            if not 1 <= month <= 12:
                raise CellError(
                    "“%(value)s”: there is no month %(month)d; write it as 2011-01", value=text, month=month
                )
            return f"{_year(found['y'], pivot)}-{month:02}"
    try:
        day = to_day(raw, order, pivot)
    except CellError:
        raise CellError("“%(value)s” is not a month; write it as 2011-01", value=shown(raw)) from None
    return f"{day:%Y-%m}" if day else None


def _naive(raw: object, order: Order, pivot: int | None) -> date | datetime | None:
    """A day, or a day with a time; with a zone only if the cell names one."""
    match raw:
        case datetime() | date():
            return raw
        case time() | timedelta():
            raise _no_day(raw)
        case float() if raw.is_integer():
            return _numbered(int(raw))
        case int() | float():
            return _numbered(raw)
    text = half_width(written(raw))
    return _parse(text, order, pivot) if text else None


def _numbered(number: float) -> date | datetime:
    if isinstance(number, int) and (form := _CLEAR[2].fullmatch(str(number))):
        return _calendar_day(str(number), *(int(form[part]) for part in "ymd"))
    if not _FIRST_SERIAL <= number < _LAST_SERIAL + 1 or _FIRST_YEAR <= number <= 2100:
        raise _no_day(number)
    moment = _EPOCH + timedelta(seconds=round(number * 86_400))
    return moment.date() if isinstance(number, int) else moment


@lru_cache(maxsize=4096)
def _parse(text: str, order: Order, pivot: int | None) -> date | datetime:
    """Files repeat their days by the thousand, hence the cache; it holds immutable values only."""
    timed = _TIMED.fullmatch(text)
    if timed is None:
        return _parse_day(text, order, pivot, text)
    day = _parse_day(timed["day"].strip(), order, pivot, text)
    hour, minute, second = (int(timed[part] or 0) for part in ("hour", "minute", "second"))
    afternoon = timed["half"] == "下午" or (timed["noon"] or "").upper().startswith("P")
    if timed["half"] or timed["noon"]:
        hour = hour % 12 + 12 * afternoon if 1 <= hour <= 12 else 24
    fraction = int((timed["part"] or "0").ljust(6, "0")[:6])
    try:
        offset = datetime.strptime(timed["zone"].replace(":", ""), "%z").tzinfo if timed["zone"] else None
        return datetime.combine(day, time(hour, minute, second, fraction, tzinfo=offset))
    except ValueError:
        raise CellError(
            "“%(value)s” has no such time of day; write it as 2011-01-31 13:45", value=shown(text)
        ) from None


def _parse_day(text: str, order: Order, pivot: int | None, whole: str) -> date:
    for form in _CLEAR if pivot is None else (*_CLEAR, _SHORT_YEAR):
        if (found := form.fullmatch(text)) and (month := _month(found)) is not None:
            return _calendar_day(whole, _year(found["y"], pivot), month, int(found["d"]))
    three = _THREE.fullmatch(text)
    if three is None or (order != "ymd" and len(three[4]) == 1):
        raise _no_day(whole)
    first, second, third = three[1], three[3], three[4]
    if order == "ymd":
        if len(third) == 4 or len(first) == 1:
            raise CellError(
                "“%(value)s” does not say whether the day or the month comes first; "
                "write it as 2011-01-31, or set the order of this column",
                value=shown(whole),
            )
        year, numbered, day = first, int(second), third
    elif order == "mdy":
        numbered, day, year = int(first), second, third
    else:
        day, numbered, year = first, int(second), third
    if numbered > 12:
        raise CellError(
            "“%(value)s” does not fit the order %(order)s of this column, for there is no month %(month)d; "
            "write it as 2011-01-31, or set the order of this column",
            value=shown(whole),
            order=_ORDERS[order],
            month=numbered,
        )
    return _calendar_day(whole, _year(year, pivot), numbered, int(day))


def _month(found: re.Match[str]) -> int | None:
    """The month of a form, by number or by English name; None if the name is no month's."""
    parts = found.groupdict()
    return _MONTHS.get(parts["name"].casefold()) if "name" in parts else int(parts["m"])


def _year(text: str, pivot: int | None) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < (PIVOT if pivot is None else pivot) else 1900)


def _calendar_day(whole: str, year: int, month: int, day: int) -> date:
    if year < _FIRST_YEAR:
        raise CellError("“%(value)s” lies before 1900; write the year in four digits, such as 2011", value=shown(whole))
    if not 1 <= month <= 12:
        raise CellError(
            "“%(value)s”: there is no month %(month)d; write the day as 2011-01-31",
            value=shown(whole),
            month=month,
        )
    days = monthrange(year, month)[1]
    if not 1 <= day <= days:
        raise CellError(
            "“%(value)s” is not in the calendar: %(month)s has %(days)d days; write the day that is meant",
            value=shown(whole),
            month=f"{year}-{month:02}",
            days=days,
        )
    return date(year, month, day)


def _no_day(raw: object) -> CellError:
    return CellError("“%(value)s” is not a day; write it as 2011-01-31", value=shown(written(raw)))
