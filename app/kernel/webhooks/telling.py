"""What happens to rows is owed to the subscriptions in the transaction of the happening, as their owners may read it.

What is noted becomes messages of the outbox when the transaction, or a savepoint in it, ends; what is rolled back is
owed to nobody. A set-based change that the history sums up in one entry tells of no row.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import event, select
from sqlalchemy.orm import Session, SessionTransaction

from app.kernel import links
from app.kernel.access import place_within
from app.kernel.actor import Actor, acting, on_behalf
from app.kernel.database import insert
from app.kernel.guard import GuardedSession
from app.kernel.outbox import Channel, NoticeState
from app.kernel.permissions import load_actor
from app.kernel.shown import shown
from app.kernel.tables import Notice
from app.kernel.webhooks.noting import NOTED, Happening
from app.kernel.webhooks.tables import Webhook
from app.schema.record import Record, many_of, policy_name
from app.schema.registry import registry
from app.schema.roles import Scope

_MARKS = "webhook_marks"
_AT_ONCE = 500
"""Rows read in one statement."""


@event.listens_for(GuardedSession, "after_transaction_create")
def _begun(session: Session, transaction: SessionTransaction) -> None:
    session.info.setdefault(_MARKS, {})[transaction] = len(session.info.get(NOTED, ()))


@event.listens_for(GuardedSession, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    session.info.get(_MARKS, {}).pop(transaction, None)


@event.listens_for(GuardedSession, "after_soft_rollback")
def _rolled_back(session: Session, previous: SessionTransaction) -> None:
    """What was noted within the part that is rolled back did not happen; what was noted before it did."""
    if (noted := session.info.get(NOTED)) is not None:
        del noted[session.info.get(_MARKS, {}).get(previous, 0) :]


@event.listens_for(GuardedSession, "before_commit")
def _committing(session: Session) -> None:
    session.flush()
    if noted := session.info.pop(NOTED, None):
        owe(session, noted)


def owe(session: Session, happened: Iterable[Happening]) -> None:
    """Write the messages about what happened into the outbox."""
    told: dict[tuple[str, str, int], Happening] = {}
    for each in happened:
        place = (each.sort, each.record, each.key)
        before = told.get(place)
        told[place] = each if before is None else each._replace(changed=(*before.changed, *each.changed))
    if not told:
        return
    with session.no_autoflush, on_behalf("webhooks"):
        active = select(Webhook).join(User, User.id == Webhook.user_id).where(Webhook.active, User.active)
        hooks = session.scalars(active.order_by(Webhook.id)).all()
        readers = {each: load_actor(session, each) for each in {hook.user_id for hook in hooks}}
        owed = [found for hook in hooks for found in _messages(session, hook, readers[hook.user_id], told.values())]
        if owed:
            session.execute(insert(session, Notice).on_conflict_do_nothing(), owed)


def _messages(session: Session, hook: Webhook, reader: Actor, told: Iterable[Happening]) -> Iterator[dict[str, Any]]:
    """What a subscription is owed."""
    events = set(hook.events.split())
    wanted = [each for each in told if f"{each.record}.{each.sort.partition('.')[0]}" in events]
    rows = {name: _read(session, reader, registry[name], wanted) for name in {each.record for each in wanted}}
    for each in wanted:
        row = rows[each.record].get(each.key)
        if row is None and not (each.sort == "deleted" and _saw(reader, each)):
            continue
        data: dict[str, Any] = {"record": each.record, "id": each.key}
        if row is not None and each.sort != "deleted":
            data |= {"row": row, "changed": sorted(set(each.changed) & row.keys())}
        yield _message(hook, each, data)


def _message(hook: Webhook, each: Happening, data: dict[str, Any]) -> dict[str, Any]:
    type_, at = f"{each.record}.{each.sort}", each.at.isoformat()
    said = {"type": type_, "timestamp": at, "data": data}
    return {
        "dedupe_key": f"webhook/{hook.id}/{type_}/{each.key}/{at}",
        "channel": Channel.WEBHOOK,
        "user_id": hook.user_id,
        "address": str(hook.id),
        "subject": type_,
        "body": json.dumps(said, ensure_ascii=False, separators=(",", ":")),
        "state": NoticeState.WAITING,
    }


def _read(session: Session, reader: Actor, record: Any, wanted: Iterable[Happening]) -> dict[int, dict[str, Any]]:
    """What the reader may read of those rows he or she sees, by id."""
    ids = sorted({each.key for each in wanted if each.record == record.__tablename__ and each.sort != "deleted"})
    found: dict[int, dict[str, Any]] = {}
    with acting(reader):
        for begin in range(0, len(ids), _AT_ONCE):
            rows = session.scalars(select(record).where(record.id.in_(ids[begin : begin + _AT_ONCE]))).all()
            for name in many_of(record):
                links.load(session, record, rows, name)
            found |= {row.id: shown(row) for row in rows}
    return found


def _saw(reader: Actor, each: Happening) -> bool:
    """Whether the reader saw a row that is gone, where it was. Of what it held nothing is told."""
    record: type[Record] = registry[each.record]
    scope = reader.scope("read", policy_name(record))
    return scope > Scope.NONE and place_within(reader, scope, record, *each.placed)
