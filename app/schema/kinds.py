"""Kinds: what a field means. Each kind owns its column, parser, input, export format and API schema.

A model file says ``amount: Mapped[Money]`` and nothing more. A kind is found again at
``column.info["kind"]``. Parsers take what a person or a machine wrote and return the value, or raise
`ValueError` with a sentence that says how to mend it (``%`` places are filled from `BadValue.args_`).
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any

import phonenumbers
from sqlalchemy import JSON, Boolean, Date, Enum, ForeignKey, Integer, String, Text
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from app.schema.types import Exact, UtcMoment


class BadValue(ValueError):
    """A value its kind does not accept. `msgid` and `args_` let the sentence be translated."""

    def __init__(self, msgid: str, **args_: object) -> None:
        self.msgid, self.args_ = msgid, args_
        super().__init__(msgid % args_ if args_ else msgid)


@dataclass(frozen=True)
class Kind:
    """The meaning of a field.

    `input` is the HTML control that suits it; `private` kinds are masked wherever they are shown;
    `schema` is its OpenAPI schema; `operators` are the comparisons a filter may use.
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


def _text(longest: int) -> Callable[[Any], str]:
    def parse(raw: Any) -> str:
        if isinstance(raw, bool | dict | list):
            raise BadValue("write text here")
        text = str(raw)
        if "\x00" in text:
            raise BadValue("remove the invisible character (NUL) from the text")
        if len(text) > longest:
            raise BadValue("at most %(most)d characters, this has %(has)d", most=longest, has=len(text))
        return text

    return parse


def _pattern(pattern: str, message: str, upper: bool = True) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def parse(raw: Any) -> str:
        text = unicodedata.normalize("NFKC", str(raw)).replace(" ", "")
        text = text.upper() if upper else text
        if not compiled.fullmatch(text):
            raise BadValue(message)
        return text

    return parse


def _integer(raw: Any) -> int:
    number = _number(raw)
    if number != number.to_integral_value():
        raise BadValue("write a whole number, such as 12")
    if abs(number) > 2**31 - 1:
        raise BadValue("the number is too large")
    return int(number)


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool):
        raise BadValue("write a number, such as 1234.50")
    text = repr(raw) if isinstance(raw, float) else unicodedata.normalize("NFKC", str(raw)).strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadValue("write a number, such as 1234.50") from None
    if not number.is_finite():
        raise BadValue("write a number, such as 1234.50")
    return number


def _decimal(precision: int, scale: int, strict: bool) -> Callable[[Any], Decimal]:
    """A decimal of `scale` places; `strict` refuses further places instead of rounding them away."""

    def parse(raw: Any) -> Decimal:
        number = _number(raw)
        if number.adjusted() >= precision - scale:
            raise BadValue("the number is too large")
        exact = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        if strict and exact != number:
            raise BadValue("at most %(places)d decimal places", places=scale)
        return exact

    return parse


def _day(raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw))
    except ValueError:
        raise BadValue("write a day as year-month-day, such as 2026-03-31") from None


