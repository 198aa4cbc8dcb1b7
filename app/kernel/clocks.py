"""Clocks at work: each flush lets the time limits of the rows it writes start, stand still, run on and stop.

Whatever moves a state through the session (a step, an import, an edit of a promised time) moves its clocks in the same
transaction. What set-based statements moved, and what a changed calendar or limit makes of the ends, the job
``clocks.tick`` makes up for (`due_for_reckoning`, `left_behind`).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session, attributes

from app.kernel import history
from app.kernel.clock import house_zone
from app.kernel.settings import setting_value
from app.kernel.tables import Clock
from app.kernel.working_time import fingerprint, house_calendar
from app.schema.calendar import Calendar
from app.schema.clocks import HOUR, Phase, Sla, last_day, reckon
from app.schema.record import Record, kind_of
from app.schema.registry import registry
from app.schema.settings import Setting

PASSED = "time_limit_passed"
"""The verb under which the history notes that a limit has passed."""
Values = dict[str, Any]
FRESH: Values = {
    "paused_at": None,
    "pauses": [],
    "limits": "",
    "target": None,
    "reckoned": "",
    "due": None,
    "known": True,
    "warn_at": None,
    "warned_at": None,
    "breached_at": None,
    "level": 0,
    "stopped_at": None,
    "met": None,
}
table = Clock.__table__.c


def clocks_of(record: type[Record]) -> tuple[Sla, ...]:
    """The clocks declared with a record's workflow."""
    return record.workflow.clocks if record.workflow else ()


def told_by(record: type[Record], sla: Sla, promised: bool) -> tuple[str, ...]:
    """The fields that could be guessed from how a clock stands, its state among them."""
    return (*sla.told_by(promised), *([record.workflow.field] if record.workflow else []))


