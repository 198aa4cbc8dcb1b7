"""A private value shown in full: to who may, for a reason, so often a day, and written down before it is shown."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel import history, outbox, permissions
from app.kernel.access import may, within
from app.kernel.actor import Actor, current_actor
from app.kernel.clock import house_day
from app.kernel.database import insert
from app.kernel.settings import setting_value
from app.kernel.tables import RevealsOfDay
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.kinds import INTEGER, File, Reader
from app.schema.notices import Urgency, topic
from app.schema.record import Record, kind_of, policy_name
from app.schema.roles import Role, Scope
from app.schema.settings import setting
from app.schema.wording import Sentence

QUOTA = setting("privacy.reveals", 100, INTEGER, "Private values shown in full per person", "a day")
SHORTEST_REASON = 4
USED_UP = topic(
    "privacy.reveals",
    "Somebody has used up the day's private values",
    "%(who)s has used up the day's private values",
    Urgency.URGENT,
)


def may_reveal(actor: Actor, row: Record) -> bool:
    """Whether the actor may have private values of a row he or she sees shown in full."""
    name = policy_name(type(row))
    scope = actor.scope("reveal", name)
    if actor.user_id is None or scope == Scope.NONE:
        return False
    return scope >= actor.scope("read", name) or within(actor, scope, row)


def reveal(session: Session, row: Record, field: str, reason: str) -> str:
    """The value of a private field of a row the current actor sees. Commits that it was shown, before it is.

    Raises `NotFound` for a field that is not private or not the actor's to read, `NotPermitted`, and `Refusal` without
    a reason or when the day's quota is used up.
    """
    actor, kind = current_actor(), kind_of(type(row), field)
    if kind is None or not kind.private or not may(actor, "read", row, field):
        raise NotFound("There is nothing to show in full here.")
    if not may_reveal(actor, row) or actor.user_id is None:
        raise NotPermitted("You may not have private values shown in full here.")
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise Refusal("Say why you need the whole value.", field="reason")
    value = getattr(row, field)
    if value is None:
        raise NotFound("There is nothing to show in full here.")
    most, now = setting_value(session, QUOTA) or 0, datetime.now(UTC)
    used = _count(session, actor.user_id, now, most)
    if used is None:
        raise Refusal("You have had %(most)d values shown in full today; that is the limit of a day.", most=most)
    history.note(session, row, "reveal", reason, {"field": field})
    if used == most:
        _tell(session, actor, now, most)
    session.commit()
    return kind.told(value, Reader()) if isinstance(value, File) else kind.write(value)


def _count(session: Session, user_id: int, now: datetime, most: int) -> int | None:
    """Count one more of the day, if there may be one; how many it makes. One statement, so that none slips between."""
    table: Any = RevealsOfDay.__table__
    day = house_day(now)
    session.execute(
        insert(session, RevealsOfDay).values(user_id=user_id, day=day, count=0).on_conflict_do_nothing(),
    )
    mine = (table.c.user_id == user_id, table.c.day == day, table.c.count < most)
    counted = update(table).where(*mine).values(count=table.c.count + 1).returning(table.c.count)
    return session.execute(counted).scalar_one_or_none()


def _tell(session: Session, actor: Actor, now: datetime, most: int) -> None:
    """Let every manager know that somebody has used up the day's quota."""
    day = house_day(now)
    for manager in sorted(permissions.holders(session, Role.MANAGER)):
        key = f"privacy.reveals/{day}/{actor.user_id}/{manager}"
        subject = USED_UP.says(who=actor.name)
        what = {"who": actor.name, "count": most, "day": day}
        body = Sentence("%(count)s private values were shown in full to %(who)s on %(day)s.", **what)
        outbox.tell(session, key, manager, subject, body)
