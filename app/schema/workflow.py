"""Workflows: states, and the steps between them. A state moves by a step and in no other way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.schema.approval import Needs, Part, Reviews, roles_of
from app.schema.clocks import Sla
from app.schema.errors import DeclarationError, Refusal
from app.schema.events import Event
from app.schema.kinds import Choice, State

Guard = Callable[[Any], str | Refusal | None]
Effect = Callable[[Any, "Move"], None]

SPOKEN = ("reason", "verdict")
"""What a step may ask that is no field of the record: it goes into the history and the approvals."""


@dataclass(frozen=True)
class Move:
    """What a step's effect is told: the session, who, when (UTC), and the answers to what the step asks."""

    session: Any
    actor: Any
    at: Any
    answers: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A step from one or several states to another, taken by somebody.

    `by` are the roles that may (administrators may change it); a step without it does not exist. `when` answers None
    or the reason why not: a sentence, or a `Refusal` where it has places to fill. `asks` are fields of the record, or
    ``reason``, that must be answered; those with a trailing ``?`` may be left empty. `not_by` names earlier steps (or
    ``add``) whose taker may not take this one: four eyes; ``claim.approve`` is a step of the row that `claim_id` links
    to. `needs` says whose agreements it takes (`Tiers`, `Reviews`): the state moves with the last of them, and `by` is
    whoever may give one. `bound_to` names such a step: what it agreed to must still stand unchanged. `effect` runs in
    the same transaction, after the state has moved; then the event class `publishes` is called with the row's id and
    told to whoever declared `@on` it.
    """

    name: str
    source: Any
    target: State
    by: Any = None
    when: Guard | None = None
    asks: tuple[str, ...] = ()
    not_by: Any = ()
    effect: Effect | None = None
    label: str = ""
    tone: str = "primary"
    needs: Needs | None = None
    bound_to: str = ""
    publishes: Callable[[int], Event] | None = None

    def __post_init__(self) -> None:
        """Normalise single values to tuples; refuse a step nobody may take."""
        givers = dict.fromkeys(role for part in self.parts for role in part.by)
        object.__setattr__(self, "source", _set(self.source))
        object.__setattr__(self, "by", roles_of(self.by) or tuple(givers))
        object.__setattr__(self, "not_by", (self.not_by,) if isinstance(self.not_by, str) else tuple(self.not_by))
        if isinstance(self.needs, Reviews):
            self._ask("verdict", "reason?")
        if not self.by:
            raise DeclarationError(f"step {self.name!r} says by nobody: name the roles, such as by=Role.CLAIMS")

    def _ask(self, *questions: str) -> None:
        """Ask for what is not asked for yet."""
        known = {asked.removesuffix("?") for asked in self.asks}
        more = tuple(question for question in questions if question.removesuffix("?") not in known)
        object.__setattr__(self, "asks", (*self.asks, *more))

    @property
    def title(self) -> str:
        """What its button says, in English."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The agreements it may take; none for an ordinary step."""
        return () if self.needs is None else self.needs.parts

    @property
    def targets(self) -> frozenset[Choice]:
        """Where it may lead: besides its target the state a reviewer's no leads to."""
        return _set(self.target) | (_set(self.needs.refused) if isinstance(self.needs, Reviews) else frozenset())

    def permissions(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The permissions it is taken under, each with the roles that hold it at first."""
        yield f"step:{self.name}", self.by
        for part in self.parts:
            yield f"step:{self.name}.{part.name}", part.by


@dataclass(frozen=True)
class Return(Step):
    """A step back to an earlier state, for a reason. What was agreed to there is void; `clears` empties fields."""

    clears: tuple[str, ...] = ()
    tone: str = "secondary"

    def __post_init__(self) -> None:
        """Ask for the reason."""
        super().__post_init__()
        self._ask("reason")


@dataclass(frozen=True)
class Withdraw(Step):
    """A step by which whoever took one of the steps `submitted` (or added the row) takes it back, for a reason.

    It is open as long as nobody has given a verdict or an approval.
    """

    submitted: tuple[str, ...] = ("add",)
    tone: str = "danger"

    def __post_init__(self) -> None:
        """Ask for the reason."""
        super().__post_init__()
        self._ask("reason")


def _set(states: Any) -> frozenset[Choice]:
    return frozenset({states}) if isinstance(states, Choice) else frozenset(states)


Effects = Mapping[State, Effect | tuple[Effect, ...]]


class Workflow:
    """The steps of a record, in the order their buttons are shown.

    In `frozen` states the row and its lines are changed by steps alone: what was decided stays as it was decided. Until
    no step leads on it may still be handed to another owner.
    Whichever step leads there, `on_exit` of the state left and `on_enter` of the state reached run as effects do, the
    one before the step's own effect, the other after it; `on_enter` of the state rows start in runs once they are added
    (not for those an import brings in, or the trash puts back). `clocks` are the time limits that run on the way.
    In the states `waits` a row waits for whoever owns it; unless said, in those that some step leaves and that are not
    frozen. `due` is the field with the day, or the moment, by which the owner has to act next.
    """

    def __init__(
        self,
        *steps: Step,
        field: str = "state",
        frozen: Any = (),
        on_enter: Effects | None = None,
        on_exit: Effects | None = None,
        clocks: tuple[Sla, ...] = (),
        waits: Any = None,
        due: str = "",
    ) -> None:
        self.steps, self.field, self.frozen, self.clocks = steps, field, _set(frozen), clocks
        left = frozenset(state for step in steps for state in step.source)
        self.waits, self.due = left - self.frozen if waits is None else _set(waits), due
        self.on_enter, self.on_exit = _effects(on_enter), _effects(on_exit)
        names = [step.name for step in steps]
        if twice := {name for name in names if names.count(name) > 1}:
            raise DeclarationError(f"steps named twice: {', '.join(sorted(twice))}; give each its own name")

    def step(self, name: str) -> Step | None:
        """The step of that name."""
        return next((step for step in self.steps if step.name == name), None)

    def open_from(self, state: Any) -> tuple[Step, ...]:
        """The steps that leave `state`."""
        return tuple(step for step in self.steps if state in step.source)

    def is_final(self, state: Any) -> bool:
        """No step leaves `state`."""
        return not self.open_from(state)

    def reaches(self, start: Any) -> frozenset[Any]:
        """The states that lie ahead of `start` by steps that are no returns."""
        found: set[Any] = set()
        queue = [start]
        while queue:
            state = queue.pop()
            ahead = {t for step in self.open_from(state) if not isinstance(step, Return) for t in step.targets}
            queue += ahead - found
            found |= ahead
        return frozenset(found)


def _effects(declared: Effects | None) -> dict[Any, tuple[Effect, ...]]:
    found = dict(declared or {})
    return {state: each if isinstance(each, tuple) else (each,) for state, each in found.items()}
