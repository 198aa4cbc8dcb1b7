"""What happened to the clocks of a row, as its timeline tells it, and by what names readers are told of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.kernel.history.reading import Happening, Place
from app.kernel.standing import standing
from app.kernel.tables import Clock

STARTED, PAUSED, RESUMED, WARNED, PASSED = "started", "paused", "resumed", "warned", "passed"
_KEY = re.compile(r"clocks\.tick:(\d{1,10}):(warned|passed|level \d+):(.+):\d+")


@dataclass(frozen=True)
class Tick:
    """One thing that happened to a clock: that it started, stood still, ran on, was warned of; or how it ended.

    That a limit passed is no tick, for the history has an entry of it; whom it was escalated to, notices say.
    """

    clock: Clock
    what: str


@dataclass(frozen=True)
class Occasion:
    """What somebody was told of a clock: ``warned``, ``passed`` or ``level 1`` and so on, and the end it was about."""

    clock_id: int
    what: str
    due: datetime


def key_of(clock: Clock, what: str, reader: int) -> str:
    """The dedupe key of a notice to a reader; it names the end, so that an end that has moved is told of anew."""
    assert clock.due is not None, "nobody is told of what has no end"
    return f"clocks.tick:{clock.id}:{what}:{clock.due.isoformat()}:{reader}"


def occasion_of(key: str) -> Occasion | None:
    """The occasion of a notice with that key; None for one that is not about a clock."""
    found = _KEY.fullmatch(key)
    return Occasion(int(found[1]), found[2], datetime.fromisoformat(found[3])) if found else None


def told_of(what: str) -> bool:
    """Whether it is something that readers are told of."""
    return what in (WARNED, PASSED) or what.startswith("level ")


def happenings(rounds: Iterable[Clock], now: datetime) -> list[Happening]:
    """What happened up to now to the clocks of one row, the oldest first."""
    found: list[tuple[datetime, Tick]] = []
    for clock in rounds:
        times = [(clock.started_at, STARTED)]
        for since, until in clock.pauses:
            times.append((datetime.fromisoformat(since), PAUSED))
            if (resumed := datetime.fromisoformat(until)) != clock.stopped_at:
                times.append((resumed, RESUMED))
        if clock.paused_at is not None:
            times.append((clock.paused_at, PAUSED))
        if clock.warned_at is not None:
            times.append((clock.warned_at, WARNED))
        if clock.stopped_at is not None:
            times.append((clock.stopped_at, standing(clock, clock.stopped_at).value))
        found += [(at, Tick(clock, what)) for at, what in times if at <= now]
    found.sort(key=lambda each: (each[0], each[1].clock.id))
    return [Happening(Place(at, "clock", number), tick) for number, (at, tick) in enumerate(found)]
