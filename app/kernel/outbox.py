"""The outbox: what staff and customers are owed to be told, written in the transaction of what they are told about.

A notice is known by its dedupe key, so that work which runs twice tells once. It is said in its reader's language.
Mail is sent by the job ``notices.send``; letters are never mailed, they wait for operations to print them.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel import notice_texts
from app.kernel.database import insert
from app.kernel.tables import Notice
from app.kernel.wording import languages_of
from app.schema.errors import NotFound
from app.schema.record import Record
from app.schema.wording import OwnWords, Sentence


class Channel(StrEnum):
    """By what way a notice reaches its reader."""

    APP = "app"
    MAIL = "mail"
    LETTER = "letter"
    WEBHOOK = "webhook"
    SMS = "sms"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


CHATS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)
"""Groups of the house's own in a messenger, each with a bot."""
SENT_OUT = (Channel.MAIL, Channel.WEBHOOK, Channel.SMS, *CHATS)
"""What the sender takes out of the house, and tries again."""
CHOSEN = (Channel.MAIL, Channel.SMS, *CHATS)
"""The ways a person may choose, besides the bell, which is always there."""


class NoticeState(StrEnum):
    """Where a notice stands. `DEAD` was tried in vain or can never arrive; operations may try it again.

    `GATHERED` waits to go with others in one mail.
    """

    WAITING = "waiting"
    GATHERED = "gathered"
    SENT = "sent"
    DEAD = "dead"


def tell(
    session: Session,
    key: str,
    to: int | str,
    subject: Sentence,
    body: Sentence | str = "",
    channel: Channel | str = Channel.APP,
    row: Record | None = None,
) -> bool:
    """Owe a notice, once per `key`; False if it stands already.

    `to` is a user's id (seen behind the bell, or mailed to the user's address), or for mail and letters an address.
    `key` names the occasion and the reader, such as ``renewals.remind/2011-01-30/HT-1/T-30/customer``.
    `body` is a sentence too, or somebody's own words. `row` is what the notice is about; the reader is led to it.
    Raises ValueError for a reader the channel cannot reach.
    """
    channel = Channel(channel)
    if isinstance(to, str) and (channel is Channel.APP or not to.strip()):
        raise ValueError(f"notice {key!r}: {channel} cannot reach {to!r}; give a user's id" + " or an address")
    if row is not None and row.id is None:
        session.flush()
    notice = {
        "dedupe_key": key,
        "channel": channel,
        "user_id": to if isinstance(to, int) else None,
        "address": to.strip() if isinstance(to, str) else None,
        "subject": subject,
        "body": body,
        "record": row.__tablename__ if row is not None else None,
        "record_id": row.id if row is not None else None,
        "state": NoticeState.SENT if channel is Channel.APP else NoticeState.WAITING,
    }
    return tell_all(session, [notice]) == 1


def tell_all(session: Session, notices: list[dict[str, Any]]) -> int:
    """Owe many notices in one statement, each a mapping of `Notice` columns; returns how many did not stand yet.

    Their ``subject`` is a `Sentence` or the department's `OwnWords`, their ``body`` one or somebody's own words.
    Raises TypeError for a bare subject.
    Meant for set-based jobs. Every mapping has the same keys, among them ``dedupe_key`` and ``channel``, and
    ``state`` where the channel is the bell (`NoticeState.SENT`).
    """
    if not notices:
        return 0
    languages = languages_of(session, (notice.get("user_id") for notice in notices))
    owed = insert(session, Notice).on_conflict_do_nothing().returning(Notice.id)
    return len(session.execute(owed, [_said(notice, languages[notice.get("user_id")]) for notice in notices]).all())


def _said(notice: dict[str, Any], language: str) -> dict[str, Any]:
    if not isinstance(notice["subject"], Sentence | OwnWords):
        raise TypeError(f"notice {notice['dedupe_key']!r}: make its subject a Sentence(…), to be translated")
    subject, body = notice_texts.said(notice["subject"], notice["body"], language)
    subject = " ".join(subject.split())[:300]
    topic = getattr(notice["subject"], "topic", None)
    return notice | {"subject": subject, "body": body, "topic": topic}


def inbox(session: Session, user_id: int, limit: int = 100) -> list[Notice]:
    """A person's newest notices in the app."""
    mine = select(Notice).where(Notice.user_id == user_id, Notice.channel == Channel.APP)
    return list(session.scalars(mine.order_by(Notice.id.desc()).limit(limit)))


def mark_read(session: Session, user_id: int, at: datetime, notice_id: int | None = None) -> None:
    """Mark one of a person's own notices as read, or all. Raises `NotFound` for another's, as for none."""
    mine = [Notice.user_id == user_id, Notice.channel == Channel.APP]
    if notice_id is not None:
        mine.append(Notice.id == notice_id)
        if session.scalar(select(Notice.id).where(*mine)) is None:
            raise NotFound("There is no such notice among yours.")
    _change(session, update(Notice).where(*mine, Notice.read_at.is_(None)).values(read_at=at))


def revive(session: Session, notice_id: int | None = None, channel: str | None = None) -> int:
    """Let a dead notice be tried again from the start, or all of them, or of a channel; returns how many."""
    channels = [each for each in SENT_OUT if channel in (None, each)]
    dead = update(Notice).where(Notice.channel.in_(channels), Notice.state == NoticeState.DEAD)
    if notice_id is not None:
        dead = dead.where(Notice.id == notice_id)
    return _change(session, dead.values(state=NoticeState.WAITING, attempts=0, next_try_at=None, leased_until=None))


def mark_printed(session: Session, up_to: int, at: datetime) -> int:
    """Note that the waiting letters up to that id are printed; returns how many."""
    letters = update(Notice).where(
        Notice.channel == Channel.LETTER, Notice.state == NoticeState.WAITING, Notice.id <= up_to
    )
    return _change(session, letters.values(state=NoticeState.SENT, sent_at=at))


def _change(session: Session, statement: Any) -> int:
    return session.execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
