"""Handing rows to somebody else: who may, to whom, what it does to a row, and what those concerned are told."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.access import may, widened
from app.kernel.actor import Actor
from app.kernel.workflow import is_closed, publish
from app.schema.errors import NotPermitted
from app.schema.events import HandedOver
from app.schema.notices import topic
from app.schema.record import Record, plural_msgid, policy_name
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import _Placed
from app.schema.wording import Label, Sentence

NOT_YOURS = "Only who leads the team hands work over."
TO_YOU = topic("handover.to", "Rows are handed over to me", "%(who)s hands over to you %(what)s · %(why)s")
OF_YOURS = topic(
    "handover.from", "Rows of mine are handed over", "%(who)s hands over to %(to)s of yours %(what)s · %(why)s"
)


def may_hand_over(actor: Actor, record: type[Record]) -> bool:
    """Whether the actor hands over rows of a record at all: who edits more of them than his or her own."""
    reach = widened(record, actor.scope("edit", str(record.__tablename__)))
    return issubclass(record, _Placed) and not record.owned_by and reach > Scope.OWN


def may_assign(actor: Actor, row: Record) -> bool:
    """Whether the actor may give this row to somebody, in its present state."""
    scope = widened(type(row), actor.scope("edit", policy_name(type(row))))
    return _free(actor, row) and scope > Scope.OWN


def may_take(actor: Actor, row: Any) -> bool:
    """Whether the actor may make this unassigned row his or her own."""
    return _free(actor, row) and row.pooled and row.owner_id is None and actor.user_id is not None


def _free(actor: Actor, row: Any) -> bool:
    return isinstance(row, _Placed) and not row.owned_by and not is_closed(row) and may(actor, "edit", row)  # type: ignore[arg-type]


def hand(
    session: Session, row: Any, user_id: int | None, unit_id: int | None, actor: Actor, *, among_many: bool = False
) -> None:
    """Make a user the owner of a row, or with None put it back among the unassigned. Raises `Refusal`.

    `among_many`: the caller tells the new owner of all of them at once.
    """
    if not (may_assign(actor, row) or (may_take(actor, row) and user_id == actor.user_id)):
        raise NotPermitted(NOT_YOURS)
    row.owner_id = user_id
    if unit_id is not None:
        row.unit_id = unit_id
    session.flush()
    publish(session, HandedOver(str(row.__tablename__), row.id, user_id, among_many))


def units_of(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    """The unit each of some users sits in; who sits in none is missing."""
    person = registry["person"]
    found = select(person.user_id, person.unit_id).where(person.user_id.in_(list(user_ids)))
    return dict(session.execute(found).all())


def counted(counts: Mapping[type[Record], int]) -> tuple[Sentence, ...]:
    """How many rows of which records, such as "Renewals: 12, Leads: 3", in whatever language they are told."""
    return tuple(
        Sentence("%(records)s: %(count)s", records=Label(plural_msgid(record)), count=count)
        for record, count in counts.items()
        if count
    )


def to_you(counts: Mapping[type[Record], int], who: str, why: str) -> Sentence:
    """What a new owner is told."""
    return TO_YOU.says(who=who, what=counted(counts), why=why)


def of_yours(counts: Mapping[type[Record], int], who: str, to: str, why: str) -> Sentence:
    """What an old owner is told."""
    return OF_YOURS.says(who=who, to=to, what=counted(counts), why=why)
