"""What stands behind the bell is sent besides, by the ways its reader chose: one copy for each, known by its own key.

A copy is a notice of the outbox like any other, so that it is leased, tried again and given up by itself. It is made
once, in one transaction with the note that it was.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.kernel.clock import house_zone
from app.kernel.database import insert
from app.kernel.outbox import CHATS, CHOSEN, Channel, NoticeState, tell_all
from app.kernel.permissions import person_name
from app.kernel.tables import Notice
from app.kernel.ways.tables import NoticeReader, NoticeWish
from app.kernel.ways.wishes import EVERYTHING
from app.schema.notices import Urgency
from app.schema.registry import registry
from app.schema.wording import OwnWords, Sentence

MOST = 1000
"""Notices seen to in one go; the rest in the next minute."""


@dataclass(frozen=True)
class Reached:
    """A reader with what he or she chose, as it bears on one delivery."""

    reader: NoticeReader
    name: str
    active: bool
    zone: ZoneInfo
    wishes: frozenset[tuple[str, str]]

    def channels(self, topic: str | None) -> list[str]:
        """The ways an topic is to reach this reader."""
        return sorted({channel for wanted, channel in self.wishes if wanted in (EVERYTHING, topic)})

    def quiet_until(self, now: datetime, topic: str | None) -> datetime | None:
        """When this reader's quiet hours end, if nothing of that topic may be sent before."""
        if _urgency(topic) == Urgency.URGENT:
            return None
        return end_of_quiet(now, self.zone, self.reader.quiet_from, self.reader.quiet_until)


