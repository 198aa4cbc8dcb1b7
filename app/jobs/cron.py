"""When a job is due: its cron line, read on the house's clock, also where that clock is put forward or back."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from app.schema.errors import DeclarationError
from app.schema.jobs import Job
from app.schema.registry import Registry


@lru_cache(maxsize=500)
def trigger(cron: str, zone: ZoneInfo) -> CronTrigger:
    """The trigger of a cron line of five fields: minute, hour, day of month, month, day of week.

    Days of the week are written by name, because APScheduler counts from Monday and cron from Sunday; a day of
    the month and a day of the week must both hold. Raises `DeclarationError` for what is no such line.
    """
    fields = cron.split()
    if len(fields) == 5 and re.search(r"(?<!/)\d", re.sub(r"[a-z]+", "", fields[4])):
        raise DeclarationError(f"cron {cron!r} counts the days of the week; write mon, tue, … sun")
    try:
        return CronTrigger.from_crontab(cron, zone)
    except (ValueError, TypeError) as error:
        raise DeclarationError(f"{cron!r} is no cron line ({error}); write one such as '0 8 * * mon-fri'") from None


def fires(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Every moment the line falls due after `after`, in UTC, oldest first; none for an empty line.

    A line with fixed hours is due once a day: skipped hours in spring make it late by the skip, and the hour that
    comes twice in autumn counts once. A line with ``*`` hours goes by elapsed time and counts both.
    """
    if not cron:
        return
    ticks, by_the_wall = trigger(cron, zone), not cron.split()[1].startswith("*")
    moment: datetime | None = after.astimezone(zone)
    while (moment := ticks.get_next_fire_time(moment, moment)) is not None:
        if not (moment.fold and by_the_wall):
            yield moment.astimezone(UTC)


def next_fire(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first moment after `after` at which the line falls due; None for a job that never starts by itself."""
    return next(fires(cron, zone, after), None)


def fires_until(cron: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    """What fell due after `after`, up to and including `until`."""
    return list(takewhile(lambda due: due <= until, fires(cron, zone, after)))


def check(registry: Registry, zone: ZoneInfo) -> None:
    """Raise `DeclarationError` that names the first job whose cron line cannot be read."""
    for job in registry.jobs:
        _checked(job, zone)


def _checked(job: Job, zone: ZoneInfo) -> None:
    try:
        if job.cron:
            trigger(job.cron, zone)
    except DeclarationError as error:
        raise DeclarationError(f"job {job.name!r}: {error}") from None
