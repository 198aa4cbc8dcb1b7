"""Cron lines on the house's clock, also where it is put forward or back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.jobs import cron
from app.kernel.ledger import period_key
from app.schema.errors import DeclarationError
from app.schema.jobs import Job
from app.schema.registry import Registry

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def keys(line: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[str]:
    return [period_key(due, zone) for due in cron.fires_until(line, zone, after, until)]


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_a_line_is_read_on_the_clock_of_the_house() -> None:
    due = cron.next_fire("0 8 * * *", SHANGHAI, datetime(2011, 1, 29, 23, 59, tzinfo=UTC))
    assert due == datetime(2011, 1, 30, 0, 0, tzinfo=UTC)
    assert period_key(due, SHANGHAI) == "2011-01-30T08:00"


def test_the_moment_itself_is_not_after_itself_but_until_itself() -> None:
    eight = at("2011-01-30T08:00", SHANGHAI)
    assert cron.next_fire("0 8 * * *", SHANGHAI, eight) == eight + timedelta(days=1)
    assert keys("0 8 * * *", SHANGHAI, eight, eight + timedelta(days=1)) == ["2011-01-31T08:00"]


def test_a_day_and_a_weekday_must_both_hold() -> None:
    first = cron.next_fire("0 6 1 * mon-fri", SHANGHAI, at("2011-01-02T00:00", SHANGHAI))
    assert first is not None
    assert period_key(first, SHANGHAI) == "2011-02-01T06:00"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("30 2 * * *", ["2011-03-26T02:30", "2011-03-27T03:30", "2011-03-28T02:30"]),
        ("0 3 * * *", ["2011-03-26T03:00", "2011-03-27T03:00", "2011-03-28T03:00"]),
    ],
)
def test_the_clock_put_forward_loses_no_day(line: str, expected: list[str]) -> None:
    assert keys(line, BERLIN, at("2011-03-26T00:00"), at("2011-03-28T23:00")) == expected


def test_the_clock_put_back_doubles_no_day() -> None:
    found = keys("30 2 * * *", BERLIN, at("2011-10-29T00:00"), at("2011-10-31T23:00"))
    assert found == ["2011-10-29T02:30", "2011-10-30T02:30", "2011-10-31T02:30"]


def test_work_by_the_hour_goes_by_elapsed_time_and_every_hour_has_its_own_key() -> None:
    start = at("2011-10-30T00:30").astimezone(UTC)
    dues = cron.fires_until("0 * * * *", BERLIN, start, start + timedelta(hours=5))
    assert [after - before for before, after in pairwise(dues)] == [timedelta(hours=1)] * 4
    assert [period_key(due, BERLIN) for due in dues] == [
        *("2011-10-30T01:00", "2011-10-30T02:00", "2011-10-30T02:00+01:00"),
        *("2011-10-30T03:00", "2011-10-30T04:00"),
    ]


def test_a_job_on_request_is_never_due_by_itself() -> None:
    assert cron.next_fire("", SHANGHAI, datetime(2011, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("line", ["0 8 * *", "0 25 * * *", "eight", "0 8 * * someday", "0 0 0 8 * * *"])
def test_what_is_no_cron_line_names_its_job(line: str) -> None:
    registry = Registry()
    registry.jobs.add("renewals.pool", Job("renewals.pool", line, lambda due, session: None, "Pool"))
    with pytest.raises(DeclarationError, match=r"job 'renewals\.pool'"):
        cron.check(registry, SHANGHAI)


@pytest.mark.parametrize("line", ["0 8 * * 1", "0 8 * * 1-5", "0 8 * * mon,3"])
def test_days_of_the_week_are_named_because_two_ways_of_counting_them_exist(line: str) -> None:
    with pytest.raises(DeclarationError, match="write mon, tue"):
        cron.trigger(line, SHANGHAI)


def test_every_declared_job_can_be_read() -> None:
    registry = Registry()
    for n, line in enumerate(("* * * * *", "0 8 * * mon-fri", "*/5 9-18 * * *", "0 6 1 * *", "0 8 * * */2", "")):
        registry.jobs.add(f"job{n}", Job(f"job{n}", line, lambda due, session: None, "x"))
    cron.check(registry, SHANGHAI)