def end_of_quiet(now: datetime, zone: ZoneInfo, begins: str, ends: str) -> datetime | None:
    """The end of the quiet hours that `now` falls into, between two times on the clock of `zone`; None outside them."""
    here = now.astimezone(zone)
    at = here.strftime("%H:%M")
    over_midnight = begins > ends
    within = at >= begins or at < ends if over_midnight else begins <= at < ends
    if not begins or not ends or not within:
        return None
    day = here.date() + timedelta(days=1 if over_midnight and at >= begins else 0)
    hour, minute = map(int, ends.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(now.tzinfo)


def copy_key(key: str, channel: str) -> str:
    """By what the copy of a notice is known, here and to whoever delivers it."""
    made = f"{key}>{channel}"
    return made if len(made) <= 200 else f"{hashlib.sha256(key.encode()).hexdigest()}>{channel}"


def forward(session: Session, now: datetime) -> dict[str, int]:
    """Make the copies that are owed, send the summaries that are due, hold back what falls into quiet hours."""
    counts = {
        "forwarded": _copy(session, now),
        "summaries": _sum_up(session, now),
        "held_back": _hold_back(session, now),
    }
    return {name: count for name, count in counts.items() if count}


def _copy(session: Session, now: datetime) -> int:
    fresh = (
        select(Notice)
        .join(NoticeReader, NoticeReader.user_id == Notice.user_id)
        .where(Notice.channel == Channel.APP, Notice.forwarded_at.is_(None), Notice.created_at >= NoticeReader.since)
        .order_by(Notice.id)
        .limit(MOST)
    )
    notices = list(session.scalars(fresh.with_for_update(skip_locked=True, of=Notice)))
    known = _readers(session, {notice.user_id for notice in notices})
    copies = []
    for notice in notices:
        notice.forwarded_at = now
        if (reached := known[notice.user_id]).active:
            copies += [_copied(notice, channel, reached, now) for channel in reached.channels(notice.topic)]
    if copies:
        session.execute(insert(session, Notice).on_conflict_do_nothing(), copies)
    return len(copies)


def _copied(notice: Notice, channel: str, reached: Reached, now: datetime) -> dict[str, Any]:
    low = _urgency(notice.topic) == Urgency.LOW
    gathered = channel == Channel.MAIL and reached.reader.summary and low
    return {
        "dedupe_key": copy_key(notice.dedupe_key, channel),
        "channel": channel,
        "user_id": notice.user_id,
        "address": reached.reader.phone if channel == Channel.SMS else reached.name if channel in CHATS else None,
        "subject": notice.subject,
        "body": notice.body,
        "record": notice.record,
        "record_id": notice.record_id,
        "topic": notice.topic,
        "copy_of_id": notice.id,
        "created_at": now,
        "state": NoticeState.GATHERED if gathered else NoticeState.WAITING,
        "next_try_at": None if gathered else reached.quiet_until(now, notice.topic),
    }


def _sum_up(session: Session, now: datetime) -> int:
    """One mail of all that was gathered before the hour its reader chose, once that hour has come."""
    waiting = select(Notice).where(Notice.channel == Channel.MAIL, Notice.state == NoticeState.GATHERED)
    gathered = defaultdict(list)
    for notice in session.scalars(waiting.order_by(Notice.id)):
        gathered[notice.user_id].append(notice)
    sent = 0
    for user_id, reached in _readers(session, gathered).items():
        due = _summary_due(reached, now)
        notices = [each for each in gathered[user_id] if due is None or each.created_at < due]
        if not notices:
            continue
        told: dict[str, Any] = {
            "dedupe_key": f"summary/{user_id}/{notices[0].created_at.isoformat()}/{notices[0].id}",
            "channel": Channel.MAIL,
            "user_id": user_id,
            "subject": Sentence("Your summary: %(count)s", count=len(notices)),
            "body": OwnWords("\n\n".join(_line(each) for each in notices)),
            "state": NoticeState.WAITING,
        }
        sent += tell_all(session, [told])
        for each in notices:
            each.state, each.sent_at = NoticeState.SENT, now
    return sent


def _summary_due(reached: Reached, now: datetime) -> datetime | None:
    """Up to when gathered notices are summed up now; None for all, where the reader wants no summaries any more."""
    if not reached.reader.summary:
        return None
    here = now.astimezone(reached.zone)
    due = here.replace(hour=reached.reader.summary_hour, minute=0, second=0, microsecond=0)
    return due if due <= here else due - timedelta(days=1)


def _line(notice: Notice) -> str:
    return "- " + "\n  ".join([notice.subject, *notice.body.splitlines()])


def _hold_back(session: Session, now: datetime) -> int:
    """Copies that would be tried again within their reader's quiet hours rest until those are over."""
    ripe = or_(Notice.next_try_at.is_(None), Notice.next_try_at <= now)
    free = or_(Notice.leased_until.is_(None), Notice.leased_until <= now)
    mine = (Notice.channel.in_(CHOSEN), Notice.state == NoticeState.WAITING, Notice.copy_of_id.is_not(None))
    asked = select(Notice.id, Notice.user_id, Notice.topic).where(*mine, ripe, free)
    found = session.execute(asked).all()
    known, held = _readers(session, {row.user_id for row in found}), 0
    for row in found:
        if (until := known[row.user_id].quiet_until(now, row.topic)) is not None:
            one = update(Notice).where(Notice.id == row.id, free).values(next_try_at=until)
            session.execute(one.execution_options(synchronize_session=False))
            held += 1
    return held


def _readers(session: Session, user_ids: Iterable[int | None]) -> dict[int | None, Reached]:
    ids = [each for each in user_ids if each is not None]
    if not ids:
        return {}
    users, person = Notice.metadata.tables["ab_user"].c, registry["person"].__table__.c
    clocks = select(person.user_id, person.time_zone).where(person.user_id.in_(ids)).order_by(person.id.desc())
    zones = {row.user_id: ZoneInfo(row.time_zone) for row in session.execute(clocks) if row.time_zone}
    wishes = defaultdict(set)
    for wish in session.scalars(select(NoticeWish).where(NoticeWish.user_id.in_(ids))):
        wishes[wish.user_id].add((wish.topic, wish.channel))
    asked = (
        select(NoticeReader, users.first_name, users.last_name, users.active)
        .join(users.id.table, users.id == NoticeReader.user_id)
        .where(NoticeReader.user_id.in_(ids))
    )
    return {
        row.NoticeReader.user_id: Reached(
            row.NoticeReader,
            person_name(row.first_name, row.last_name),
            bool(row.active),
            zones.get(row.NoticeReader.user_id, house_zone()),
            frozenset(wishes[row.NoticeReader.user_id]),
        )
        for row in session.execute(asked)
    }


def _urgency(topic: str | None) -> Urgency:
    declared = registry.topics.get(topic) if topic else None
    return declared.urgency if declared is not None else Urgency.NORMAL
