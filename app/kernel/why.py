"""Why somebody can or cannot do something: the answer of the policy itself, taken apart into its reasons.

Each reason carries what one function of the policy said (`may`, `offers`, `may_assign`…), asked as the person; the
answer is that all of them said yes. So it is never another than the decision. Of a row the person may not see, the
system looks up owner, unit and state, and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.access import may, widened, within
from app.kernel.actor import Actor, acting, on_behalf
from app.kernel.approvals import takes_part
from app.kernel.clock import house_day
from app.kernel.deputies import stands_in_until
from app.kernel.handing import may_assign, may_hand_over, may_take
from app.kernel.permissions import called
from app.kernel.reveal import may_reveal
from app.kernel.rights import Right, roles_named
from app.kernel.workflow import earlier_takers, is_closed, is_frozen, offers, step_meant
from app.schema.errors import Refusal
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Branch, Shared, _Placed
from app.schema.wording import Label, Sentence
from app.schema.workflow import Step

HAND_OVER = "hand_over"
"""Handing over, which is no right of its own: it follows from editing."""
ROWLESS = ("add", "import", "open")
"""What is done to no row that is there already."""
REACHES = {Scope.NONE: Label("—"), Scope.OWN: Label("own rows"), Scope.TEAM: Label("rows of the team")}
REACHES[Scope.ALL] = Label("all rows")

UNGRANTED = "No role of this person grants it (%(roles)s). Roles that do: %(others)s."
LENT = "Granted in the place of %(who)s, who is away: through the role %(role)s, for %(reach)s."
FROZEN = "While it is “%(state)s” it is changed by steps alone."
NOT_OFFERED = "The step is not offered while the row is “%(state)s”, only from: %(states)s."
FOUR_EYES = "Four eyes: this person took “%(earlier)s” on this row, so somebody else takes this step."
STANDS_IN = "This person stands in for %(who)s, whose row it is, until %(day)s."
OUT_OF_REACH = "The row is %(owner)s's, of the unit %(unit)s, and the reach is: %(reach)s."
PERSONAL = "The row is %(owner)s's, of the unit %(unit)s, and a deputy does not stand in for such rows."
NOBODYS = "The row is nobody's, of the unit %(unit)s, and the reach is: %(reach)s."


@dataclass(frozen=True)
class Reason:
    """What one question to the policy was answered, and why."""

    yes: bool
    why: Sentence


@dataclass(frozen=True)
class Answer:
    """Whether somebody may, and the reasons: all of them speak for it, or at least one against."""

    reasons: tuple[Reason, ...]

    @property
    def yes(self) -> bool:
        """Whether all reasons speak for it."""
        return all(reason.yes for reason in self.reasons)


def explain(session: Session, actor: Actor, right: Right, key: int | None = None) -> Answer:
    """Why `actor` may do something, in general or (with `key`) to that row, or why not."""
    verb, name = right
    record = registry.get(name)
    with acting(actor):
        if record is None or key is None or verb in ROWLESS:
            return Answer(tuple(_in_general(session, actor, right, record)))
        row = session.get(record, key)
        if row is None:
            return Answer((_hidden(session, actor, record, key),))
        return Answer(tuple(_of_row(session, actor, verb, row)))


def signed_out(active: bool) -> Answer:
    """The answer for whoever may not sign in at all."""
    return Answer((Reason(active, Sentence("This person may not sign in, so nothing is open.")),))


def _in_general(session: Session, actor: Actor, right: Right, record: type[Record] | None) -> Iterator[Reason]:
    if right[0] != HAND_OVER or record is None:
        yield _granted(session, actor, right)
        return
    yield _granted(session, actor, ("edit", right[1]))
    if (refusal := _unowned(record)) is not None:
        yield refusal
    else:
        hands = may_hand_over(actor, record)
        yield Reason(hands, _only_leaders(hands))


def _granted(session: Session, actor: Actor, right: Right, absent: Actor | None = None) -> Reason:
    """Whether a role grants it: which, and how far, or which roles would; `absent` is who lends the right."""
    name = right[1]
    record, scope = registry.get(name), (absent or actor).scope(*right)
    roles = actor.kept.get("roles") or actor.kept.setdefault("roles", roles_named(session))
    holding = {role: reach for role, rights in roles.items() if (reach := rights.scope(right)) > Scope.NONE}
    if scope == Scope.NONE:
        lacking = [Label(role) for role in sorted(actor.roles)] or "—"
        others = [Label(role) for role in sorted(holding)] or "—"
        return Reason(False, Sentence(UNGRANTED, roles=lacking, others=others))
    through = [role for role in sorted((absent or actor).roles) if holding.get(role) == scope]
    by = [Label(role) for role in through]
    if record is None:
        return Reason(True, Sentence("Granted through the role %(role)s.", role=by))
    places = {"role": by, "reach": REACHES[widened(record, scope)]}
    if absent is not None:
        return Reason(True, Sentence(LENT, who=absent.name, **places))
    return Reason(True, Sentence("Granted through the role %(role)s, for %(reach)s.", **places))


def _hidden(session: Session, actor: Actor, record: type[Record], key: int) -> Reason:
    """Why a row is not seen, which closes everything else."""
    name = str(record.__tablename__)
    scope = actor.scope("read", name)
    with on_behalf("why"):
        there = session.scalar(select(record.id).where(record.id == key)) is not None
    if not there:
        return Reason(False, Sentence("There is no row of this number."))
    if scope == Scope.NONE:
        return Reason(False, _granted(session, actor, ("read", name)).why)
    return Reason(False, _out_of_reach(session, actor, scope, record, key))


def _of_row(session: Session, actor: Actor, verb: str, row: Record) -> Iterator[Reason]:
    """Reasons concerning a row the person sees."""
    name = str(row.__tablename__)
    if verb == "read":
        yield _granted(session, actor, ("read", name))
        yield _reached(session, actor, "read", row)
        return
    if verb.startswith("step:"):
        yield from _step(session, actor, verb, row)
        return
    kept = "edit" if verb == HAND_OVER else verb
    granted = _granted(session, actor, (kept, name))
    yield granted
    if not granted.yes or verb == "export":  # what is seen is exported by who exports at all
        return
    if verb == "reveal":
        yield Reason(may_reveal(actor, row), _place(session, actor, "reveal", row))
        return
    yield _reached(session, actor, kept, row)
    if verb == HAND_OVER:
        yield from _handing(actor, row)
    elif is_frozen(row):
        yield Reason(False, Sentence(FROZEN, state=_state(row)))


def _reached(session: Session, actor: Actor, verb: str, row: Record) -> Reason:
    """Whether the row lies within the reach of a verb."""
    return Reason(may(actor, verb, row), _place(session, actor, verb, row))


def _step(session: Session, actor: Actor, verb: str, row: Record) -> Iterator[Reason]:
    workflow, name = type(row).workflow, verb.removeprefix("step:")
    step = workflow.step(name) if workflow is not None else None
    if workflow is None or step is None:
        yield Reason(False, Sentence("There is no such step."))
        return
    state = getattr(row, workflow.field)
    if state not in step.source:
        sources = [Label(each.label) for each in sorted(step.source)]
        yield Reason(False, Sentence(NOT_OFFERED, state=Label(state.label), states=sources))
    yield from _taking(session, actor, verb, row, step)
    offer = next((each for each in offers(session, row, actor) if each.step is step), None)
    if offer is None or offer.reason is None:
        return
    earlier = [each for each in step.not_by if actor.user_id in earlier_takers(session, row, each)]
    if earlier and (step.when is None or not step.when(row)):
        took = step_meant(type(row), earlier[0])
        what = Label(took.title) if took is not None else Label("Add")
        yield Reason(offer.open, Sentence(FOUR_EYES, earlier=what))
    else:
        why = offer.reason
        because = Sentence.again(why.message, why.args_) if isinstance(why, Refusal) else Label(why)
        yield Reason(offer.open, Sentence("The step is closed: %(reason)s", reason=because))


def _taking(session: Session, actor: Actor, verb: str, row: Record, step: Step) -> Iterator[Reason]:
    """Whether the person takes part in the step, in his or her own right or an absent colleague's."""
    name = str(row.__tablename__)
    takes = takes_part(actor, row, step)
    for holder in (actor, *(actor.absent if step.needs is not None else ())):
        if takes and may(holder, verb, row):
            absent = None if holder is actor else holder
            yield _granted(session, actor, (verb, name), absent)
            if absent is None:
                yield Reason(takes, _place(session, actor, verb, row))
            return
    granted = _granted(session, actor, (verb, name))
    yield granted
    if granted.yes:
        yield Reason(takes, _place(session, actor, verb, row))


