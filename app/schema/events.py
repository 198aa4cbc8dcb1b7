"""Events: what happened, in the past tense. Domains react to others' events instead of importing them."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

_reactions: dict[type["Event"], list[Callable[[Any, Any], None]]] = defaultdict(list)


class Event:
    """Something that happened; subclasses are frozen dataclasses named in the past tense."""


@dataclass(frozen=True)
class HandedOver(Event):
    """A row of `record` was handed to a user, or with None put back among the unassigned.

    `among_many`: whoever hands over tells the new owner of all of them at once.
    """

    record: str
    row_id: int
    user_id: int | None
    among_many: bool = False


E = TypeVar("E", bound=Event)


def on(event: type[E]) -> Callable[[Callable[[E, Any], None]], Callable[[E, Any], None]]:
    """Register a reaction ``(event, session) -> None``, run in the transaction of what happened."""

    def register(reaction: Callable[[E, Any], None]) -> Callable[[E, Any], None]:
        _reactions[event].append(reaction)
        return reaction

    return register


def reactions(event: Event) -> tuple[Callable[[Any, Any], None], ...]:
    """What reacts to this event."""
    return tuple(_reactions[type(event)])
