"""Conditions on the values of a row, as small data: decided on the server, and mirrored by a script in the browser.

``If("channel", "mail")``, ``If("cause", is_in=(LossCause.FIRE, LossCause.WATER))``, ``If("payee", given=True)``;
joined by ``&`` and ``|``, turned round by ``~``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ValueOf = Callable[[str], Any]
Write = Callable[[str, Any], str]


class Condition(ABC):
    """Something that holds of a row or not."""

    @property
    @abstractmethod
    def fields(self) -> frozenset[str]:
        """The fields it looks at."""

    @abstractmethod
    def holds(self, value_of: ValueOf) -> bool:
        """Whether it holds; `value_of` gives the value of a field."""

    @abstractmethod
    def as_data(self, write: Write) -> list[Any]:
        """What the browser is told; `write` gives a field's value as an input holds it."""

    def __and__(self, other: "Condition") -> "Condition":
        return Joined("all", (self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return Joined("any", (self, other))

    def __invert__(self) -> "Condition":
        return Not(self)


@dataclass(frozen=True)
class Always(Condition):
    """Holds of every row: what is needed, is needed whatever else is said."""

    @property
    def fields(self) -> frozenset[str]:
        """As the base says."""
        return frozenset()

    def holds(self, value_of: ValueOf) -> bool:
        """As the base says."""
        return True

    def as_data(self, write: Write) -> list[Any]:
        """As the base says."""
        return ["all"]


_UNSAID: Any = object()


@dataclass(frozen=True)
class If(Condition):
    """A field is `value`, or one of `is_in`, or is filled in at all (`given`; False: is empty)."""

    field: str
    value: Any = _UNSAID
    is_in: tuple[Any, ...] = ()
    given: bool | None = None

    @property
    def wanted(self) -> tuple[Any, ...]:
        """The values it asks for; none where it asks whether there is any."""
        return tuple(self.is_in) if self.value is _UNSAID else (self.value,)

    @property
    def fields(self) -> frozenset[str]:
        """As the base says."""
        return frozenset({self.field})

    def holds(self, value_of: ValueOf) -> bool:
        """As the base says."""
        value = value_of(self.field)
        if self.given is not None:
            return (value is not None and value != "") == self.given
        return value is not None and value in self.wanted

    def as_data(self, write: Write) -> list[Any]:
        """As the base says."""
        if self.given is not None:
            return ["given", self.field] if self.given else ["not", ["given", self.field]]
        return ["is", self.field, *(write(self.field, value) for value in self.wanted)]


@dataclass(frozen=True)
class Joined(Condition):
    """All of several conditions (`how` is "all"), or any of them ("any")."""

    how: str
    parts: tuple[Condition, ...]

    @property
    def fields(self) -> frozenset[str]:
        """As the base says."""
        return frozenset().union(*(part.fields for part in self.parts))

    def holds(self, value_of: ValueOf) -> bool:
        """As the base says."""
        return (all if self.how == "all" else any)(part.holds(value_of) for part in self.parts)

    def as_data(self, write: Write) -> list[Any]:
        """As the base says."""
        return [self.how, *(part.as_data(write) for part in self.parts)]


@dataclass(frozen=True)
class Not(Condition):
    """The contrary of a condition."""

    part: Condition

    @property
    def fields(self) -> frozenset[str]:
        """As the base says."""
        return self.part.fields

    def holds(self, value_of: ValueOf) -> bool:
        """As the base says."""
        return not self.part.holds(value_of)

    def as_data(self, write: Write) -> list[Any]:
        """As the base says."""
        return ["not", self.part.as_data(write)]


def leaves(condition: Condition) -> list[If]:
    """The single questions a condition consists of."""
    match condition:
        case If():
            return [condition]
        case Joined():
            return [leaf for part in condition.parts for leaf in leaves(part)]
        case Not():
            return leaves(condition.part)
    return []
