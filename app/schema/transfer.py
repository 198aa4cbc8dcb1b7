"""Files in and out, as declared: a record's own key, and profiles that map one flat file to several records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.schema.roles import Role


@dataclass(frozen=True)
class Transfer:
    """How rows of a record are known in files: `key` is its natural key, unique and required."""

    key: str


@dataclass(frozen=True)
class Cell:
    """A value taken from a column of the file.

    `values` translates written values to stored ones (a value not listed is an error that names it);
    `then` computes the stored value from the parsed one; `order` says how ambiguous dates read: mdy, dmy or ymd.
    """

    column: str
    values: Mapping[str, Any] | None = None
    then: Callable[[Any], Any] | None = None
    order: str = "ymd"


@dataclass(frozen=True)
class Fixed:
    """The same value for every row."""

    value: Any


@dataclass(frozen=True)
class Computed:
    """A value computed from the fields of the targets before it, such as a successor's start.

    `rule` gets ``{target name: {field: value}}`` of this row.
    """

    rule: Callable[[dict[str, dict[str, Any]]], Any]


@dataclass(frozen=True)
class LinkTo:
    """The id of the row that an earlier target of the same line of the file has made or found."""

    target: str


Source = Cell | Fixed | Computed | LinkTo


@dataclass(frozen=True)
class Target:
    """One record a line of the file becomes. `key` finds the row on a second load, which then changes nothing.

    `when` leaves the target out for lines it does not concern; it gets the parsed targets before it and the raw cells.
    """

    name: str
    record: str
    key: str
    fields: Mapping[str, Source]
    when: Callable[[dict[str, dict[str, Any]], Mapping[str, Any]], bool] | None = None


@dataclass(frozen=True)
class Profile:
    """A saved mapping of a flat file of another system to several records, loaded in one pass."""

    name: str
    label: str
    targets: tuple[Target, ...]
    by: tuple[Role, ...] = (Role.MANAGER,)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the file must have, in the order the profile names them."""
        cells = (source for t in self.targets for source in t.fields.values() if isinstance(source, Cell))
        return tuple(dict.fromkeys(cell.column for cell in cells))