def _moment(raw: Any) -> datetime:
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    except ValueError:
        raise BadValue("write a moment such as 2026-03-31T09:30+08:00") from None
    if moment.tzinfo is None:
        raise BadValue("say the time zone, such as 2026-03-31T09:30+08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue("write a moment such as 2026-03-31T09:30+08:00") from None


def _month(raw: Any) -> str:
    text = str(raw)
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise BadValue("write a month as year-month, such as 2026-03")
    return text


_YES = {"1", "true", "yes", "y", "on", "是"}
_NO = {"0", "false", "no", "n", "off", "否"}


def _yes_no(raw: Any) -> bool:
    text = str(raw).casefold()
    if text in _YES | _NO:
        return text in _YES
    raise BadValue("write yes or no")


def _phone(raw: Any) -> str:
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", str(raw)), "CN")
    except phonenumbers.NumberParseException:
        raise BadValue("write a phone number, such as 138 0013 8000 or +1 650 253 0000") from None
    if not phonenumbers.is_possible_number(number):
        raise BadValue("write a phone number, such as 138 0013 8000 or +1 650 253 0000")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _json(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError as error:
        raise BadValue("not valid JSON: %(problem)s", problem=error) from None


_NUMBER: dict[str, Any] = {"type": "string", "format": "decimal"}
_COMPARE = ("eq", "ge", "le")


def _write_yes_no(value: bool) -> str:
    return "yes" if value else "no"


CODE = Kind("code", _text(40), longest=40)
SHORT_TEXT = Kind("short text", _text(200), longest=200)
LONG_TEXT = Kind("long text", _text(20_000), input="textarea", operators=("contains",), longest=20_000)
INTEGER = Kind("integer", _integer, "number", schema={"type": "integer"}, operators=_COMPARE, numeric=True)
QUANTITY = Kind("quantity", _decimal(18, 6, False), "decimal", schema=_NUMBER, operators=_COMPARE, numeric=True)
MONEY = Kind("money", _decimal(18, 2, True), "decimal", schema=_NUMBER, operators=_COMPARE, numeric=True)
PERCENT = Kind("percent", _decimal(9, 2, False), "decimal", schema=_NUMBER, operators=_COMPARE, numeric=True)
YES_NO = Kind("yes/no", _yes_no, "checkbox", _write_yes_no, {"type": "boolean"}, ("eq",))
DAY = Kind("day", _day, "date", date.isoformat, {"type": "string", "format": "date"}, _COMPARE)
MOMENT = Kind("moment", _moment, "datetime", datetime.isoformat, {"type": "string", "format": "date-time"}, _COMPARE)
MONTH = Kind("month", _month, "month", schema={"type": "string", "pattern": r"^\d{4}-\d{2}$"}, operators=_COMPARE)
PHONE = Kind("phone", _phone, "tel", private=True, longest=40)
EMAIL = Kind(
    "e-mail",
    _pattern(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s<>\".]+", "write an e-mail address, such as li@example.cn", False),
    "email",
    private=True,
    longest=320,
)
ADDRESS = Kind("address", _text(400), "textarea", private=True, longest=400)
ID_NUMBER = Kind(
    "identity number", _pattern(r"[0-9A-Z]{5,30}", "write letters and digits only"), private=True, longest=30
)
BANK_ACCOUNT = Kind(
    "bank account", _pattern(r"[0-9A-Z]{8,34}", "write 8 to 34 letters and digits"), private=True, longest=34
)
PLATE = Kind("plate", _pattern(r"[\w·-]{4,12}", "write a licence plate, such as 京A12345"), longest=20)
VIN = Kind("vin", _pattern(r"[A-HJ-NPR-Z0-9]{17}", "a VIN has 17 letters and digits, without I, O and Q"), longest=17)
JSON_VALUE = Kind("json", _json, "textarea", json.dumps, {}, ())


def _column(kind: Kind, type_: TypeEngine[Any] | type[TypeEngine[Any]]) -> MappedColumn[Any]:
    return mapped_column(type_, info={"kind": kind})


Code = Annotated[str, _column(CODE, String(40))]
ShortText = Annotated[str, _column(SHORT_TEXT, String(200))]
LongText = Annotated[str, _column(LONG_TEXT, Text)]
WholeNumber = Annotated[int, _column(INTEGER, Integer)]
Quantity = Annotated[Decimal, _column(QUANTITY, Exact(18, 6))]
Money = Annotated[Decimal, _column(MONEY, Exact(18, 2))]
Percent = Annotated[Decimal, _column(PERCENT, Exact(9, 2))]
YesNo = Annotated[bool, _column(YES_NO, Boolean)]
Day = Annotated[date, _column(DAY, Date)]
Moment = Annotated[datetime, _column(MOMENT, UtcMoment)]
Month = Annotated[str, _column(MONTH, String(7))]
Phone = Annotated[str, _column(PHONE, String(40))]
Email = Annotated[str, _column(EMAIL, String(320))]
Address = Annotated[str, _column(ADDRESS, String(400))]
IdNumber = Annotated[str, _column(ID_NUMBER, String(30))]
BankAccount = Annotated[str, _column(BANK_ACCOUNT, String(34))]
Plate = Annotated[str, _column(PLATE, String(20))]
Vin = Annotated[str, _column(VIN, String(17))]
Json = Annotated[Any, _column(JSON_VALUE, JSON)]


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


def choice_kind(values: type[Choice]) -> Kind:
    """The kind of a field that takes one of `values`, by stored value or by name or label."""
    by_text = {text.casefold(): v for v in values for text in (v.value, v.name, v.label)}

    def parse(raw: Any) -> Choice:
        try:
            return by_text[str(raw).casefold()]
        except KeyError:
            raise BadValue("choose one of: %(choices)s", choices=", ".join(v.value for v in values)) from None

    schema = {"type": "string", "enum": [v.value for v in values]}
    return Kind("choice", parse, "select", lambda value: str(value.value), schema, ("eq",))


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


def ref(record: str, *, ondelete: str = "RESTRICT", default: Any = None) -> MappedColumn[int]:
    """A link to another record, named by its table, so that no import is needed. `default` may be a function."""
    kind = Kind("link", _integer, "picker", schema={"type": "integer"}, operators=("eq",))
    key = ForeignKey(f"{record}.id", ondelete=ondelete)
    return mapped_column(Integer, key, default=default, index=True, info={"kind": kind, "ref": record})


def serial(pattern: str) -> MappedColumn[str]:
    """A number the house gives, such as ``serial("CLM-{year}-{seq:06}")``; gapless within its year."""
    kind = Kind("serial number", _text(40), longest=40)
    return mapped_column(String(40), unique=True, info={"kind": kind, "serial": pattern})
