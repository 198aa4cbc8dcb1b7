"""What waits for a person: the rows he or she owns, or stands in for, in a state that wants the owner to act.

A workflow says which states these are and by when (`Workflow.waits`, `Workflow.due`); its clocks say the rest. Lists
filter by the same conditions, so that a figure and the rows behind it are one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from app.kernel.access import may
from app.kernel.actor import Actor
from app.kernel.clock import house_day
from app.kernel.fields import reads_everywhere
from app.kernel.standing import Standing, end_of_day, nearest, rows_that, told
from app.schema.kinds import DAY
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.rows import _Placed

MOST = 1000
"""Rows of one record are counted up to here; as many stand for "and more"."""
NEVER = date(9999, 12, 31)


class Wait(StrEnum):
    """How urgently a row waits. What is late or due today waits as well."""

    WAITING = "waiting"
    TODAY = "today"
    LATE = "late"


@dataclass(frozen=True)
class Waiting:
    """How many rows of a record wait for a person, how many of them are late or due today, and how many are nobody's
    yet: each `MOST` at most."""

    record: type[Record]
    waiting: int = 0
    late: int = 0
    today: int = 0
    pool: int = 0


def works(record: type[Record]) -> bool:
    """Whether rows of the record wait for their owners, as far as the current actor may be told."""
    if record.workflow is None or not record.workflow.waits or not issubclass(record, _Placed):
        return False
    return not issubclass(record, Line) and reads_everywhere(record, record.workflow.field)


def worked(actor: Actor) -> Iterator[type[Record]]:
    """The records that may hold work for an actor."""
    yield from (record for record in registry if may(actor, "read", record) and works(record))


def waits(record: Any, how: Wait, now: datetime) -> ColumnElement[bool]:
    """The rows of a record that wait for whoever owns them; `now` is a moment in UTC."""
    workflow = record.workflow
    waiting = getattr(record, workflow.field).in_(workflow.waits)
    if how is Wait.WAITING:
        return waiting
    late = _due(record, Standing.LATE, now)
    return and_(
        waiting,
        late
        if how is Wait.LATE
        else and_(_due(record, Standing.TODAY, now), func.coalesce(late, false()).is_(false())),
    )


def mine(record: Any, actor: Actor) -> ColumnElement[bool]:
    """The rows that count as an actor's own: the person's, and those of whom he or she stands in for."""
    owned: ColumnElement[bool] = record.owner_id.in_(actor.owner_ids(personal=record.personal))
    return owned


def counts(session: Session, actor: Actor, now: datetime) -> list[Waiting]:
    """What waits for the current actor, record by record, in one statement; records without any are left out."""
    records = list(worked(actor))
    if not records:
        return []
    rows = session.execute(union_all(*(_count(place, record, actor, now) for place, record in enumerate(records))))
    found = [Waiting(records[row[0]], *(int(count or 0) for count in row[1:])) for row in rows]
    return [each for each in found if each.waiting or each.pool]


def upcoming(record: Any, now: datetime) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    """Of a row: the day or moment it is due by itself, when its first clock ends, and what to sort it by, the most
    urgent first."""
    clocks = [(sla.name, promised) for sla, promised in told(record)]
    due = getattr(record, _own(record)) if _own(record) else literal(None)
    ends = nearest(record, clocks) if clocks else literal(None)
    never = literal(NEVER, Date)
    day = func.coalesce(_day(record, due), never) if _own(record) else never
    end = func.coalesce(func.date(ends), never) if clocks else never
    return due, ends, case((day <= end, day), else_=end)


def standing_of(due: date | datetime | None, ends: datetime | None, now: datetime) -> Wait:
    """`waits` of a row by what `upcoming` read of it."""
    today = house_day(now)
    day = house_day(due) if isinstance(due, datetime) else due
    passed = due < now if isinstance(due, datetime) else day is not None and day < today
    if passed or (ends is not None and ends <= now):
        return Wait.LATE
    return Wait.TODAY if day == today or (ends is not None and ends <= end_of_day(now)) else Wait.WAITING


def _own(record: Any) -> str:
    """The field a row is due by, if the current actor reads it everywhere."""
    due: str = record.workflow.due
    return due if due and reads_everywhere(record, due) else ""


def _by_day(record: Any) -> bool:
    return record.__table__.columns[_own(record)].info["kind"] is DAY


def _day(record: Any, due: Any) -> Any:
    return due if _by_day(record) else cast(func.date(due), Date)


def _due(record: Any, how: Standing, now: datetime) -> ColumnElement[bool]:
    """Rows that are late, or due today, by their own field or by a clock of theirs."""
    ways = [rows_that(record, clocks, [how], now)] if (clocks := [(s.name, p) for s, p in told(record)]) else []
    if name := _own(record):
        due, today = getattr(record, name), house_day(now)
        if _by_day(record):
            ways.append(due < today if how is Standing.LATE else due == today)
        else:
            ways.append(due < now if how is Standing.LATE else and_(due >= now, due < end_of_day(now)))
    return or_(false(), *ways)


def _count(place: int, record: Any, actor: Actor, now: datetime) -> Any:
    """The figures of one record as a statement of one row."""
    own = select(
        record.id,
        case((waits(record, Wait.LATE, now), 1), else_=0).label("late"),
        case((waits(record, Wait.TODAY, now), 1), else_=0).label("today"),
    )
    rows = own.where(mine(record, actor), waits(record, Wait.WAITING, now)).limit(MOST).subquery()
    free = select(record.id).where(record.owner_id.is_(None), waits(record, Wait.WAITING, now)).limit(MOST).subquery()
    pool: Any = select(func.count()).select_from(free).scalar_subquery() if record.pooled else literal(0)
    return select(literal(place), func.count(), func.sum(rows.c.late), func.sum(rows.c.today), pool).select_from(rows)