class Terms:
    """What limits stand at, read once for many rows: the settings and the calendar."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._values: dict[str, int | None] = {}

    def value(self, declared: Setting | None) -> int | None:
        """The value in force of a limit."""
        if declared is None:
            return None
        if declared.name not in self._values:
            self._values[declared.name] = setting_value(self._session, declared)
        return self._values[declared.name]

    def target(self, limits: tuple[Setting, ...]) -> int | None:
        """The sum of limits; None if one of them is not set."""
        values = [self.value(limit) for limit in limits]
        return None if None in values else sum(value or 0 for value in values)

    def calendar(self, sla: Sla) -> Calendar:
        """The calendar a clock runs on."""
        return self._house if sla.on.working else self._plain

    def stamp(self, sla: Sla, target: int | None) -> str:
        """What an end is reckoned by, in short; another stamp means that it has to be reckoned anew."""
        runs_on = self._fingerprint if sla.on.working else self._plain.zone.key
        return f"{target}|{self.value(sla.warn)}|{sla.on.name}|{runs_on}"[:80]

    @cached_property
    def _house(self) -> Calendar:
        return house_calendar(self._session)

    @cached_property
    def _plain(self) -> Calendar:
        return Calendar.continuous(house_zone())

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self._house)


def follow(session: Session, rows: Iterable[Record], now: datetime, terms: Terms | None = None) -> None:
    """Let the clocks of `rows` be as their states, promises and limits say; `write` then writes them.

    Called before each flush for what it is going to write, so that the field that keeps the end goes along.
    """
    by_record: dict[type[Record], list[Record]] = defaultdict(list)
    for row in rows:
        if clocks_of(type(row)):
            by_record[type(row)].append(row)
    terms = terms or Terms(session)
    with session.no_autoflush:  # a limit read meanwhile must not flush what an earlier clock has set
        for record, its in by_record.items():
            kept = _kept(session, record, [row.id for row in its if row.id is not None])
            for row in its:
                for sla in clocks_of(record):
                    _follow(session, row, sla, kept.get(row.id, {}), terms, now)


def concerned(row: Record) -> bool:
    """Whether a change of this row may concern its clocks."""
    slas = clocks_of(type(row))
    if not slas or any(callable(sla.within) for sla in slas):
        return bool(slas)
    fields = {name for sla in slas for name in (sla.counted_from, sla.until_set, sla.promise) if name}
    fields.add(type(row).workflow.field)  # type: ignore[union-attr] # it has clocks
    return any(attributes.get_history(row, name).has_changes() for name in fields)


def _kept(session: Session, record: type[Record], ids: list[int]) -> dict[int, dict[tuple[str, bool], Values]]:
    """The latest round of each clock of these rows."""
    kept: dict[int, dict[tuple[str, bool], Values]] = defaultdict(dict)
    if ids:
        mine = select(Clock.__table__).where(table.record == record.__tablename__, table.row_id.in_(ids))
        for clock in session.connection().execute(mine.order_by(table.round)).mappings():
            kept[clock["row_id"]][clock["name"], clock["promised"]] = dict(clock)
    return kept


def _follow(
    session: Session, row: Record, sla: Sla, kept: dict[tuple[str, bool], Values], terms: Terms, now: datetime
) -> None:
    _fill(row, type(row).workflow.field, sla.counted_from, sla.promise)  # type: ignore[union-attr] # it has clocks
    phase = sla.phase_of(row, getattr(row, type(row).workflow.field))  # type: ignore[union-attr] # it has clocks
    if sla.within is not None:
        before = kept.get((sla.name, False))
        clock = _turned(before, phase, _again(row, sla, phase), _start(row, sla, phase, before, now), now)
        if clock is not None:
            if sla.counted_from and clock["round"] == 1 and clock["stopped_at"] is None:
                clock["started_at"] = _moment(getattr(row, sla.counted_from)) or clock["started_at"]
            _reckon(clock, sla, terms.target(sla.limits(row)), sla.limits(row), terms, now)
            _mirror(row, sla, clock)
            _put(session, row, sla, False, before, clock, now)
    if sla.promise:
        before, promised = kept.get((sla.name, True)), _moment(getattr(row, sla.promise), end=True)
        runs = Phase.VOID if promised is None else Phase.RUN if phase is Phase.PAUSE else phase
        other = before is not None and before["due"] != promised
        clock = _turned(before, runs, other, now if promised else None, now)
        if clock is not None:
            _promise(clock, sla, promised, terms, now)
            _put(session, row, sla, True, before, clock, now)


def _fill(row: Record, *fields: str) -> None:
    """Give a new row the defaults of these fields now, which it would only get when it is written."""
    for name in fields:
        column = row.__table__.columns.get(name)
        if row.id is None and column is not None and getattr(row, name) is None and column.default is not None:
            default: Any = column.default
            setattr(row, name, default.arg(None) if default.is_callable else default.arg)


def _again(row: Record, sla: Sla, phase: Phase) -> bool:
    """Whether a clock that had ended begins anew, rather than running on as if it had not."""
    past = attributes.get_history(row, type(row).workflow.field).deleted  # type: ignore[union-attr] # it has clocks
    return phase is Phase.BEGIN or bool(past and past[0] in sla.anew)


def _start(row: Record, sla: Sla, phase: Phase, before: Values | None, now: datetime) -> datetime | None:
    """When a clock that begins now began; None where it does not begin."""
    if before is not None:
        return now
    if phase is not Phase.BEGIN and not _passes(type(row), sla):
        return None
    return _moment(getattr(row, sla.counted_from)) if sla.counted_from else now


def _moment(value: Any, *, end: bool = False) -> datetime | None:
    """A moment; of a day its begin, or its end."""
    if isinstance(value, datetime) or value is None:
        return value
    return Calendar.continuous(house_zone()).midnight(date.fromordinal(value.toordinal() + end))


def _turned(before: Values | None, phase: Phase, again: bool, start: datetime | None, now: datetime) -> Values | None:
    """A clock as `phase` wants it; None where there is none and none begins."""
    ends = phase in (Phase.MET, Phase.VOID)
    if before is None or (before["stopped_at"] is not None and again):
        if ends or start is None:
            return None
        clock = FRESH | {"round": before["round"] + 1 if before else 1, "started_at": start, "pauses": []}
    else:
        clock = dict(before)
    if ends and clock["stopped_at"] is not None:
        return clock
    stands = phase is Phase.PAUSE
    if clock["paused_at"] is not None and not stands:
        clock["pauses"] = [*clock["pauses"], [clock["paused_at"].isoformat(), now.isoformat()]]
        clock["paused_at"] = None
    elif stands and clock["paused_at"] is None:
        clock["paused_at"] = now
    clock["stopped_at"], clock["met"] = (now, phase is Phase.MET) if ends else (None, None)
    return clock


def _reckon(
    clock: Values, sla: Sla, target: int | None, limits: tuple[Setting, ...], terms: Terms, now: datetime
) -> None:
    """Find the end of a clock that has not stopped, and when to warn of it."""
    if clock["stopped_at"] is not None and clock["reckoned"]:
        return
    pauses = [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in clock["pauses"]]
    due, known, warn_at = None, True, None
    if target is not None:
        calendar, warning = terms.calendar(sla), terms.value(sla.warn)
        due, known = reckon(calendar, sla.on, clock["started_at"], target, pauses)
        if warning is not None and warning < target:
            warn_at = reckon(calendar, sla.on, clock["started_at"], target - warning, pauses).at
    clock |= {"limits": ",".join(limit.name for limit in limits), "target": target, "known": known}
    clock |= {"warn_at": warn_at, "reckoned": terms.stamp(sla, target)}
    _set_due(clock, due, now)


def _promise(clock: Values, sla: Sla, promised: datetime | None, terms: Terms, now: datetime) -> None:
    """What was promised ends when it was promised; warned of so many plain hours or days before."""
    if promised is None or clock["stopped_at"] is not None:
        return
    warning = terms.value(sla.warn)
    clock["warn_at"] = None if warning is None else promised - warning * HOUR * (24 if sla.on.days else 1)
    _set_due(clock, promised, now)


def _set_due(clock: Values, due: datetime | None, now: datetime) -> None:
    """An end that has moved to the future is a new one: nobody has been warned of it or told that it passed."""
    if due != clock["due"] and (due is None or due > now):
        clock |= {"warned_at": None, "breached_at": None, "level": 0}
    clock["due"] = due


def _mirror(row: Record, sla: Sla, clock: Values) -> None:
    """Keep the end in the record's own field: empty while the clock stands still, as it was when it was kept."""
    if not sla.due or clock["met"]:
        return
    value = None if clock["stopped_at"] is not None or clock["paused_at"] is not None else clock["due"]
    kind = kind_of(type(row), sla.due)
    if value is not None and kind is not None and kind.name == "day":
        value = last_day(house_zone(), value)
    if getattr(row, sla.due) != value:
        setattr(row, sla.due, value)


