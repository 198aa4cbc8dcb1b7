"""The tick of the clocks: who holds a row is warned, told when a limit has passed, and then his or her leaders are.

Whoever is on leave is told all the same, and so is the deputy, if he or she sees the row.

It looks at the present only, so that a tick missed is made up for by the next: what fell due meanwhile is told then,
level by level. Each occasion has a dedupe key of its own, and its mark is set in the same transaction.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel import clocks, history
from app.kernel.access import sees
from app.kernel.actor import Actor
from app.kernel.clock import house_day, house_zone
from app.kernel.deputies import standing_in
from app.kernel.outbox import Channel, NoticeState, tell_all
from app.kernel.permissions import load_actor, nearest_holders
from app.kernel.tables import Clock
from app.kernel.ticking import PASSED, WARNED, key_of
from app.schema.clocks import Sla, last_day, later
from app.schema.jobs import Missed, scheduled
from app.schema.notices import Urgency, topic
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import Role
from app.schema.wording import Label

MOST = 2000
"""Rows of a record that one tick looks at for one purpose; the rest waits for the next."""
DUE = topic("clocks.due", "A time limit of mine is near", "%(row)s: %(limit)s is due on %(day)s")
PASSED_BY = topic("clocks.passed", "A time limit has passed", "%(row)s: %(limit)s was due on %(day)s", Urgency.URGENT)


class StandIns:
    """The deputies of those on leave at the moment `now` of a tick, read when first asked for."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.now = now
        self._session = session
        self._actors: dict[int, Actor] = {}

    @cached_property
    def _by_absent(self) -> dict[int, set[int]]:
        return standing_in(self._session, house_day(self.now))

    def joined(self, row: Record, readers: Iterable[int]) -> set[int]:
        """The readers and their deputies, of these only who sees the row; what is personal is no deputy's."""
        told = set(readers)
        if type(row).personal:
            return told
        deputies = {deputy for reader in told for deputy in self._by_absent.get(reader, ())} - told
        return told | {deputy for deputy in deputies if self._sees(deputy, row)}

    def _sees(self, user_id: int, row: Record) -> bool:
        if user_id not in self._actors:
            self._actors[user_id] = load_actor(self._session, user_id, "job", self.now)
        with self._session.no_autoflush:
            return sees(self._session, self._actors[user_id], row)


@scheduled("clocks.tick", cron="*/5 * * * *", label="Time limits", missed=Missed.LATEST)
def tick(due: datetime, session: Session) -> dict[str, Any]:
    """Bring every clock up to the moment `due`; returns counts of what was warned of, passed and escalated."""
    terms, stand_ins = clocks.Terms(session), StandIns(session, due)
    counts = dict.fromkeys(("written", "stood", "reckoned", "warned", "passed", "escalated"), 0)
    for record in registry:
        if not (slas := {sla.name: sla for sla in clocks.clocks_of(record)}):
            continue
        rows = clocks.left_behind(session, record, MOST)
        rows += clocks.due_for_reckoning(session, record, terms, MOST)
        clocks.follow(session, rows, due, terms)
        clocks.write(session)
        session.flush()
        counts["reckoned"] += len(rows)
        for purpose, ripe in ((WARNED, _to_warn(due)), (PASSED, _passed(due))):
            counts[purpose] += _tell_holders(session, record, slas, purpose, ripe, stand_ins)
        counts["escalated"] += _escalate(session, record, slas, terms, stand_ins)
    counts["written"] = sum(counts[purpose] for purpose in ("reckoned", "warned", "passed", "escalated"))
    return counts


def _to_warn(now: datetime) -> Any:
    running = and_(Clock.stopped_at.is_(None), or_(Clock.paused_at.is_(None), Clock.promised))
    return and_(running, Clock.warned_at.is_(None), Clock.breached_at.is_(None), Clock.warn_at <= now, Clock.due > now)


def _passed(now: datetime) -> Any:
    """A limit that passed before its clock was stopped for papers has passed all the same."""
    ran = or_(Clock.paused_at.is_(None), Clock.promised, Clock.due <= Clock.paused_at)
    return and_(Clock.stopped_at.is_(None), Clock.breached_at.is_(None), Clock.due <= now, ran)


