"""Watchers are told what others do to the rows they watch, behind the bell, in the transaction of the doing.

Of each it is asked at that moment whether he or she still sees the row, and which of the changed fields. Who does not
see the row is told nothing, and nothing is told of a change of fields the reader may not see.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session, UOWTransaction

from app.kernel.access import sees
from app.kernel.actor import Actor, acting, on_behalf
from app.kernel.attention import Watch
from app.kernel.fields import hidden, hidden_in
from app.kernel.guard import GuardedSession
from app.kernel.outbox import Channel, NoticeState, tell_all
from app.kernel.permissions import load_actor
from app.kernel.tables import Comment
from app.kernel.watching import HAPPENED, KEY, place_of
from app.schema.notices import Urgency, topic
from app.schema.record import Record, plural_msgid, words
from app.schema.registry import registry
from app.schema.wording import Label, Sentence

Entry = dict[str, Any]
WATCHED = topic("watching", "Something happens to a row I watch", urgency=Urgency.LOW)


@event.listens_for(GuardedSession, "after_flush")
def _flushed(session: Session, context: UOWTransaction) -> None:
    tell(session)


@event.listens_for(GuardedSession, "before_commit")
def _committing(session: Session) -> None:
    """What was noted with no flush after it, such as a comment."""
    tell(session)


@event.listens_for(GuardedSession, "after_soft_rollback")
def _rolled_back(session: Session, previous: Any) -> None:
    session.info.pop(HAPPENED, None)


def tell(session: Session) -> None:
    """Tell the watchers of what has been noted since they were told last."""
    happened: list[Entry] = session.info.pop(HAPPENED, [])
    if not happened:
        return
    by_row: dict[tuple[str, int], list[Entry]] = {}
    for entry in happened:
        if (place := place_of(entry)) is not None:
            by_row.setdefault(place, []).append(entry)
    with session.no_autoflush, on_behalf("watching"):
        tell_all(session, [notice for place, its in by_row.items() for notice in _notices(session, *place, its)])


def _notices(session: Session, record: str, key: int, entries: list[Entry]) -> Iterable[dict[str, Any]]:
    """What the watchers of a row are owed for some entries: one notice each, where there is anything to tell."""
    row = session.get(registry[record], key) if record in registry else None
    if row is None:
        return
    users = Watch.metadata.tables["ab_user"].c
    watchers = select(Watch.user_id).join(users.id.table, users.id == Watch.user_id)
    mine = (Watch.record == record, Watch.record_id == key, users.active.is_(True))
    for user_id in session.scalars(watchers.where(*mine).order_by(Watch.user_id)).all():
        others = [entry for entry in entries if entry["user_id"] != user_id]
        if not others:
            continue
        reader = load_actor(session, user_id)
        if not sees(session, reader, row):
            continue
        with acting(reader):
            told = _told(session, reader, row, others)
        if (subject := told.subject(row)) is None:
            continue
        yield {
            "dedupe_key": f"{KEY}{record}/{key}/{others[-1]['at'].isoformat()}/{user_id}",
            "channel": Channel.APP,
            "user_id": user_id,
            "subject": WATCHED.said_as(subject),
            "body": told.body,
            "record": record,
            "record_id": key,
            "state": NoticeState.SENT,
        }


@dataclass
class _Told:
    """What a reader is told of some entries: who did them, the step, whether they commented, the changed fields."""

    who: object
    step: Label | None = None
    state: Label | None = None
    comment: bool = False
    changed: list[Label] = field(default_factory=list)
    more: bool = False

    def subject(self, row: Record) -> Sentence | None:
        """The subject; None where there is nothing for this reader."""
        places = {"who": self.who, "row": row.title}
        if self.step is not None:
            return Sentence("%(who)s took a step with %(row)s: %(step)s", **places, step=self.step)
        if self.comment:
            return Sentence("%(who)s comments on %(row)s", **places)
        return Sentence("%(who)s changed %(row)s", **places) if self.changed or self.more else None

    @property
    def body(self) -> Sentence | str:
        """What stands below it. The words of a comment stay where they can be withdrawn."""
        if self.state is not None:
            return Sentence("It is now: %(state)s", state=self.state)
        return Sentence("Changed: %(fields)s", fields=tuple(self.changed)) if self.changed else ""


def _told(session: Session, reader: Actor, row: Record, entries: list[Entry]) -> _Told:
    record, gone = type(row), hidden_in(reader, row)
    by = entries[-1]
    told = _Told(by["actor"] if by["user_id"] is not None else Sentence("The system"))
    for entry in entries:
        verb = entry["verb"]
        if entry["part_of"] is not None:
            line = registry[entry["record"]]
            if any(name not in hidden(reader, line) for name in entry["changes"]):
                _add(told.changed, Label(plural_msgid(line)))
        elif verb == "comment":
            told.comment = told.comment or not _named(session, entry, reader)
        elif verb in ("add file", "remove file"):
            _add(told.changed, Label("Files"))
        elif verb.startswith("step:"):
            _moved(told, row, verb.removeprefix("step:"), gone)
        else:
            for name in entry["changes"]:
                if name not in gone:
                    _add(told.changed, Label(record.panel.labels.get(name) or words(name)))
    return told


def _moved(told: _Told, row: Record, name: str, gone: Iterable[str]) -> None:
    """A step; to who may not read the state only that something changed, for the step would tell it."""
    workflow = type(row).workflow
    step = workflow.step(name) if workflow is not None else None
    if workflow is None or step is None or workflow.field in gone:
        told.more = True
        return
    told.step, told.state = Label(step.title), Label(getattr(row, workflow.field).label)


def _named(session: Session, entry: Entry, reader: Actor) -> bool:
    """Whether a comment names the reader, who has been told of it then."""
    comment = session.get(Comment, entry["changes"].get("comment", 0))
    return comment is None or any(named[0] == reader.user_id for named in comment.named.values())


def _add(labels: list[Label], label: Label) -> None:
    if label not in labels:
        labels.append(label)