def _put(
    session: Session, row: Record, sla: Sla, promised: bool, before: Values | None, clock: Values, now: datetime
) -> None:
    """Note what `write` is to write, and that a limit had passed when its clock stopped."""
    stops = clock["stopped_at"] is not None and (before is None or before["stopped_at"] is None)
    late = stops and clock["met"] and clock["due"] is not None and clock["due"] <= now
    passed = late and clock["breached_at"] is None
    if passed:
        clock["breached_at"] = now
    pending = session.info.setdefault("clocks", [])
    if before is None or before["round"] != clock["round"]:
        clock = {key: value for key, value in clock.items() if key not in ("id", "record", "row_id")}
        pending.append((row, None, clock | {"name": sla.name, "promised": promised}))
    elif changes := {key: value for key, value in clock.items() if before[key] != value}:
        pending.append((row, before["id"], changes))
    if passed:
        pending.append((row, 0, {sla.name: [None, clock["due"].isoformat()]}))


def forget(session: Session, row: Record) -> None:
    """Take the clocks of a row that is deleted along with it."""
    if clocks_of(type(row)):
        mine = (table.record == row.__tablename__, table.row_id == row.id)
        session.connection().execute(delete(Clock.__table__).where(*mine))


def write(session: Session) -> None:
    """After the flush, when new rows have their ids: write what `follow` found."""
    pending = session.info.pop("clocks", [])
    if not pending:
        return
    connection = session.connection()
    fresh = [
        {**values, "record": type(row).__tablename__, "row_id": row.id} for row, key, values in pending if key is None
    ]
    if fresh:
        connection.execute(insert(Clock.__table__), fresh)
    for row, key, values in pending:
        if key == 0:
            history.note(session, row, PASSED, None, values)
        elif key is not None:
            connection.execute(update(Clock.__table__).where(table.id == key).values(values))


