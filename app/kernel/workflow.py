"""The one way a state moves: `advance`. From a screen, the API, an import or a job alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, Session

from app.kernel import approvals, conditions, history
from app.kernel.actor import Actor, current_actor, on_behalf
from app.kernel.fields import hidden_in
from app.kernel.values import MASKED
from app.schema.approval import Tiers, Verdict
from app.schema.errors import Conflict, DeclarationError, Invalid, NotFound, NotPermitted, Refusal
from app.schema.events import Event, reactions
from app.schema.kinds import BadValue, State, choice_kind
from app.schema.record import Record, kind_of, words
from app.schema.registry import registry
from app.schema.workflow import SPOKEN, Effect, Move, Return, Step, Withdraw, Workflow

VERDICT = choice_kind(Verdict)
SUBMITTED = "Only whoever submitted this takes it back."
DECIDED = "Somebody has decided on this already: ask for it to be returned."


@dataclass(frozen=True)
class Offer:
    """A step as it is offered to an actor: open, or closed for a reason."""

    step: Step
    reason: str | Refusal | None

    @property
    def open(self) -> bool:
        """Whether the step may be taken now."""
        return self.reason is None


def workflow_of(record: type[Record] | Record) -> Workflow:
    """The workflow of a record that has one."""
    found = record.workflow
    if found is None:
        raise NotFound("This record has no steps.")
    return found


def states_of(record: type[Record]) -> tuple[Any, ...]:
    """The states the rows of a record may have, in the order they are declared; none without a workflow."""
    workflow = record.workflow
    return () if workflow is None else tuple(record.__table__.columns[workflow.field].info["choices"])


def is_frozen(row: Record) -> bool:
    """Whether the row is changed by steps alone in its present state."""
    workflow = type(row).workflow
    return workflow is not None and getattr(row, workflow.field) in workflow.frozen


def is_closed(row: Record) -> bool:
    """Whether the row is changed no more: by steps alone, and no step leads on."""
    workflow = type(row).workflow
    return workflow is not None and is_frozen(row) and workflow.is_final(getattr(row, workflow.field))


def offers(session: Session, row: Record, actor: Actor) -> list[Offer]:
    """The steps leaving the row's state that the actor's roles allow, each with the reason if it is closed."""
    workflow = type(row).workflow
    if workflow is None:
        return []
    state = getattr(row, workflow.field)
    granted = [s for s in workflow.open_from(state) if approvals.takes_part(actor, row, s)]
    return [Offer(step, _obstacle(session, row, step, actor)) for step in granted]


def _obstacle(session: Session, row: Record, step: Step, actor: Actor) -> str | Refusal | None:
    if step.when is not None and (reason := step.when(row)):
        return reason
    for earlier in step.not_by:
        if _took(session, row, earlier, actor):
            return "Four eyes: somebody else has to take this step, because you took an earlier one."
    if step.bound_to and not approvals.intact(session, row, _named(row, step.bound_to)):
        return approvals.UNBOUND
    if isinstance(step, Withdraw):
        if not (actor.system or any(_took(session, row, earlier, actor) for earlier in step.submitted)):
            return SUBMITTED
        if approvals.decided(session, row):
            return DECIDED
    return None if step.needs is None else approvals.obstacle(session, row, step, actor)


def _took(session: Session, row: Record, step_name: str, actor: Actor) -> bool:
    return actor.user_id is not None and actor.user_id in earlier_takers(session, row, step_name)


def earlier_takers(session: Session, row: Record, earlier: str) -> set[int]:
    """The users who took the step `earlier` (or ``add``) of a row, or of one it links to (``claim.approve``)."""
    link, _, name = earlier.rpartition(".")
    verb = name if name == "add" else f"step:{name}"
    if not link:
        return history.takers(session, row, verb)
    column = row.__table__.columns[f"{link}_id"]
    return history.takers_of(session, column.info["ref"], getattr(row, column.key), verb)


def step_meant(record: type[Record], earlier: str) -> Step | None:
    """The step `earlier` of a record, or of one it links to; None for ``add``."""
    link, _, name = earlier.rpartition(".")
    if link:
        record = registry[record.__table__.columns[f"{link}_id"].info["ref"]]
    return record.workflow.step(name) if record.workflow is not None else None


def _named(row: Record, step_name: str) -> Step:
    step = workflow_of(row).step(step_name)
    if step is None:
        raise NotFound("There is no step %(step)s.", step=step_name)
    return step


def advance(
    session: Session, row: Record, step_name: str, *, answers: dict[str, Any] | None = None, version: int | None = None
) -> None:
    """Take a step: lock the row, ask the policy and the guard, move the state, run the effects, keep the history.

    `answers` maps what the step asks to raw or parsed values; `version`, if given, must be the row's. A step that
    needs agreements takes the actor's; the state moves, and the effects run, with the last of them.
    Raises `NotFound` (no such step), `NotPermitted`, `Conflict` (state or version moved on), `Invalid` (an answer),
    `Refusal` (a rule's reason). Nothing has changed then.
    """
    actor, workflow, step = current_actor(), workflow_of(row), _named(row, step_name)
    session.flush()
    session.refresh(row, with_for_update=True)
    if not approvals.takes_part(actor, row, step):
        raise NotPermitted("Your roles do not allow this step: %(step)s.", step=step.title)
    state = getattr(row, workflow.field)
    if state not in step.source:
        raise Conflict("This step is not open while the state is %(state)s.", state=state.label)
    if version is not None and version != row.version:
        raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.")
    given = _answers(row, step, answers or {})
    session.info.setdefault("stepping", []).append(row)
    try:
        # What a guard or an effect asks of the database must not write half a step: neither one that is refused yet,
        # nor one whose effect has more to say. One flush, one entry in the history.
        with session.no_autoflush:
            for name, value in given.items():
                if name not in SPOKEN:
                    setattr(row, name, value)
            if (reason := _obstacle(session, row, step, actor)) is not None:
                raise reason if isinstance(reason, Refusal) else Refusal(reason)
            act = history.Act(step.name, given.get("reason"), {})
            session.info.setdefault("step", {})[row] = act
            _take(row, workflow, step, Move(session, actor, datetime.now(UTC), given), act)
        session.flush()
        if not act.noted:
            history.note(session, row, f"step:{step.name}", act.why, act.beside)
        if step.publishes is not None and getattr(row, workflow.field) == step.target and not act.waits:
            publish(session, step.publishes(row.id))
    except BaseException:
        session.expire(row)
        raise
    finally:
        session.info["stepping"].remove(row)
        session.info.get("step", {}).pop(row, None)


def _take(row: Record, workflow: Workflow, step: Step, move: Move, act: history.Act) -> None:
    """Give the agreement, if the step needs some; move the state, unless others are waited for, with all effects."""
    before, target = getattr(row, workflow.field), step.target
    if step.needs is not None:
        verdict, reason = move.answers.get("verdict"), move.answers.get("reason")
        given = approvals.give(move.session, row, step, move.actor, move.at, verdict, reason)
        act.beside["approval"] = [None, given.part.label]
        if given.absent is not None:
            act.beside["in_place_of"] = [None, given.absent.name]
        target, act.waits = given.target, given.target is None
    if target == before or (act.waits and isinstance(step.needs, Tiers)):
        row.changed_at = move.at  # the version rises, so that a form sent twice is stale; reviewers do not wait in line
    if act.waits:
        return
    if target != before:
        _run(workflow.on_exit, before, row, move)
        entered = [each for each in workflow.steps if target in each.source]
        approvals.void(move.session, row, entered, move.at, approvals.ANEW)
        _move(row, workflow, target)
    for field in step.clears if isinstance(step, Return) else ():
        setattr(row, field, None)
    if step.effect is not None and target == step.target:
        step.effect(row, move)
    if target != before:
        _run(workflow.on_enter, target, row, move)


def _run(effects: Mapping[Any, tuple[Effect, ...]], state: Any, row: Record, move: Move) -> None:
    for effect in effects.get(state, ()):
        effect(row, move)


def _answers(row: Record, step: Step, raw: dict[str, Any]) -> dict[str, Any]:
    record, gone = type(row), hidden_in(current_actor(), row)
    values: dict[str, Any] = {}
    problems: dict[str, str | Refusal] = {}
    missing: list[str] = []
    sealed = step.needs.sealed if step.needs is not None else ()
    known = {name.removesuffix("?") for name in step.asks}
    for name in raw.keys() - known:
        problems[name] = Refusal("This step does not ask for %(field)s.", field=words(name))
    for asked in step.asks:
        name, optional = asked.removesuffix("?"), asked.endswith("?")
        kind = VERDICT if name == "verdict" else None if name in SPOKEN else kind_of(record, name)
        private = kind is not None and kind.private
        if name not in raw and (optional or name in sealed) and (private or name in gone):
            continue  # who does not see the present value does not take it away by saying nothing
        given = raw.get(name)
        if private and isinstance(given, str) and "•" in given:
            problems[name] = MASKED
            continue
        try:
            value = kind.read(given) if kind else (str(given).strip() or None if given is not None else None)
        except BadValue as error:
            problems[name] = str(error)
            continue
        if value is None and not optional:
            missing.append(name)
        values[name] = value
    as_answered = conditions.merged(conditions.of_row(row, record), values)
    for name, problem in conditions.problems(record, as_answered, known).items():
        if name in known:
            problems.setdefault(name, problem)
    for name in missing:
        if conditions.applies(record, name, as_answered):
            problems.setdefault(name, "An answer is needed here.")
    if problems:
        raise Invalid(problems)
    return values


def adopt(session: Session, row: Record, state: State) -> None:
    """Give a row the state it already has in the world, when an import or the demonstration data brings it in."""
    if not current_actor().system:
        raise NotPermitted("Only the system brings in rows with a state of their own.")
    _move(row, workflow_of(row), state)


def begins(row: Record) -> bool:
    """Whether a row that was just added starts its way, and is not brought in or put back in a state it has already."""
    workflow = type(row).workflow
    return workflow is not None and getattr(row, workflow.field) in workflow.on_enter and "_moved" not in row.__dict__


def begin(session: Session) -> None:
    """After rows were added: run the effects of the state they start in, on behalf of whoever added them."""
    begun = session.info.pop("begun", ())
    for row in begun:
        workflow = workflow_of(row)
        with on_behalf(f"{words(str(type(row).__tablename__))} added") as actor:
            _run(workflow.on_enter, getattr(row, workflow.field), row, Move(session, actor, row.created_at, {}))
    if begun:
        session.flush()


def publish(session: Session, happened: Event) -> None:
    """Tell whoever declared `@on` this event, in the same transaction, as the system on the actor's behalf."""
    with on_behalf(type(happened).__name__):
        for reaction in reactions(happened):
            reaction(happened, session)


def _move(row: Record, workflow: Workflow, state: Any) -> None:
    row.__dict__["_moving"] = True
    try:
        setattr(row, workflow.field, state)
        row.__dict__["_moved"] = state
    finally:
        row.__dict__.pop("_moving", None)


def check_move(row: Record, changed: set[str]) -> None:
    """Refuse to write a state that no step has set: whoever goes round the attribute is stopped at the flush."""
    workflow = type(row).workflow
    if workflow is None or workflow.field not in changed:
        return
    if row.__dict__.get("_moved") != getattr(row, workflow.field):
        raise Conflict("The state moves only by a step.", field=workflow.field)


def guard_state(mapper: Mapper[Any], cls: type) -> None:
    """Refuse any set of a record's state but by `advance` and `adopt`; called for each mapped class."""
    workflow = getattr(cls, "workflow", None)
    if not (isinstance(workflow, Workflow) and issubclass(cls, Record)):
        return
    if workflow.field not in mapper.columns or "initial" not in mapper.columns[workflow.field].info:
        raise DeclarationError(f"{cls.__name__} has a workflow: declare {workflow.field} = starts_at(…)")
    initial = mapper.columns[workflow.field].info["initial"]

    @event.listens_for(getattr(cls, workflow.field), "set", retval=True)
    def _refuse(row: Record, value: Any, old: Any, initiator: Any) -> Any:
        if row.__dict__.get("_moving"):
            return value
        if value == initial and not inspect(row).has_identity:
            return value
        raise Conflict("The state moves only by a step.", field=workflow.field)
