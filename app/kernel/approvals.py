"""Agreements that a step needs: who may give the next one, what has been given, and what has made it void.

Each is a row of `approval`, bound to a digest of the fields its step seals. The database itself lets no part be given
twice, and nobody give two, among those that are not void. All is asked and written while the row is locked.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.access import may, within
from app.kernel.actor import Actor
from app.kernel.settings import setting_value
from app.kernel.tables import Approval, AuditEntry
from app.schema.approval import Part, Reviews, Tiers, Verdict
from app.schema.errors import Invalid, Refusal
from app.schema.record import Record, policy_name
from app.schema.roles import Scope
from app.schema.workflow import Step

GIVEN = "You have had your say on this already: the rest is for others."
OWN = "Nobody approves an amount of his or her own."
OTHERS = "The next approval is for somebody else to give."
UNBOUND = "What was approved has changed since: take it back first."
CHANGED = "What was approved has changed."
ANEW = "A new decision began."


@dataclass(frozen=True)
class Given:
    """What came of giving an agreement: which part it was; where the row goes, None while others are waited for.

    `absent` is the colleague in whose place it was given.
    """

    part: Part
    target: Any
    absent: Actor | None = None


def seal_of(row: Record, step: Step) -> str:
    """A digest of the row's sealed fields as they stand."""
    fields = step.needs.sealed if step.needs is not None else ()
    return sha256(json.dumps([history.plain(getattr(row, name)) for name in fields]).encode()).hexdigest()


def live(session: Session, row: Record, step: Step) -> list[Approval]:
    """What was given and has not been made void, the oldest first."""
    mine = (Approval.record == row.__tablename__, Approval.row_id == row.id, Approval.step == step.name)
    return list(session.scalars(select(Approval).where(*mine, Approval.void_at.is_(None)).order_by(Approval.id)))


def standing(session: Session, row: Record, step: Step) -> list[Approval]:
    """What was given to the row as it is now."""
    seal = seal_of(row, step)
    return [approval for approval in live(session, row, step) if approval.seal == seal]


def intact(session: Session, row: Record, step: Step) -> bool:
    """Whether something was agreed to, and all of it to the row as it is now."""
    given, seal = live(session, row, step), seal_of(row, step)
    return bool(given) and all(approval.seal == seal for approval in given)


def amount_of(row: Record, tiers: Tiers) -> Decimal | None:
    """The amount that decides how high one must go; None as long as there is none."""
    if getattr(row, tiers.amount) is None:
        return None
    return tiers.reckoned(row) if tiers.reckoned is not None else getattr(row, tiers.amount)


def needed(session: Session, row: Record, step: Step) -> tuple[Part, ...]:
    """The parts the row needs as it is now, in order; the lowest level while there is no amount."""
    if not isinstance(step.needs, Tiers):
        return step.parts
    amount, parts = amount_of(row, step.needs), step.parts
    if amount is None:
        return parts[:1]
    reached = next(n for n, part in enumerate(parts) if _covers(session, part, amount))
    return parts[: reached + 1] if step.needs.sequence else (parts[reached],)


def _covers(session: Session, part: Part, amount: Decimal) -> bool:
    """Whether a level reaches so high. A limit nobody has set gives no authority."""
    if part.limit is None:
        return True
    limit = part.limit if isinstance(part.limit, Decimal) else setting_value(session, part.limit)
    return limit is not None and amount <= limit


def takes_part(actor: Actor, row: Record, step: Step) -> bool:
    """Whether the actor may take the step at all, or take part in it in the place of an absent colleague."""
    if may(actor, f"step:{step.name}", row):
        return True
    return step.needs is not None and any(may(absent, f"step:{step.name}", row) for absent in actor.absent)


def obstacle(session: Session, row: Record, step: Step, actor: Actor) -> str | None:
    """Why the actor has nothing to agree to here; None if there is."""
    found = _seat(session, row, step, actor)
    return found if isinstance(found, str) else None


@dataclass(frozen=True)
class Seat:
    """What an actor may agree as: a part of the step, in his or her own right or an absent colleague's."""

    part: Part
    holder: Actor


def _seat(session: Session, row: Record, step: Step, actor: Actor) -> Seat | str:
    given = standing(session, row, step)
    heard = {user for approval in given for user in (approval.user_id, approval.for_id)} - {None}
    if actor.user_id in heard:
        return GIVEN
    owners = _owners(session, row, step, step.needs) if isinstance(step.needs, Tiers) else set()
    if actor.user_id in owners:
        return OWN
    done = {approval.part for approval in given}
    open_ = [part for part in needed(session, row, step) if part.name not in done]
    for part in open_[:1] if isinstance(step.needs, Tiers) else open_:
        for holder in (actor, *actor.absent):
            if may_give(holder, row, step, part) and (holder is actor or holder.user_id not in heard | owners):
                return Seat(part, holder)
    return OTHERS


@dataclass(frozen=True)
class Outlook:
    """What the actor would agree as, and which parts would still be waited for then."""

    part: Part
    others: tuple[Part, ...]


