"""Rules on single fields: who reads and writes one in which state, when it is shown and needed, how it is worked out.

A field without a rule is read and written by whoever reads and writes the record. What a `Rule` says of roles is the
beginning: administrators change it at run time, on the page of a role, as they change grants.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from app.schema.conditions import Condition
from app.schema.errors import DeclarationError
from app.schema.kinds import Choice, Kind
from app.schema.roles import Role


class Term(NamedTuple):
    """A line of a trace: what it is (English, the key of its translation), its value, and how it came about."""

    label: str
    value: Any
    formula: str = ""


class Worked(NamedTuple):
    """A value that was worked out, and the terms it was made of."""

    value: Any
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Working:
    """How a value is worked out: a pure function of the fields `of` of the row handed in, and of nothing else.

    Who may not read one of those fields reads neither the value nor its trace.
    """

    work: Callable[[Any], Worked]
    of: tuple[str, ...]

    def __call__(self, row: Any) -> Worked:
        """Work it out for a row. Raises `DeclarationError` if the function looks at a field it does not name."""
        return self.work(_Facts(row, self.of))


class _Facts:
    """A row of which only some fields can be read."""

    def __init__(self, row: Any, names: tuple[str, ...]) -> None:
        self._row, self._names = row, names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise DeclarationError(
                f"a computed field of {type(self._row).__name__} looks at {name!r}: add it to of=(…)"
            )
        return getattr(self._row, name)


class Computed:
    """A field that is worked out whenever it is asked for and kept nowhere; `computed` makes one."""

    def __init__(self, kind: Kind, working: Working) -> None:
        self.kind, self.working = kind, working

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        return self if row is None else self.working(row).value


def computed(kind: Kind, work: Callable[[Any], Worked], *, of: Iterable[str]) -> Any:
    """Declare a computed field: ``payable = computed(MONEY, payable_of, of=("claimed", "deductible"))``.

    `work` gets the row and returns the value with its terms; it may read the fields `of`, all of the row itself.
    """
    return Computed(kind, Working(work, tuple(of)))


@dataclass(frozen=True)
class Rule:
    """What holds of one field besides what holds of its record.

    `read` are the roles that read it (None: whoever reads the record); in the states `published` everyone who sees the
    row does. `write` are the roles that write it, in forms, API and imports (None: who reads it and writes the record),
    and only in the states `when`, if any are named; steps write what they ask. While `shown` does not hold, the field
    is empty and not asked for; while `required` holds, it must be filled in. `worked` says how a stored value came
    about: it is then written by steps and effects alone.
    """

    field: str
    read: tuple[Role, ...] | None = None
    write: tuple[Role, ...] | None = None
    when: Any = ()
    published: Any = ()
    shown: Condition | None = None
    required: Condition | None = None
    worked: Working | None = None

    def __post_init__(self) -> None:
        """Normalise single roles and states."""
        for name in ("read", "write"):
            roles = getattr(self, name)
            if roles is not None:
                object.__setattr__(self, name, (roles,) if isinstance(roles, Role) else tuple(roles))
        for name in ("when", "published"):
            states = getattr(self, name)
            object.__setattr__(self, name, frozenset({states} if isinstance(states, Choice) else states))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Those it has."""
        return tuple(each for each in (self.shown, self.required) if each is not None)
