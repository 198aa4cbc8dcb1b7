"""Workflows: states, and the steps between them. A state moves by a step and in no other way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.schema.errors import DeclarationError
from app.schema.kinds import Choice, State
from app.schema.roles import Role

Guard = Callable[[Any], str | None]
Effect = Callable[[Any, "Move"], None]


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

    `by` are the roles that may (administrators may change it); a step without it does not exist.
    `when` answers None or the reason why not. `asks` are fields of the record, or ``reason``, that must be
    answered; those with a trailing ``?`` may be left empty. `not_by` names earlier steps (or ``add``) whose taker
    may not take this one: four eyes. `effect` runs in the same transaction, after the state has moved.
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

    def __post_init__(self) -> None:
        """Normalise single values to tuples; refuse a step nobody may take."""
        object.__setattr__(self, "source", _set(self.source))
        object.__setattr__(self, "by", (self.by,) if isinstance(self.by, Role) else tuple(self.by or ()))
        object.__setattr__(self, "not_by", (self.not_by,) if isinstance(self.not_by, str) else tuple(self.not_by))
        if not self.by:
            raise DeclarationError(f"step {self.name!r} says by nobody: name the roles, such as by=Role.CLAIMS")

    @property
    def title(self) -> str:
        """What its button says, in English."""
        return self.label or self.name.replace("_", " ").capitalize()


def _set(states: Any) -> frozenset[Choice]:
    return frozenset({states}) if isinstance(states, Choice) else frozenset(states)


class Workflow:
    """The steps of a record, in the order their buttons are shown.

    In `frozen` states the row and its lines are changed by steps alone: what was decided stays as it was decided.
    """

    def __init__(self, *steps: Step, field: str = "state", frozen: Any = ()) -> None:
        self.steps, self.field, self.frozen = steps, field, _set(frozen)
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
