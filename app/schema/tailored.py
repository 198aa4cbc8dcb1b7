"""What the department has added to the declarations in the browser: fields, rules on fields, levels of authority.

It is kept as data by `app.kernel.tailoring`; here it takes effect. One version of it is in force in a process at a
time, put there whenever the epoch of the database has moved.
An added field is called ``x_…``, so that no declaration can ever want its name, and its value stands as text in the
JSON column `extra` of its record (`app.schema.traits.Extendable`).
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Float, String, TypeDecorator, cast, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.hybrid import hybrid_property

from app.schema.conditions import Always
from app.schema.fields import Rule
from app.schema.kinds import (
    DAY,
    INTEGER,
    LONG_TEXT,
    MONEY,
    PERCENT,
    QUANTITY,
    SHORT_TEXT,
    URL,
    YES_NO,
    BadValue,
    Choice,
    Kind,
    choice_kind,
)
from app.schema.wording import Told

if TYPE_CHECKING:
    from app.schema.approval import Part

EXTRA = "extra"
"""The column that keeps the values of added fields."""
PREFIX = "x_"
NAME = re.compile(r"x_[a-z][a-z0-9_]{0,37}")
"""What an added field may be called."""
KINDS: Mapping[str, Kind] = {
    "text": SHORT_TEXT,
    "long text": LONG_TEXT,
    "yes/no": YES_NO,
    "whole number": INTEGER,
    "number": QUANTITY,
    "amount": MONEY,
    "percent": PERCENT,
    "day": DAY,
    "web address": URL,
}
"""The kinds an added field may have, besides "choice"; none is private: what is masked is declared."""
CHOICE = "choice"
ADDED = "Added by the department"
"""The section of a form that added fields stand in."""


class AddedChoice(Choice):
    """A value of a list the department made; its label is told, not translated."""

    @property
    def label(self) -> str:
        """As the department calls it."""
        labels: Mapping[str, Told] = type(self).labels  # type: ignore[attr-defined] # given by `choices_of`
        return labels[self.value]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Put aside as its text: the list it is of was made in this process."""
        return str, (self.value,)


def choices_of(options: Iterable[tuple[str, str]]) -> type[Choice]:
    """A closed list of pairs of a value and its name, as `Told` reads names."""
    told = dict(options)
    made: Any = AddedChoice("AddedChoice", [(value, value) for value in told])  # type: ignore[call-arg] # by name
    made.labels = {value: Told.written(name) for value, name in told.items()}
    return made


class AsText(TypeDecorator[Any]):
    """Values of a kind in SQL as the text `extra` keeps."""

    impl = String
    cache_ok = True

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__()

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """A value compared with; letters to contain are text already."""
        return value if value is None or type(value) is str else self.kind.write(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value that was kept."""
        return understood(self.kind, value)


class AsFigure(TypeDecorator[Any]):
    """Values of a kind of numbers in SQL as floating-point numbers, which order and compare as the values do."""

    impl = Float
    cache_ok = True

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__()

    def process_bind_param(self, value: Any, dialect: Dialect) -> float | None:
        """A number compared with."""
        return None if value is None else float(value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> Any:
        """The number that was kept, to the places of its kind."""
        return None if value is None else understood(self.kind, f"{value:.12g}")


def understood(kind: Kind, kept: str | None) -> Any:
    """The value of a text that was kept; what the kind no longer reads, such as a value not on its list, stays text."""
    with suppress(BadValue):
        return kind.read(kept)
    return kept


@dataclass(frozen=True)
class Extra:
    """A field the department added to a record.

    `label` and `help` are told, not translated; `options` are the values of a choice with their names; `default` is
    what a new row gets, as text. `listed` says whether the list shows it by itself, `needed` that it is filled in.
    """

    record: str
    name: str
    label: Told
    kind: Kind
    options: tuple[tuple[str, str], ...] = ()
    default: str = ""
    listed: bool = False
    needed: bool = False

    @property
    def column(self) -> Column[Any]:
        """How the engine meets it: a column of no table, with what it asks of columns."""
        info: dict[str, Any] = {"kind": self.kind, "extra": self}
        if self.options:
            info["choices"] = choices_of(self.options)
            info["kind"] = choice_kind(info["choices"])
        default = {"default": understood(info["kind"], self.default)} if self.default else {}
        return Column(self.name, String, nullable=not self.needed, info=info, **default)


@dataclass(frozen=True)
class Tailored:
    """One version of all of it: added columns and rules by record, help by record and field, levels by step.

    `steps` are called ``claim.approve``, `numbers` (patterns of series) ``claim.number``. `defaults` are what the forms
    of new rows begin with, by role, those of "" for all others, as text; `labels` what declared fields are called.
    `version` tells it from others: the database and its epoch. What is worked out from the declarations under it is
    `known` as long as it is in force.
    """

    version: tuple[str, int] = ("", 0)
    columns: Mapping[str, Mapping[str, Column[Any]]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    helps: Mapping[tuple[str, str], Told] = field(default_factory=dict)
    labels: Mapping[tuple[str, str], Told] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    notices: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """By topic, by part (subject, body) and language the department's own texts."""
    defaults: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    steps: Mapping[str, "tuple[tuple[Part, ...], bool]"] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)


NOTHING: Mapping[str, Any] = {}
_in_force = Tailored()


def in_force() -> Tailored:
    """What is in force in this process."""
    return _in_force


def put_in_force(tailored: Tailored) -> None:
    """Let it be in force from now on; whoever works with the version before finishes with it."""
    global _in_force
    _in_force = tailored


def added(record: Any) -> Mapping[str, Column[Any]]:
    """The columns of the fields that were added to a record, in order."""
    return _in_force.columns.get(record.__tablename__, NOTHING)


def beginning(record: Any, name: str, roles: Iterable[str]) -> str | None:
    """What the form of a new row begins a field with for somebody with these roles, as text; None if nothing is said.

    Of several roles the one counts that is named first.
    """
    said = _in_force.defaults.get((str(record.__tablename__), name), NOTHING)
    own = set(roles)
    return next((text for role, text in said.items() if role in own), said.get(""))


def begin(row: Any) -> None:
    """Give a new row the defaults of the added fields nobody filled in."""
    for name, column in added(type(row)).items():
        if column.default is not None and getattr(row, name) is None:
            setattr(row, name, column.info["extra"].default)


def merged(declared: Rule | None, name: str, read: tuple[Any, ...] | None, required: bool) -> Rule:
    """A declared rule (or none) with what the department says besides: the roles that read, and that it is needed."""
    rule = declared or Rule(name)
    rule = rule if read is None else replace(rule, read=read)
    return replace(rule, required=Always()) if required else rule


def attribute(name: str) -> Any:
    """The attribute a record has for an added field: its value on a row, an expression on the class."""

    def get(row: Any) -> Any:
        column = added(type(row)).get(name)
        return None if column is None else understood(column.info["kind"], (row.extra or {}).get(name))

    def set_(row: Any, value: Any) -> None:
        kind: Kind = added(type(row))[name].info["kind"]
        kept = {key: text for key, text in (row.extra or {}).items() if key != name}
        if value is not None:
            kept[name] = kind.write(kind.read(value))
        row.extra = kept or None

    def expression(owner: Any) -> Any:
        column, text = added(owner).get(name), owner.extra[name].as_string()
        kind = SHORT_TEXT if column is None else column.info["kind"]
        return cast(text, AsFigure(kind)) if kind.numeric else type_coerce(text, AsText(kind))

    return hybrid_property(get, set_, expr=expression)
