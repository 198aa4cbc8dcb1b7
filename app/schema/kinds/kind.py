"""What a kind is: everything the house has to know about the meaning of a field."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from app.schema.rules import Rule


class BadValue(ValueError):
    """A value its kind does not accept. `msgid` and `args_` let the sentence be translated."""

    def __init__(self, msgid: str, **args_: object) -> None:
        self.msgid, self.args_ = msgid, args_
        super().__init__(msgid % args_ if args_ else msgid)


@dataclass(frozen=True)
class Reader:
    """Who reads a value in words: the clock moments are told on, and the language words are said in."""

    zone: tzinfo = UTC
    say: Callable[[str], str] = str


def _sample(number: int, language: str) -> Any:
    return f"样本 {number}" if language.startswith("zh") else f"Sample {number}"


@dataclass(frozen=True)
class Kind:
    """The meaning of a field.

    `parse` takes what a person or a machine wrote and returns the value, or raises `BadValue`; `write` is its inverse,
    the text inputs and files hold. `words` is how a person reads a value (as `write`, if absent).
    `input` names the control that asks for it and `cell` how it stands on a page; `schema` is the schema of
    the JSON the API shows of it. `operators` are the comparisons a filter may use: ``eq``, ``ge``, ``le``, ``contains``
    and ``has`` (for a list). `private` kinds are masked wherever they are shown. `longest` counts characters.
    `type_` makes the column's type, `rules` are what the database checks besides; `draft` says how the cell of a
    spreadsheet is read before `parse` sees it. `suggest` are values an input offers. `example` makes believable values,
    the n-th in a language.
    """

    name: str
    parse: Callable[[Any], Any]
    input: str = "text"
    write: Callable[[Any], str] = str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"}, hash=False)
    operators: tuple[str, ...] = ("eq", "contains")
    private: bool = False
    numeric: bool = False
    longest: int | None = None
    cell: str = "text"
    words: Callable[[Any, Reader], str] | None = None
    type_: Callable[[], TypeEngine[Any]] | None = None
    rules: tuple[Rule, ...] = ()
    draft: str = "text"
    suggest: Callable[[], Iterable[str]] | None = None
    example: Callable[[int, str], Any] = _sample

    @property
    def long(self) -> bool:
        """Whether its values take the whole width: texts of several lines."""
        return self.cell in ("lines", "markdown")

    @property
    def sortable(self) -> bool:
        """Whether an order by it means something and gives nothing away."""
        return not (self.private or self.long or "has" in self.operators or not self.operators)

    def read(self, raw: Any) -> Any:
        """Parse `raw`; an empty text is None. Raises `BadValue`."""
        if isinstance(raw, str):
            raw = unicodedata.normalize("NFC", raw).strip()
        if raw is None or raw == "":
            return None
        return self.parse(raw)

    def mask(self, value: Any) -> str:
        """What is shown of a private value to those who may not read it: its last four characters."""
        text = self.write(value)
        return "•" * max(len(text) - 4, 4) + text[-4:] if len(text) > 8 else "•" * 8

    def told(self, value: Any, reader: Reader) -> str:
        """A value in words, whoever may read it; "" for none."""
        if value is None:
            return ""
        return self.words(value, reader) if self.words is not None else self.write(value)

    def sample(self, number: int, language: str = "en") -> Any:
        """The `number`-th believable value, in English or Chinese (``zh_Hans``); always the same, fit for `parse`."""
        return self.example(number, language)

    def column(self, **more: Any) -> MappedColumn[Any]:
        """A column of this kind; `more` is handed to `mapped_column`."""
        info = {"kind": self, **more.pop("info", {})}
        type_ = self.type_() if self.type_ is not None else String(self.longest or 200)
        return mapped_column(type_, info=info, **more)