def _ripe(session: Session, record: type[Record], ripe: Any) -> list[tuple[Clock, Any]]:
    """The clocks of a record for which something is due, locked, each with its row; those without a row are gone.

    A clock somebody is just moving is left to the next tick.
    """
    mine = select(Clock).where(Clock.record == record.__tablename__, ripe).order_by(Clock.id).limit(MOST)
    found = list(session.scalars(mine.with_for_update(skip_locked=True)))
    ids = {clock.row_id for clock in found}
    rows = {row.id: row for row in session.scalars(select(record).where(record.id.in_(ids)))} if ids else {}
    if gone := ids - rows.keys():
        stray = delete(Clock).where(Clock.record == record.__tablename__, Clock.row_id.in_(gone))
        session.execute(stray.execution_options(synchronize_session=False))
    return [(clock, rows[clock.row_id]) for clock in found if clock.row_id in rows]


def _tell_holders(
    session: Session, record: type[Record], slas: dict[str, Sla], purpose: str, ripe: Any, stand_ins: StandIns
) -> int:
    """Warn who holds a row, or tell that the limit has passed: a row nobody holds is its supervisors' business."""
    found = [(clock, row) for clock, row in _ripe(session, record, ripe) if clock.name in slas]
    notices = []
    for clock, row in found:
        owner = getattr(row, "owner_id", None)
        readers = {owner} if owner else nearest_holders(session, Role.SUPERVISOR, getattr(row, "unit_id", None))
        notices += _notices(clock, row, slas[clock.name], purpose, stand_ins.joined(row, readers))
        if purpose == PASSED:
            history.note(session, row, clocks.PASSED, None, {clock.name: [None, clock.due.isoformat()]})  # type: ignore[union-attr] # it is due
    if found:
        mark = {"warned_at" if purpose == WARNED else "breached_at": stand_ins.now}
        marked = update(Clock).where(Clock.id.in_([clock.id for clock, _ in found])).values(mark)
        session.execute(marked.execution_options(synchronize_session=False))
    tell_all(session, notices)
    return len(found)


def _escalate(
    session: Session, record: type[Record], slas: dict[str, Sla], terms: clocks.Terms, stand_ins: StandIns
) -> int:
    """Tell the next level of what has been late for long enough; several levels in turn, if time went by."""
    waiting, now = [], stand_ins.now
    for sla in slas.values():
        for level, step in enumerate(sla.escalate):
            after = terms.value(step.after) if step.after else 0
            if after is not None:  # a day less than told, for a part of a day counts as one; below it is exact
                since = now - timedelta(days=max(after - 1, 0))
                waiting.append(and_(Clock.name == sla.name, Clock.level == level, Clock.due <= since))
    late = and_(Clock.stopped_at.is_(None), Clock.paused_at.is_(None), Clock.breached_at.is_not(None), or_(*waiting))
    told = 0
    for clock, row in _ripe(session, record, late) if waiting else ():
        sla, level = slas[clock.name], clock.level
        while level < len(sla.escalate) and clock.due is not None:
            step = sla.escalate[level]
            after = terms.value(step.after) if step.after else 0
            if after is None or later(terms.calendar(sla), sla.on, clock.due, after) > now:
                break
            level += 1
            readers = stand_ins.joined(row, nearest_holders(session, step.to, getattr(row, "unit_id", None)))
            tell_all(session, _notices(clock, row, sla, f"level {level}", readers - {getattr(row, "owner_id", None)}))
        if level != clock.level:
            told += level - clock.level
            raised = update(Clock).where(Clock.id == clock.id).values(level=level)
            session.execute(raised.execution_options(synchronize_session=False))
    return told


def _notices(clock: Clock, row: Any, sla: Sla, purpose: str, readers: Iterable[int]) -> list[dict[str, Any]]:
    """What readers are told of a clock."""
    assert clock.due is not None
    end = last_day(house_zone(), clock.due) if sla.on.days else clock.due.astimezone(house_zone())
    day = end.strftime("%Y-%m-%d" if sla.on.days else "%Y-%m-%d %H:%M")
    places = {"row": row.title, "limit": Label(sla.title), "day": day}
    said = DUE.says(**places) if purpose == WARNED else PASSED_BY.says(**places)
    return [
        {
            "dedupe_key": key_of(clock, purpose, reader),
            "channel": Channel.APP,
            "state": NoticeState.SENT,
            "user_id": reader,
            "subject": said,
            "body": "",
            "record": clock.record,
            "record_id": clock.row_id,
        }
        for reader in sorted(readers)
    ]
