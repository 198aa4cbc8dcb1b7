"""Who asks. Every read and write of a record happens for an actor; without one, nothing is seen."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from app.schema.brand import PLAIN, Brand
from app.schema.roles import Scope


@dataclass(frozen=True)
class Actor:
    """A person, or the system on its own behalf or on a person's.

    `reach` says how far each grant goes, by (verb, record name); a verb that is a step is written ``step:pay``.
    `unit_ids` are the person's unit and those below, `branch_ids` those of the branch, `above_ids` the unit and those
    it is a part of, all as ids of ``unit``.
    `represented` are those the person stands in for while they are on leave: names by user id.
    `absent` are these same colleagues as actors, with their own reach: in their place a deputy agrees to a step.
    `source` is where the request came from: web, api, cli, job, import, system. `zone` is the time zone the person
    reads clocks in, where it is not the house's; `currency` is the house's, by its three letters, `brand` its face.
    `barred` is what a token of the person was not made for, of what no grant is about: ``files`` and ``comments``.
    """

    name: str
    user_id: int | None = None
    roles: frozenset[str] = frozenset()
    unit_id: int | None = None
    unit_ids: tuple[int, ...] = ()
    branch_ids: tuple[int, ...] = ()
    above_ids: tuple[int, ...] = ()
    reach: Mapping[tuple[str, str], Scope] = field(default_factory=dict, hash=False)
    represented: Mapping[int, str] = field(default_factory=dict, hash=False)
    absent: tuple["Actor", ...] = field(default=(), hash=False)
    source: str = "web"
    zone: str = ""
    currency: str = ""
    brand: Brand = PLAIN
    system: bool = False
    why: str | None = None
    barred: frozenset[str] = frozenset()

    def scope(self, verb: str, record: str) -> Scope:
        """How far this actor's `verb` goes on `record`; NONE when not granted."""
        return Scope.ALL if self.system else self.reach.get((verb, record), Scope.NONE)

    def owns(self, owner_id: int | None, *, personal: bool = False) -> bool:
        """Whether a row of that owner counts as this actor's own; a `personal` one is no deputy's."""
        return owner_id is not None and owner_id in self.owner_ids(personal=personal)

    def owner_ids(self, *, personal: bool = False) -> tuple[int, ...]:
        """The owners whose rows count as this actor's own: the person, and those represented."""
        own = () if self.user_id is None else (self.user_id,)
        return own if personal else (*own, *self.represented)

    def signature(self, owner_id: int | None) -> str:
        """The name that history keeps of what was done to a row of that owner: "li for wang" of a deputy."""
        absent = self.represented.get(owner_id) if owner_id is not None else None
        return self.name if absent is None else f"{self.name} for {absent}"

    @cached_property
    def reading(self) -> tuple[tuple[str, int], ...]:
        """How far this actor reads each record, in a fixed order: people alike in it share compiled statements."""
        return tuple(sorted((record, int(s)) for (verb, record), s in self.reach.items() if verb == "read"))

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What the policy has worked out for this actor, so that it is asked once and not for every cell."""
        return {}


NOBODY = Actor("nobody")
_current: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
_address: ContextVar[str | None] = ContextVar("address", default=None)


def current_actor() -> Actor:
    """The actor of this request, job or command."""
    return _current.get()


def request_address() -> str | None:
    """The network address this request came from; None for jobs and commands."""
    return _address.get()


def system_actor(name: str, source: str = "job") -> Actor:
    """The system itself, for a job or a command called `name`."""
    return Actor(name, source=source, system=True)


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Let `actor` be the one who asks, within this block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


@contextmanager
def on_behalf(why: str) -> Iterator[Actor]:
    """The system acts for the present actor where a rule of the business needs rows the person may not touch.

    History still names the person, and `why`. Keep the block short, and never hand what it read to a screen.
    """
    with acting(replace(_current.get(), system=True, why=why)) as actor:
        yield actor
