"""How a clock stands: late, due today, standing still… Told of one clock, and as a condition on the rows of many.

Both say the same of every clock, and each clock stands in one way: what a row's page calls late a list finds as late.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from app.kernel.clock import house_day, house_zone
from app.kernel.clocks import clocks_of, told_by
from app.kernel.fields import reads_everywhere
from app.kernel.tables import Clock
from app.schema.calendar import DAY, Calendar
from app.schema.clocks import Sla
from app.schema.record import Record


class Standing(StrEnum):
    """How a clock stands at a moment."""

    LATE = "late"
    TODAY = "today"
    SOON = "soon"
    RUNNING = "running"
    PAUSED = "paused"
    UNLIMITED = "unlimited"
    KEPT = "kept"
    KEPT_LATE = "kept_late"
    VOID = "void"


ENDED = (Standing.KEPT, Standing.KEPT_LATE, Standing.VOID)


def end_of_day(now: datetime) -> datetime:
    """The midnight that ends the business day of a moment, in UTC; what ends then is due today."""
    return Calendar.continuous(house_zone()).midnight(house_day(now) + DAY)


def standing(clock: Clock, now: datetime) -> Standing:
    """How a clock stands at a moment."""
    if clock.stopped_at is not None:
        if not clock.met:
            return Standing.VOID
        late = clock.due is not None and clock.due <= clock.stopped_at
        return Standing.KEPT_LATE if late else Standing.KEPT
    if clock.due is None:
        return Standing.UNLIMITED
    paused_at = None if clock.promised else clock.paused_at
    if clock.due <= min(now, paused_at or now):
        return Standing.LATE
    if paused_at is not None:
        return Standing.PAUSED
    if clock.due <= end_of_day(now):
        return Standing.TODAY
    return Standing.SOON if clock.warn_at is not None and clock.warn_at <= now else Standing.RUNNING


def stands(wanted: Standing, now: datetime) -> ColumnElement[bool]:
    """`standing`, as a condition on clocks."""
    if wanted in ENDED:
        ended = and_(Clock.stopped_at.is_not(None), Clock.met.is_(True))
        late = and_(Clock.due.is_not(None), Clock.due <= Clock.stopped_at)
        in_time = or_(Clock.due.is_(None), Clock.due > Clock.stopped_at)
        unkept = and_(Clock.stopped_at.is_not(None), or_(Clock.met.is_(None), Clock.met.is_(False)))
        return {Standing.KEPT: and_(ended, in_time), Standing.KEPT_LATE: and_(ended, late)}.get(wanted, unkept)
    tonight, ticks = end_of_day(now), or_(Clock.paused_at.is_(None), Clock.promised)
    coming = and_(ticks, Clock.due > tonight)
    found: dict[Standing, ColumnElement[bool]] = {
        Standing.LATE: and_(Clock.due <= now, or_(ticks, Clock.due <= Clock.paused_at)),
        Standing.PAUSED: and_(~ticks, or_(Clock.due > now, Clock.due > Clock.paused_at)),
        Standing.TODAY: and_(ticks, Clock.due > now, Clock.due <= tonight),
        Standing.SOON: and_(coming, Clock.warn_at <= now),
        Standing.RUNNING: and_(coming, or_(Clock.warn_at.is_(None), Clock.warn_at > now)),
        Standing.UNLIMITED: Clock.due.is_(None),
    }
    return and_(Clock.stopped_at.is_(None), found[wanted])


def possible(sla: Sla, promised: bool) -> tuple[Standing, ...]:
    """How the clock of a limit, or of its promise, may stand by what is declared, the most urgent first."""
    never = set()
    if sla.warn is None:
        never.add(Standing.SOON)
    if promised or not sla.paused:
        never.add(Standing.PAUSED)
    if promised:
        never.add(Standing.UNLIMITED)
    return tuple(each for each in Standing if each not in never)


def told(record: type[Record]) -> list[tuple[Sla, bool]]:
    """The clocks of a record, each with whether it is the promise, that give the current actor no hidden field away."""
    return [
        (sla, promised)
        for sla in clocks_of(record)
        for promised, there in ((False, sla.within is not None), (True, bool(sla.promise)))
        if there and all(reads_everywhere(record, name) for name in told_by(record, sla, promised))
    ]


def rows_that(
    record: type[Record], clocks: Iterable[tuple[str, bool]], wanted: Iterable[Standing], now: datetime
) -> ColumnElement[bool]:
    """The rows of a record of which any of these clocks, each a name and whether it is the promise, stands as wanted.

    Of a clock that began several times the latest round counts.
    """
    wanted = list(wanted)
    ways = [stands(each, now) for each in wanted if each not in ENDED]
    if ended := [stands(each, now) for each in wanted if each in ENDED]:
        again: Any = aliased(Clock)
        same = [getattr(again, key) == getattr(Clock, key) for key in ("record", "row_id", "name", "promised")]
        later = (again.round > Clock.round, again.round > 1)  # the second lets the planner know how few there are
        ways.append(and_(or_(*ended), ~exists().where(*same, *later)))
    mine = select(Clock.row_id).where(_of(record, clocks), or_(false(), *ways))
    entity: Any = record
    return entity.id.in_(mine)


def nearest(record: type[Record], clocks: Iterable[tuple[str, bool]]) -> ScalarSelect[datetime | None]:
    """When the first of these clocks of a row ends, of those that tick or had passed before they were stopped."""
    entity: Any = record
    passed = or_(Clock.paused_at.is_(None), Clock.promised, Clock.due <= Clock.paused_at)
    ends = select(func.min(Clock.due)).where(Clock.stopped_at.is_(None), passed, Clock.row_id == entity.id)
    return ends.where(_of(record, clocks)).correlate(entity).scalar_subquery()


def _of(record: type[Record], clocks: Iterable[tuple[str, bool]]) -> ColumnElement[bool]:
    return and_(Clock.record == str(record.__tablename__), or_(false(), *_named(clocks)))


def _named(clocks: Iterable[tuple[str, bool]]) -> Iterator[ColumnElement[bool]]:
    """One condition for each name: on the limit, on the promise, or on both alike."""
    sorts = defaultdict[str, set[bool]](set)
    for name, promised in clocks:
        sorts[name].add(promised)
    for name, those in sorts.items():
        named = Clock.name == name
        yield named if len(those) == 2 else and_(named, Clock.promised.is_(True in those))