def outlook(session: Session, row: Record, step: Step, actor: Actor) -> Outlook | None:
    """What an agreement of the actor would do; None if there is nothing for him or her to give."""
    seat = _seat(session, row, step, actor)
    if isinstance(seat, str):
        return None
    part = seat.part
    done = {approval.part for approval in standing(session, row, step)} | {part.name}
    others = tuple(each for each in needed(session, row, step) if each.name not in done)
    enough = isinstance(step.needs, Reviews) and len(done) >= step.needs.quorum
    return Outlook(part, () if enough else others)


def confirming(row: Record, step: Step) -> dict[str, Any] | None:
    """The answers that agree to the row as it stands; None if the step asks for something it does not hold yet."""
    sealed = step.needs.sealed if step.needs is not None else ()
    answers: dict[str, Any] = {}
    for asked in step.asks:
        if asked == "verdict":
            answers[asked] = Verdict.YES.value
        elif asked in sealed and getattr(row, asked) is not None:
            answers[asked] = getattr(row, asked)
        elif asked.endswith("?"):
            continue
        else:
            return None
    return answers


def may_give(actor: Actor, row: Record, step: Step, part: Part) -> bool:
    """Whether the actor's roles let him or her agree as this part, or above it, on this row."""
    assert step.needs is not None, "only steps that need agreements have parts"
    for each in step.needs.at_or_above(part):
        scope = actor.scope(f"step:{step.name}.{each.name}", policy_name(type(row)))
        if scope > Scope.NONE and within(actor, scope, row):
            return True
    return False


def _owners(session: Session, row: Record, step: Step, tiers: Tiers) -> set[int | None]:
    """Who added the row, and who was the last to write its amount other than by approving it."""
    mine = (AuditEntry.record == row.__tablename__, AuditEntry.record_id == row.id)
    entries = session.execute(
        select(AuditEntry.user_id, AuditEntry.verb, AuditEntry.changes).where(*mine).order_by(AuditEntry.id.desc())
    ).all()
    wrote = next((entry for entry in entries if tiers.amount in (entry.changes or {})), None)
    found = {entry.user_id for entry in entries if entry.verb == "add"}
    if wrote is not None and wrote.verb != f"step:{step.name}":
        found.add(wrote.user_id)
    return found - {None}


def give(
    session: Session, row: Record, step: Step, actor: Actor, at: datetime, verdict: Any, reason: str | None
) -> Given:
    """Write the actor's agreement, or a reviewer's no, and say where it takes the row.

    Raises `Refusal` if there is nothing for the actor to give, no amount, or no reason for a no.
    """
    if isinstance(step.needs, Tiers) and amount_of(row, step.needs) is None:
        raise Refusal("Enter the amount first.", field=step.needs.amount)
    verdict = Verdict.YES if isinstance(step.needs, Tiers) else Verdict(verdict)
    if verdict == Verdict.NO and not reason:
        raise Invalid({"reason": "An answer is needed here."})
    seal = seal_of(row, step)
    void(session, row, [step], at, CHANGED, but=seal)
    seat = _seat(session, row, step, actor)
    if isinstance(seat, str):
        raise Refusal(seat)
    part, absent = seat.part, seat.holder if seat.holder is not actor else None
    session.connection().execute(
        insert(Approval).values(
            record=row.__tablename__,
            row_id=row.id,
            step=step.name,
            part=part.name,
            user_id=actor.user_id,
            for_id=seat.holder.user_id,
            verdict=verdict.value,
            reason=reason,
            seal=seal,
            at=at,
        )
    )
    if isinstance(step.needs, Reviews) and verdict == Verdict.NO:
        return Given(part, step.needs.refused, absent)
    agreed = {approval.part for approval in standing(session, row, step) if approval.verdict == Verdict.YES}
    wanted = needed(session, row, step)
    enough = step.needs.quorum if isinstance(step.needs, Reviews) else len(wanted)
    done = len(agreed & {each.name for each in wanted}) >= enough
    return Given(part, step.target if done else None, absent)


def void(session: Session, row: Record, steps: Iterable[Step], at: datetime, why: str, but: str = "") -> None:
    """Make void what was given to these steps of a row, except what is bound to the seal `but`."""
    names = [step.name for step in steps if step.needs is not None]
    if not names:
        return
    table = Approval.__table__.c
    mine = (table.record == row.__tablename__, table.row_id == row.id, table.step.in_(names), table.void_at.is_(None))
    session.connection().execute(
        update(Approval).where(*mine, table.seal != but).values(void_at=at, void_why=why[:200])
    )
    for known in [each for each in session.identity_map.values() if isinstance(each, Approval)]:
        session.expire(known)


def watch(session: Session, row: Record, changed: set[str], at: datetime) -> None:
    """A change of sealed fields makes void what was agreed to before, whichever way they are changed."""
    workflow = type(row).workflow
    for step in workflow.steps if workflow is not None else ():
        if step.needs is not None and changed.intersection(step.needs.sealed):
            void(session, row, [step], at, CHANGED, but=seal_of(row, step))


def decided(session: Session, row: Record) -> bool:
    """Whether anybody has agreed to anything about the row, or refused it, and it still counts."""
    mine = (Approval.record == row.__tablename__, Approval.row_id == row.id, Approval.void_at.is_(None))
    return session.scalar(select(Approval.id).where(*mine).limit(1)) is not None
