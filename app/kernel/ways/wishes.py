"""What each person chose: which topics reach him or her by which ways, quiet hours, the day's summary."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.outbox import CHOSEN, Channel
from app.kernel.settings import setting_value
from app.kernel.tables import Notice
from app.kernel.ways.tables import NoticeReader, NoticeWish
from app.schema.errors import Invalid, Refusal
from app.schema.kinds import PHONE, SHORT_TEXT, BadValue
from app.schema.registry import registry
from app.schema.settings import setting

EVERYTHING = "*"
"""The topic that stands for all of them."""
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


def _time(raw: Any) -> str:
    if not _TIME.fullmatch(text := str(raw).strip()):
        raise BadValue("write a time of day, such as 07:30")
    return text


TIME = replace(SHORT_TEXT, parse=_time)
"""A time of day on the clock of whoever it is about."""
QUIET_FROM = setting("notices.quiet_from", "22:00", TIME, "Quiet hours begin, for who has not chosen")
QUIET_UNTIL = setting("notices.quiet_until", "07:30", TIME, "Quiet hours end, for who has not chosen")


def wishes_of(session: Session, user_id: int) -> set[tuple[str, str]]:
    """What a person wants to hear of, as pairs of topic and channel."""
    mine = select(NoticeWish.topic, NoticeWish.channel).where(NoticeWish.user_id == user_id)
    return {(row.topic, row.channel) for row in session.execute(mine)}


def reader(session: Session, user_id: int) -> NoticeReader:
    """How a person is reached; not yet kept for who has never chosen anything, with the house's quiet hours."""
    kept = session.get(NoticeReader, user_id)
    if kept is not None:
        return kept
    quiet = {name: setting_value(session, each) or "" for name, each in _QUIET.items()}
    return NoticeReader(user_id=user_id, phone=None, summary=False, summary_hour=8, **quiet)


_QUIET = {"quiet_from": QUIET_FROM, "quiet_until": QUIET_UNTIL}


def choose(
    session: Session, user_id: int, wishes: Iterable[tuple[str, str]], now: datetime, **how: Any
) -> NoticeReader:
    """Keep what a person chose; `how` are columns of `NoticeReader` as they were written.

    Raises `Invalid` with what is wrong, by field. Who chooses for the first time is sent what is told from now on.
    """
    known = {EVERYTHING, *(each.name for each in registry.topics)}
    wanted = {(o, c) for o, c in wishes if o in known and c in CHOSEN}
    told = _checked(wanted, how)
    kept = session.get(NoticeReader, user_id)
    if kept is None:
        kept = NoticeReader(user_id=user_id, since=now)
        session.add(kept)
        before = update(Notice).where(Notice.user_id == user_id, Notice.channel == Channel.APP)
        session.execute(before.values(forwarded_at=now).execution_options(synchronize_session=False))
    for name, value in told.items():
        setattr(kept, name, value)
    session.execute(delete(NoticeWish).where(NoticeWish.user_id == user_id))
    session.add_all(NoticeWish(user_id=user_id, topic=o, channel=c) for o, c in sorted(wanted))
    session.flush()
    return kept


def _checked(wanted: set[tuple[str, str]], how: dict[str, Any]) -> dict[str, Any]:
    problems: dict[str, Refusal] = {}
    told = dict(how)
    phone = str(how.get("phone") or "").strip()
    try:
        told["phone"] = PHONE.read(phone) if phone else None
    except BadValue as error:
        problems["phone"] = Refusal(error.msgid, field="", **error.args_)
    if not phone and any(channel == Channel.SMS for _topic, channel in wanted):
        problems["phone"] = Refusal("Give the number that text messages go to.")
    ends = [str(how.get(name) or "").strip() for name in _QUIET]
    if bool(ends[0]) != bool(ends[1]) or any(end and not _TIME.fullmatch(end) for end in ends):
        problems["quiet_from"] = Refusal("Write both as times, such as 22:00 and 07:30, or neither.")
    told["quiet_from"], told["quiet_until"] = ends
    told["summary"], told["summary_hour"] = bool(how.get("summary")), int(how.get("summary_hour") or 0)
    if not 0 <= told["summary_hour"] <= 23:
        problems["summary_hour"] = Refusal("Choose an hour of the day.")
    if problems:
        raise Invalid(problems)
    return told
