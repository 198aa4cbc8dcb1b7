"""Giving all the work of somebody who leaves, or changes post, to others: record by record, to one or several.

Rows are taken by id in batches, each in a transaction of the caller's together with how far the work is: it may be
killed at any moment and gone on with, and those concerned are told once, with the last batch. Several new owners of
a record get its rows in turn, whoever has the fewest first. (The fair allocation of renewals is not asked: it weighs
premiums, which most records have not, and leaves out who is away, while here somebody has to be given every row.)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from app.kernel.access import reachable
from app.kernel.actor import Actor, acting, current_actor, on_behalf
from app.kernel.handing import NOT_YOURS, counted, hand, may_hand_over, units_of
from app.kernel.outbox import tell
from app.kernel.permissions import called, eligible
from app.kernel.tables import WorkGiven
from app.kernel.workflow import states_of
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.notices import topic
from app.schema.record import Record, plural_msgid
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import _Placed
from app.schema.wording import Sentence

PAGE = "page:leaving"
"""The permission to give away the work of those one leads."""
BATCH = 100
"""Rows handed over in one transaction."""
MOST = 20
"""New owners of one record."""
TOLD = 20
"""Refused rows of a record that are named; the others are counted."""
GIVEN = topic("leaving.given", "Work of somebody who leaves comes to me", "%(who)s gives you work of %(of)s")
TAKEN = topic("leaving.taken", "My work is given to others", "%(who)s gives your work to %(to)s")


class _Undone(Exception):
    """What was tried is taken back."""


@dataclass(frozen=True)
class Held:
    """How many rows of a record somebody owns: open ones, and closed ones."""

    record: type[Record]
    open: int
    closed: int


def closed_states(record: type[Record]) -> tuple[Any, ...]:
    """The states no step leaves: what is closed stays with whom it was closed by."""
    workflow = record.workflow
    return () if workflow is None else tuple(s for s in states_of(record) if workflow.is_final(s))


def _open(record: Any) -> Any:
    """The rows that are not closed, as a condition."""
    if record.workflow is None:
        return true()
    return getattr(record, record.workflow.field).not_in(closed_states(record))


def _gives(actor: Actor, record: type[Record]) -> bool:
    """Whether the actor hands over rows of the record; what is personal is nobody else's work."""
    return may_hand_over(actor, record) and not record.personal


def owned(session: Session, user_id: int) -> Iterator[Held]:
    """What somebody owns of each record the current actor hands over, as far as he or she may hand it over."""
    for record in registry:
        if _gives(current_actor(), record):
            yield _held(session, record, user_id)


def open_rows(session: Session, user_id: int) -> int:
    """How many rows somebody owns that are not closed: a number for whoever lets him or her go, and nothing of them."""
    placed = [record for record in registry if issubclass(record, _Placed)]
    with on_behalf("letting somebody go"):
        found = [_held(session, record, user_id) for record in placed if not (record.owned_by or record.personal)]
    return sum(held.open for held in found)


def _held(session: Session, record: Any, user_id: int) -> Held:
    mine = [record.owner_id == user_id, reachable("edit", record)]
    if record.workflow is None:
        return Held(record, session.scalar(select(func.count(record.id)).where(*mine)) or 0, 0)
    state = getattr(record, record.workflow.field)
    rows = session.execute(select(state, func.count(record.id)).where(*mine).group_by(state))
    closed, found = closed_states(record), [0, 0]
    for value, count in rows:
        found[value in closed] += count
    return Held(record, *found)


def may_give(actor: Actor, user_id: int | None, unit_id: int | None) -> bool:
    """Whether the actor gives away the work of a user in that unit: who leads the team, or everybody.

    Which rows, the policy of each record says.
    """
    reach = actor.scope("open", PAGE)
    return user_id is not None and (reach == Scope.ALL or (reach == Scope.TEAM and unit_id in actor.unit_ids))