def _unowned(record: type[Record]) -> Reason | None:
    if not issubclass(record, _Placed):
        return Reason(False, Sentence("Its rows belong to nobody, so none is handed over."))
    if record.owned_by:
        return Reason(False, Sentence("Its rows belong to whoever they are about, so none is handed over."))
    return None


def _only_leaders(yes: bool) -> Sentence:
    if yes:
        return Sentence("Who edits more than his or her own rows hands them over.")
    return Sentence("Only who edits more than his or her own rows hands any over.")


def _handing(actor: Actor, row: Record) -> Iterator[Reason]:
    if (refusal := _unowned(type(row))) is not None:
        yield refusal
    elif is_closed(row):
        yield Reason(
            False, Sentence("No step leads on from “%(state)s”, so it is handed over no more.", state=_state(row))
        )
    elif may_take(actor, row) and not may_assign(actor, row):
        yield Reason(True, Sentence("Nobody owns the row yet, so this person may take it; to others leaders give it."))
    else:
        assigns = may_assign(actor, row)
        yield Reason(assigns, _only_leaders(assigns))


def _state(row: Record) -> Label:
    workflow = type(row).workflow
    return Label(getattr(row, workflow.field).label if workflow is not None else "")


def _place(session: Session, actor: Actor, verb: str, row: Record) -> Sentence:
    """Where a row lies, seen from the reach of somebody."""
    record: Any = type(row)
    scope = actor.scope(verb, str(record.__tablename__))
    if issubclass(record, Shared):
        return Sentence("Every row of it is for everybody who may do this at all.")
    if widened(record, scope) == Scope.ALL:
        return Sentence("The reach is all rows.")
    if not within(actor, scope, row):
        if (
            scope > Scope.NONE
            and may(actor, "read", row)
            and not within(actor, actor.scope("read", record.__tablename__), row)
        ):
            return Sentence("The row is seen because a row within reach points at it.")
        return _out_of_reach(session, actor, scope, record, row.id)
    owner: int | None = getattr(row, "owner_id", None)
    if owner is not None and owner == actor.user_id:
        return Sentence("The row is this person's own.")
    if owner is not None and owner in actor.represented and not record.personal:
        until = stands_in_until(session, actor.user_id, owner, house_day(datetime.now(UTC)))
        return Sentence(STANDS_IN, who=actor.represented[owner], day=until)
    if record.pooled and owner is None:
        return Sentence("Nobody owns the row yet, and such rows are for everybody who may do this at all.")
    places = {"unit": _unit(session, getattr(row, "unit_id", None))}
    if issubclass(record, Branch):
        return Sentence("The row is of the unit %(unit)s, within this person's branch.", **places)
    return Sentence("The row is of the unit %(unit)s, which this person's unit is or stands above.", **places)


def _out_of_reach(session: Session, actor: Actor, scope: Scope, record: Any, key: int) -> Sentence:
    table = record.__table__.c
    with on_behalf("why"):
        owner, unit = session.execute(select(table.owner_id, table.unit_id).where(table.id == key)).one()
        who = called(session, [owner]).get(owner, "") if owner is not None else ""
    facts = {"owner": who, "unit": _unit(session, unit), "reach": REACHES[widened(record, scope)]}
    if record.personal and owner in actor.represented:
        return Sentence(PERSONAL, **facts)
    return Sentence(NOBODYS, **facts) if owner is None else Sentence(OUT_OF_REACH, **facts)


def _unit(session: Session, unit_id: int | None) -> Any:
    unit: Any = registry["unit"]
    with on_behalf("why"):
        name = session.scalar(select(unit.name).where(unit.id == unit_id)) if unit_id is not None else None
    return name or "—"