# What the session did not see


def left_behind(session: Session, record: type[Record], limit: int) -> list[Record]:
    """Rows whose clocks are not as their state wants, because a set-based statement or an import wrote them."""
    entity: Any = record
    found: list[Any] = []
    workflow: Any = record.workflow
    state = getattr(entity, workflow.field)
    states = record.__table__.columns[workflow.field].info["choices"]
    for sla in clocks_of(record):
        of = {phase: [s for s in states if sla.phase(s) is phase] for phase in Phase}
        mine = and_(table.record == record.__tablename__, table.row_id == entity.id, table.name == sla.name)
        begun = of[Phase.BEGIN] + (of[Phase.RUN] + of[Phase.PAUSE] if _passes(record, sla) else [])
        unfilled = [getattr(entity, sla.until_set).is_(None)] if sla.until_set else []
        for field, promised in ((sla.counted_from, False), (sla.promise, True)):
            given = [getattr(entity, field).is_not(None)] if field else []
            if sla.promise if promised else sla.within is not None:
                kept = exists().where(mine, table.promised.is_(promised))
                found.append(and_(state.in_(begun), *given, *unfilled, ~kept))
        running = and_(mine, table.stopped_at.is_(None))
        ended = [state.in_(of[Phase.MET] + of[Phase.VOID]), *(~empty for empty in unfilled)]
        found.append(and_(or_(*ended), exists().where(running)))
        if of[Phase.PAUSE]:
            stands, ticks = table.paused_at.is_not(None), table.paused_at.is_(None)
            limit_runs = and_(running, table.promised.is_(False))
            found.append(and_(state.in_(of[Phase.PAUSE]), exists().where(limit_runs, ticks)))
            found.append(and_(state.in_(of[Phase.RUN] + of[Phase.BEGIN]), exists().where(limit_runs, stands)))
    rows: dict[int, Record] = {}
    for condition in found:
        left = limit - len(rows)
        if left > 0:
            some = select(entity).where(condition).order_by(entity.id).limit(left).with_for_update(skip_locked=True)
            rows |= {row.id: row for row in session.scalars(some)}
    return list(rows.values())


def _passes(record: type[Record], sla: Sla) -> bool:
    """Whether every row comes by a state in which the clock begins."""
    workflow: Any = record.workflow
    return record.__table__.columns[workflow.field].info["initial"] in sla.since


def due_for_reckoning(session: Session, record: type[Record], terms: Terms, limit: int) -> list[Record]:
    """Rows whose open clocks were reckoned by another calendar, limit or warning than those in force."""
    entity: Any = record
    names = {sla.name: sla for sla in clocks_of(record)}
    open_ = (table.record == record.__tablename__, table.stopped_at.is_(None), table.promised.is_(False))
    groups = select(table.name, table.limits).where(*open_).distinct()
    stale = []
    for name, limits in session.execute(groups):
        if (sla := names.get(name)) is None:
            continue
        target = terms.target(tuple(_declared(limits)))
        stale.append(and_(table.name == name, table.limits == limits, table.reckoned != terms.stamp(sla, target)))
    if not stale:
        return []
    ids = select(table.row_id).where(*open_, or_(*stale))
    some = select(entity).where(entity.id.in_(ids)).order_by(entity.id).limit(limit)
    return list(session.scalars(some.with_for_update(skip_locked=True)))


def _declared(names: str) -> Iterable[Setting]:
    return (registry.settings[name] for name in names.split(",") if name in registry.settings)


def of_row(session: Session, row: Record) -> list[Clock]:
    """Every clock of a row, by name, the latest round first, the limit before the promise. One statement, if any."""
    if not clocks_of(type(row)):
        return []
    mine = select(Clock).where(Clock.record == type(row).__tablename__, Clock.row_id == row.id)
    return list(session.scalars(mine.order_by(Clock.name, Clock.round.desc(), Clock.promised)))