def even(count: int, to: list[int]) -> dict[int, int]:
    """How many of `count` rows each of some new owners gets, in turn."""
    return {user_id: count // len(to) + (n < count % len(to)) for n, user_id in enumerate(to)}


def check(session: Session, user_id: int, shares: Mapping[type[Record], list[int]]) -> None:
    """Raise `Refusal` unless every new owner is one to whom the current actor may hand rows of the record."""
    actor = current_actor()
    for record, to in shares.items():
        name = plural_msgid(record)
        if not _gives(actor, record):
            raise NotPermitted(NOT_YOURS)
        if len(to) > MOST:
            raise Refusal("%(records)s: choose at most %(most)d people.", records=name, most=MOST)
        if user_id in to:
            raise Refusal("%(records)s: choose somebody else than who leaves.", records=name)
        if set(to) - eligible(session, record, actor, to):
            raise Refusal("%(records)s: choose from those who may have it.", records=name)


def obstacle(session: Session, record: type[Record], user_id: int, to: int) -> Refusal | None:
    """What stands against giving a new owner the first of the open rows; tried, and undone."""
    row = next(iter(_next(session, record, user_id, 0, 1)), None)
    if row is None:
        return None
    try:
        with session.begin_nested():
            hand(session, row, to, units_of(session, [to]).get(to), current_actor(), among_many=True)
            raise _Undone
    except _Undone:
        return None
    except Refusal as refusal:
        return refusal


def unfinished(session: Session, user_id: int) -> WorkGiven | None:
    """The giving away of somebody's work that was begun and not finished, if there is one."""
    mine = select(WorkGiven).where(WorkGiven.user_id == user_id, WorkGiven.finished_at.is_(None))
    return session.scalars(mine.order_by(WorkGiven.id).limit(1)).one_or_none()


def begin(session: Session, key: str, user_id: int, shares: Mapping[type[Record], list[int]], reason: str) -> WorkGiven:
    """Write down who shall get what; `carry_on` does it. Of a form sent before, what it began. Raises `Refusal`."""
    before = session.scalars(select(WorkGiven).where(WorkGiven.key == key)).one_or_none()
    if before is not None and (before.user_id, before.by_id) == (user_id, current_actor().user_id):
        return before
    if before is not None:
        raise Conflict("This form was used for other work already: open it anew.")
    if not reason:
        raise Refusal("Say why.", field="reason")
    if not any(shares.values()):
        raise Refusal("Choose who shall have it.")
    check(session, user_id, shares)
    if unfinished(session, user_id) is not None:
        raise Conflict("Somebody has begun to give this work away: let that be finished first.")
    given = {str(record.__tablename__): list(dict.fromkeys(to)) for record, to in shares.items() if to}
    plan = WorkGiven(key=key, user_id=user_id, by_id=current_actor().user_id, reason=reason, shares=given, progress={})
    session.add(plan)
    session.flush()
    return plan


def carry_on(session: Session, plan_id: int, at: datetime) -> bool:
    """Hand over the next batch of rows by the rules of handing over one; False once all is done. The caller commits.

    Each row goes to whoever of the record's new owners has had the fewest turns; where that is refused, to the next.
    What nobody may have stays where it is, and why is kept. With the last row those concerned are told. Raises
    `NotFound` for what was never begun.
    """
    plan = session.get(WorkGiven, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound("There is no such hand-over.")
    if plan.finished_at is not None:
        return False
    progress = deepcopy(plan.progress)
    for name, to in plan.shares.items():
        record, told = (
            registry.get(name),
            progress.setdefault(name, {"after": 0, "turns": {}, "given": {}, "refused": 0, "why": []}),
        )
        if record is None or told.get("over"):
            continue
        if not _batch(session, plan, record, to, told):
            told["over"] = True
            continue
        plan.progress = progress
        session.flush()
        return True
    plan.progress, plan.finished_at = progress, at
    _tell(session, plan)
    session.flush()
    return False


def _next(session: Session, record: Any, user_id: int, after: int, most: int) -> list[Any]:
    """The next open rows somebody owns that the current actor may change."""
    mine = (record.owner_id == user_id, record.id > after, _open(record), reachable("edit", record))
    return list(session.scalars(select(record).where(*mine).order_by(record.id).limit(most)))


def _batch(session: Session, plan: WorkGiven, record: type[Record], to: list[int], told: dict[str, Any]) -> int:
    """Hand over the next rows of one record and note in `told` what became of them; returns how many there were."""
    actor = current_actor()
    rows = _next(session, record, plan.user_id, told["after"], BATCH) if _gives(actor, record) else []
    if not rows:
        return 0
    fit, units = eligible(session, record, actor, to), units_of(session, to)
    able = [user_id for user_id in to if user_id in fit]
    with acting(replace(actor, why=plan.reason)) as giving:
        for row in rows:
            told["after"], refused = row.id, Refusal("Those who should have it may not have it any more.")
            for user_id in sorted(able, key=lambda each: told["turns"].get(str(each), 0)):
                told["turns"][str(user_id)] = told["turns"].get(str(user_id), 0) + 1
                try:
                    with session.begin_nested():
                        hand(session, row, user_id, units.get(user_id), giving, among_many=True)
                except Refusal as refusal:
                    refused = refusal
                else:
                    told["given"][str(user_id)] = told["given"].get(str(user_id), 0) + 1
                    break
            else:
                told["refused"] += 1
                if len(told["why"]) < TOLD:
                    told["why"].append([told["after"], refused.message, _plain(refused.args_)])
    return len(rows)


def _plain(places: Mapping[str, object]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in places.items()}


def given_by(plan: WorkGiven) -> dict[int, dict[type[Record], int]]:
    """How many rows of which records each new owner has been given so far."""
    found: dict[int, dict[type[Record], int]] = {}
    for name, told in plan.progress.items():
        for user_id, count in told["given"].items() if name in registry else ():
            found.setdefault(int(user_id), {})[registry[name]] = count
    return found


def _tell(session: Session, plan: WorkGiven) -> None:
    """One notice to each new owner, and one to whose work it was."""
    actor, given = current_actor(), given_by(plan)
    names = called(session, {*given, plan.user_id})
    for user_id, counts in given.items():
        if user_id != actor.user_id:
            about = GIVEN.says(who=actor.name, of=names.get(plan.user_id, "—"))
            body = Sentence("%(what)s. Reason: %(why)s", what=counted(counts), why=plan.reason)
            tell(session, f"leaving/{plan.id}/to/{user_id}", user_id, about, body)
    if given and plan.user_id != actor.user_id:
        to = [names[user_id] for user_id in given if user_id in names]
        about = TAKEN.says(who=actor.name, to=to)
        totals = Counter[type[Record]]()
        for counts in given.values():
            totals.update(counts)
        body = Sentence("%(what)s. Reason: %(why)s", what=counted(totals), why=plan.reason)
        tell(session, f"leaving/{plan.id}/from", plan.user_id, about, body)
