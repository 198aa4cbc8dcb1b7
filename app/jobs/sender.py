"""Sending notices: rows are leased in a short transaction, handed to the carrier of their channel, marked one by one.

Nothing leaves inside a transaction that may be rolled back. A sender killed in between leaves a lease that runs out;
the notice is then sent again under the same dedupe key (of a mail its Message-ID and ``X-Dedupe-Key``, of a webhook its
``webhook-id``), by which the receiving side knows it.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine, func, or_, select, update
from sqlalchemy.orm import Session

from app.jobs.carrying import Carrier, Later, ServerTrouble, Undeliverable
from app.kernel.brand import house_brand
from app.kernel.guard import GuardedSession
from app.kernel.ledger import Clock, afterwards, database_now
from app.kernel.outbox import CHOSEN, Channel, NoticeState
from app.kernel.settings import setting_value
from app.kernel.tables import Notice
from app.kernel.ways.forwarding import forward
from app.schema.brand import NAME
from app.schema.jobs import Missed, scheduled
from app.schema.kinds import INTEGER
from app.schema.settings import setting

BATCH = 50
LEASE = timedelta(minutes=3)
"""Longer than a batch may take: `_PATIENCE`, and the time-outs of signing in and of the last mail."""
_PATIENCE = 120.0
ATTEMPTS = setting("notices.attempts", 8, INTEGER, "Tries before a mail is given up", "tries")


def back_off(attempts: int) -> timedelta:
    """How long a notice rests after so many tries: 1, 4, 16, 64, 256 minutes, then twelve hours."""
    return min(timedelta(minutes=4 ** (attempts - 1)), timedelta(hours=12))


@scheduled("notices.send", cron="* * * * *", label="Send mail", missed=Missed.LATEST)
def send(due: datetime, session: Session) -> dict[str, Any]:
    """Send the mail that waits, once this period's own transaction is over; without a mail server it waits on.

    First what is behind the bell is copied for the ways its readers chose.
    """
    forwarded = forward(session, session.info.get("clock", database_now)(session))
    outlet = session.info.get("mail")
    if outlet is not None and (name := house_brand(session).name) != NAME:
        outlet = outlet.under(name)
    return _send(session, Channel.MAIL, outlet) | ({} if outlet else {"mail_server": "none"}) | forwarded


@scheduled("webhooks.send", cron="* * * * *", label="Send webhooks", missed=Missed.LATEST)
def send_webhooks(due: datetime, session: Session) -> dict[str, Any]:
    """Send what subscriptions are owed, in the same way."""
    return _send(session, Channel.WEBHOOK, session.info.get("webhooks"))


@scheduled("notices.send_messages", cron="* * * * *", label="Send text messages and to chats", missed=Missed.LATEST)
def send_messages(due: datetime, session: Session) -> dict[str, Any]:
    """Send what waits for the other ways people chose, each by its own carrier; without one it waits on."""
    carriers: dict[Channel, Carrier] = session.info.get("messages") or {}
    channels = [channel for channel in CHOSEN if channel != Channel.MAIL]
    queued = select(func.count()).select_from(Notice)
    waiting = session.scalar(queued.where(Notice.channel.in_(channels), Notice.state == NoticeState.WAITING)) or 0
    if waiting and carriers:
        clock = session.info.get("clock", database_now)
        afterwards(session, partial(deliver_by, session.connection().engine, carriers, clock))
    return {"written": 0, "stood": waiting}


def _send(session: Session, channel: Channel, carrier: Carrier | None) -> dict[str, Any]:
    """Have a channel's queue delivered once this period's own transaction is over."""
    waiting = session.execute(select(func.count()).select_from(Notice).where(*_queued(channel))).scalar_one()
    if waiting and carrier is not None:
        clock = session.info.get("clock", database_now)
        afterwards(session, partial(deliver, session.connection().engine, carrier, clock, channel))
    return {"written": 0, "stood": waiting}


def _queued(channel: Channel) -> tuple[Any, Any]:
    return Notice.channel == channel, Notice.state == NoticeState.WAITING


@dataclass
class Tally:
    """What became of the notices of one delivery."""

    sent: int = 0
    postponed: int = 0
    dead: int = 0


def deliver(
    engine: Engine, carrier: Carrier, clock: Clock = database_now, channel: Channel = Channel.MAIL
) -> dict[str, Any]:
    """Send everything that may be sent now, batch by batch; stops early when the carrier is in trouble."""
    tally, at_work = Tally(), True
    transaction = partial(_transaction, engine, clock)
    while at_work and (batch := transaction(partial(lease, channel=channel))):
        at_work = _deliver_batch(batch, carrier, transaction, tally)
    return {"written": tally.sent, "stood": tally.postponed, "dead": tally.dead}


def deliver_by(engine: Engine, carriers: Mapping[Channel, Carrier], clock: Clock = database_now) -> dict[str, Any]:
    """The same for several channels, one after the other; the trouble of one is none of the next."""
    counts = Counter({"written": 0, "stood": 0, "dead": 0})
    for channel, carrier in carriers.items():
        counts.update(deliver(engine, carrier, clock, channel))
    return dict(counts)


def _transaction(engine: Engine, clock: Clock, act: Callable[[Session, datetime], Any]) -> Any:
    with GuardedSession(bind=engine, expire_on_commit=False) as session, session.begin():
        return act(session, clock(session))


def lease(session: Session, now: datetime, channel: Channel = Channel.MAIL) -> list[tuple[Notice, str | None]]:
    """Take the next notices of a channel for a while, oldest first, each with the address it goes to."""
    free = or_(Notice.leased_until.is_(None), Notice.leased_until <= now)
    ripe = or_(Notice.next_try_at.is_(None), Notice.next_try_at <= now)
    queue = select(Notice).where(*_queued(channel), free, ripe).order_by(Notice.id).limit(BATCH)
    taken = list(session.scalars(queue.with_for_update(skip_locked=True)))
    for notice in taken:
        notice.leased_until = now + LEASE
    users = Notice.metadata.tables["ab_user"].c
    wanted = {notice.user_id for notice in taken if not notice.address}
    emails = select(users.id, users.email).where(users.id.in_(wanted), users.active)
    known: dict[int | None, str] = {row.id: row.email for row in session.execute(emails)} if wanted else {}
    return [(notice, notice.address or known.get(notice.user_id)) for notice in taken]


def _deliver_batch(
    batch: list[tuple[Notice, str | None]], carrier: Carrier, transaction: Callable[[Any], Any], tally: Tally
) -> bool:
    """Send the leased notices over one connection; False when the carrier is in trouble."""
    left = list(batch)

    def postpone(ids: list[int], error: Exception) -> None:
        dead = transaction(partial(_postpone, ids, str(error)))
        tally.dead += dead
        tally.postponed += len(ids) - dead

    try:
        with carrier.connect() as connection:
            until = time.monotonic() + _PATIENCE
            while left and time.monotonic() < until:
                notice, to = left[0]
                try:
                    if to is None:
                        raise Undeliverable("the addressee has no e-mail address, or has left")
                    connection.send(notice, to)
                except Undeliverable as error:
                    transaction(partial(_bury, notice.id, str(error)))
                    tally.dead += 1
                except Later as error:
                    postpone([notice.id], error)
                else:
                    transaction(partial(_mark_sent, notice.id))
                    tally.sent += 1
                left.pop(0)
    except ServerTrouble as error:
        postpone([notice.id for notice, _ in left], error)
        return False
    if left:
        transaction(partial(_release, [notice.id for notice, _ in left]))
    return True


def _set(session: Session, ids: list[int], **values: Any) -> None:
    mine = update(Notice).where(Notice.id.in_(ids), Notice.state == NoticeState.WAITING)
    session.execute(mine.values(leased_until=None, **values).execution_options(synchronize_session=False))


def _release(ids: list[int], session: Session, now: datetime) -> None:
    _set(session, ids)


def _mark_sent(notice_id: int, session: Session, now: datetime) -> None:
    _set(session, [notice_id], state=NoticeState.SENT, sent_at=now, attempts=Notice.attempts + 1, error=None)


def _bury(notice_id: int, error: str, session: Session, now: datetime) -> None:
    _set(session, [notice_id], state=NoticeState.DEAD, attempts=Notice.attempts + 1, error=error)


def _postpone(ids: list[int], error: str, session: Session, now: datetime) -> int:
    """Try those notices again later, or no more; returns how many are dead now."""
    limit, dead = setting_value(session, ATTEMPTS), 0
    for row in session.execute(select(Notice.id, Notice.attempts).where(Notice.id.in_(ids))).all():
        tried = row.attempts + 1
        if tried >= limit:
            _set(session, [row.id], state=NoticeState.DEAD, attempts=tried, error=error)
            dead += 1
        else:
            _set(session, [row.id], attempts=tried, next_try_at=now + back_off(tried), error=error)
    return dead
