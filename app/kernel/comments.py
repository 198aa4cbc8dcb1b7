"""Comments: what people say about a row, to everybody who sees the row and to nobody else.

Who is named with an @ is told, if he or she sees the row too. Every word leaves an entry in the history; what was said
before an edit is kept beside the comment, and a removed comment leaves its place.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import access, history, watchers
from app.kernel.actor import current_actor, on_behalf
from app.kernel.history.reading import life_of
from app.kernel.outbox import tell
from app.kernel.permissions import load_actor, users_named
from app.kernel.tables import Comment
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.notices import topic
from app.schema.record import Line, Record

MENTION = re.compile(r"(?<![\w@.])@(\w+(?:[.-]\w+)*)")
LONGEST = 5000
MOST_NAMED = 20
MENTIONED = topic("comments.mentioned", "Somebody mentions me in a comment", "%(who)s mentions you: %(row)s")


@dataclass
class Said:
    """A comment as it was taken, and the names of those who were mentioned but cannot see the row."""

    comment: Comment
    not_told: list[str] = field(default_factory=list)


def say(session: Session, row: Record, text: Any) -> Said:
    """Add a comment to a row. Raises `NotFound` where the current actor does not see it, `Refusal` for no text."""
    _require_comments()
    row, text, actor = _seen(session, row), _tidy(text), current_actor()
    comment = Comment(
        record=str(row.__tablename__),
        record_id=row.id,
        author_id=actor.user_id,
        author=actor.name,
        text=text,
        at=datetime.now(UTC),
        earlier=[],
        named={},
    )
    session.add(comment)
    session.flush()
    history.note(session, row, "comment", None, {"comment": comment.id})
    not_told = _tell(session, row, comment)
    watchers.tell(session)
    return Said(comment, not_told)


def correct(session: Session, row: Record, comment_id: int, text: Any) -> Said:
    """Write one's own comment anew; what it said before is kept. Those newly named are told."""
    _require_comments()
    row, text = _seen(session, row), _tidy(text)
    comment = _standing(session, row, comment_id)
    if comment.author_id is None or comment.author_id != current_actor().user_id:
        raise NotPermitted("Only who wrote a comment changes it.")
    if text == comment.text:
        return Said(comment)
    now = datetime.now(UTC)
    comment.earlier = [*comment.earlier, [(comment.edited_at or comment.at).isoformat(), comment.text]]
    comment.text, comment.edited_at = text, now
    session.flush()
    history.note(session, row, "edit comment", None, {"comment": comment.id})
    return Said(comment, _tell(session, row, comment))


def withdraw(session: Session, row: Record, comment_id: int) -> None:
    """Remove a comment: its author may, and who may delete the row. Its words are gone, its place is not."""
    _require_comments()
    row, actor = _seen(session, row), current_actor()
    comment = _standing(session, row, comment_id)
    mine = comment.author_id is not None and comment.author_id == actor.user_id
    if not (mine or access.may(actor, "delete", row)):
        raise NotPermitted("Only who wrote a comment removes it, or who may delete the entry.")
    comment.text, comment.earlier, comment.named = "", [], {}
    comment.removed_at, comment.removed_by = datetime.now(UTC), actor.name
    session.flush()
    history.note(session, row, "remove comment", None, {"comment": comment.id})


def of_row(session: Session, row: Record, before: int | None, limit: int) -> list[Comment]:
    """The comments on a row the actor sees, newest first, those with ids below `before`."""
    life = life_of(session, _seen(session, row))
    mine = select(Comment).where(Comment.record == life.record, Comment.record_id == life.id, Comment.at >= life.since)
    if before is not None:
        mine = mine.where(Comment.id < before)
    return list(session.scalars(mine.order_by(Comment.id.desc()).limit(limit)))


def _require_comments() -> None:
    if "comments" in current_actor().barred:
        raise NotPermitted("This token is not for comments.")


def _seen(session: Session, row: Record) -> Record:
    if isinstance(row, Line):
        raise NotFound("Comments are on the entry this is a part of.")
    return access.find(session, type(row), row.id)


def _tidy(text: Any) -> str:
    text = text.strip() if isinstance(text, str) else ""
    if not text:
        raise Refusal("Write something first.", field="text")
    if len(text) > LONGEST:
        raise Refusal("at most %(most)d characters, this has %(has)d", field="text", most=LONGEST, has=len(text))
    if "\x00" in text:
        raise Refusal("remove the invisible character (NUL) from the text", field="text")
    return text


def _standing(session: Session, row: Record, comment_id: int) -> Comment:
    """A comment on this row that has not been removed, locked."""
    found = None
    if 0 < comment_id < 2**31:
        wanted = select(Comment).where(Comment.id == comment_id, Comment.record == str(row.__tablename__))
        mine = (Comment.record_id == row.id, Comment.at >= life_of(session, row).since)
        found = session.scalars(wanted.where(*mine).with_for_update()).one_or_none()
    if found is None or found.removed_at is not None:
        raise NotFound("There is no such comment here.")
    return found


def _tell(session: Session, row: Record, comment: Comment) -> list[str]:
    """Tell who is newly named and sees the row; returns the names of those who do not."""
    actor, names = current_actor(), list(dict.fromkeys(MENTION.findall(comment.text)))
    if len(names) > MOST_NAMED:
        raise Refusal("Name at most %(most)d people in a comment.", field="text", most=MOST_NAMED)
    with on_behalf("mention"):
        known = users_named(session, names) if names else {}
        readers = {name: load_actor(session, user_id) for name, (user_id, _called) in known.items()}
    before = comment.named
    comment.named = {name: [user_id, called] for name, (user_id, called) in known.items()}
    not_told = []
    for username, (user_id, called) in known.items():
        if user_id == actor.user_id or username in before:
            continue
        if not access.sees(session, readers[username], row):
            not_told.append(called)
            continue
        key = f"comment/{comment.id}/{user_id}"
        about = MENTIONED.says(who=actor.name, row=row.title)
        tell(session, key, user_id, about, comment.text, row=row)
    session.flush()
    return not_told
