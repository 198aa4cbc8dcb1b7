"""Closed lists: yes or no, one of several, several of many."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Boolean, Enum
from sqlalchemy.orm import MappedColumn, mapped_column

from app.schema.kinds.kind import BadValue, Kind, Reader
from app.schema.kinds.samples import nth
from app.schema.rules import Rule
from app.schema.types import Several

_YES = {"1", "true", "yes", "y", "on", "是"}
_NO = {"0", "false", "no", "n", "off", "否"}


class Choice(StrEnum):
    """A closed list of values; the value is stored, the label is read and translated."""

    @property
    def label(self) -> str:
        """English label, the key of its translations: REFUSED_PRICE reads "Refused price"."""
        return self.name.replace("_", " ").capitalize()

    def __or__(self, other: "Choice | frozenset[Choice]") -> "frozenset[Choice]":
        return frozenset({self}) | (other if isinstance(other, frozenset) else {other})

    __ror__ = __or__


class State(Choice):
    """The states of a workflow."""


def _yes_no(raw: Any) -> bool:
    text = str(raw).casefold()
    if text in _YES | _NO:
        return text in _YES
    raise BadValue("write yes or no")


def _write_yes_no(value: bool) -> str:
    return "yes" if value else "no"


YES_NO = Kind(
    "yes/no",
    _yes_no,
    "checkbox",
    _write_yes_no,
    {"type": "boolean"},
    ("eq",),
    words=lambda value, reader: reader.say("yes" if value else "no"),
    type_=Boolean,
    rules=(Rule("is_yes_or_no", "{} IN (true, false)", "write yes or no", sqlite="{} IN (0, 1)"),),
    draft="yes/no",
    example=lambda number, language: number % 2 == 0,
)

YesNo = Annotated[bool, YES_NO.column()]


def _one_of(values: type[Choice], written: str, by_text: dict[str, Choice]) -> Choice:
    try:
        return by_text[written.strip().casefold()]
    except KeyError:
        raise BadValue("choose one of: %(choices)s", choices=", ".join(v.value for v in values)) from None


def _by_text(values: type[Choice]) -> dict[str, Choice]:
    return {text.casefold(): v for v in values for text in (v.value, v.name, v.label)}


def choice_kind(values: type[Choice]) -> Kind:
    """The kind of a field that takes one of `values`, by stored value or by name or label."""
    by_text = _by_text(values)
    return Kind(
        "choice",
        lambda raw: _one_of(values, str(raw), by_text),
        "select",
        lambda value: str(value.value),
        {"type": "string", "enum": [v.value for v in values]},
        ("eq",),
        words=lambda value, reader: reader.say(value.label),
        example=lambda number, language: nth(list(values), number),
    )


def choice(values: type[Choice], *, default: Choice | None = None) -> MappedColumn[Any]:
    """A column that holds one of `values`; the database refuses any other."""
    longest = max(len(v.value) for v in values)
    type_ = Enum(
        values,
        native_enum=False,
        length=max(longest, 40),
        values_callable=lambda e: [v.value for v in e],
        create_constraint=True,
        name=f"{values.__name__}_is_known",
    )
    return mapped_column(type_, default=default, index=True, info={"kind": choice_kind(values), "choices": values})


def starts_at(state: State) -> MappedColumn[Any]:
    """The state column of a workflow, which begins at `state` and moves only by steps."""
    column = choice(type(state), default=state)
    column.column.info["initial"] = state
    return column


def many_choice_kind(values: type[Choice]) -> Kind:
    """The kind of a field that takes any number of `values`: a tuple, in the order of the list and each once."""
    by_text, order = _by_text(values), list(values)

    def parse(raw: Any) -> tuple[Choice, ...] | None:
        parts: Iterable[Any] = raw
        if isinstance(raw, str):
            parts = [part for part in raw.replace("，", ",").replace("、", ",").split(",") if part.strip()]
        elif not isinstance(raw, list | tuple | set | frozenset):
            raise BadValue("write the values with commas between")
        chosen = {_one_of(values, str(part), by_text) for part in parts}
        return tuple(sorted(chosen, key=order.index)) or None

    def words(value: tuple[Choice, ...], reader: Reader) -> str:
        return ", ".join(reader.say(v.label) for v in value)

    return Kind(
        "many-choice",
        parse,
        "checkboxes",
        lambda value: ",".join(v.value for v in value),
        {"type": "array", "items": {"enum": [v.value for v in values]}, "uniqueItems": True, "minItems": 1},
        ("has",),
        words=words,
        type_=lambda: Several(values),
        rules=(_only(values),),
        example=lambda number, language: tuple(
            v for at, v in enumerate(order) if at == number % len(order) or number >> at & 1
        ),
    )


def _only(values: type[Choice]) -> Rule:
    """The rule that nothing but `values` is listed: when all of them are taken away, one bar is left."""
    left = "{}"
    for value in sorted((v.value for v in values), key=len, reverse=True):
        left = f"replace({left}, '{value}|', '')"
    return Rule("holds_known_choices", f"{left} = '|'", "choose from the list")


def choices(values: type[Choice], **more: Any) -> MappedColumn[Any]:
    """A column that holds any number of `values`; `more` is handed to the column."""
    return many_choice_kind(values).column(info={"choices": values, "many": True}, **more)
