"""Numbers: whole, decimal, money, per cent, rates. Never through binary rounding."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any

from sqlalchemy import Integer
from sqlalchemy.orm import MappedColumn

from app.schema.kinds.kind import BadValue, Kind, Reader
from app.schema.kinds.samples import nth, scattered
from app.schema.rules import Rule
from app.schema.types import Exact

NUMBER = "write a number, such as 1234.50"
TOO_LARGE = "the number is too large"
MOST_INTEGER = 2**31 - 1
CURRENCIES = ("CNY", "HKD", "MOP", "TWD", "USD", "EUR", "GBP", "JPY", "KRW", "SGD", "AUD", "CAD", "CHF")
"""Currencies offered, as ISO 4217 calls them."""
_SCHEMA: dict[str, Any] = {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$"}
_COMPARE = ("eq", "ge", "le")


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool):
        raise BadValue(NUMBER)
    text = repr(raw) if isinstance(raw, float) else unicodedata.normalize("NFKC", str(raw)).strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadValue(NUMBER) from None
    if not number.is_finite():
        raise BadValue(NUMBER)
    return number


def _integer(raw: Any) -> int:
    number = _number(raw)
    if number.adjusted() > 10:
        raise BadValue(TOO_LARGE)
    if number != number.to_integral_value():
        raise BadValue("write a whole number, such as 12")
    if abs(number) > MOST_INTEGER:
        raise BadValue(TOO_LARGE)
    return int(number)


def _decimal(precision: int, scale: int, strict: bool, signs: str = "") -> Callable[[Any], Decimal]:
    """A decimal of `scale` places; `strict` refuses further places instead of rounding them away.

    `signs` are those of parts of a whole that may stand behind: ``%`` a hundredth, ``‰`` a thousandth.
    """

    def parse(raw: Any) -> Decimal:
        number = _share(raw, signs) if signs else _number(raw)
        if number.adjusted() >= precision - scale:
            raise BadValue(TOO_LARGE)
        exact = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
        if strict and exact != number:
            raise BadValue("at most %(places)d decimal places", places=scale)
        return exact

    return parse


def _share(raw: Any, signs: str) -> Decimal:
    """A number with its sign of parts behind; only a rate is made smaller by it, a percentage is counted in them."""
    text = unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""
    sign = text[-1:]
    if not sign or sign not in signs:
        return _number(raw)
    number = _number(text[:-1])
    return number if signs == "%" else number.scaleb(-2 if sign == "%" else -3)


def _trimmed(value: Decimal, grouped: str = "") -> str:
    whole = f"{value:{grouped}f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def _write(value: Decimal) -> str:
    return f"{value:f}"


def _integer_words(value: int, reader: Reader) -> str:
    return f"{value:,}" if abs(value) >= 10_000 else str(value)


def finite(precision: int, scale: int) -> Rule:
    """The rule that a decimal is a number of so many digits: NaN is none. SQLite keeps the smallest units."""
    most = Decimal(10**precision - 1).scaleb(-scale)
    units = 10**precision - 1
    return Rule(
        "is_a_finite_number",
        f"{{}} BETWEEN -{most} AND {most}",
        NUMBER,
        sqlite=f"{{}} BETWEEN -{units} AND {units}",
    )


def _exact(
    name: str,
    precision: int,
    scale: int,
    *,
    strict: bool,
    example: Callable[[int, str], Decimal],
    words: Callable[[Decimal, Reader], str],
    signs: str = "",
    trim: bool = False,
) -> Kind:
    return Kind(
        name,
        _decimal(precision, scale, strict, signs),
        "decimal",
        _trimmed if trim else _write,
        _SCHEMA,
        _COMPARE,
        numeric=True,
        words=words,
        type_=lambda: Exact(precision, scale),
        rules=(finite(precision, scale),),
        draft="decimal",
        example=example,
    )


def _cents(number: int, language: str) -> Decimal:
    return Decimal(10_000 + scattered(number, 990_000)).scaleb(-2)


INTEGER = Kind(
    "integer",
    _integer,
    "number",
    schema={"type": "integer", "minimum": -MOST_INTEGER, "maximum": MOST_INTEGER},
    operators=_COMPARE,
    numeric=True,
    words=_integer_words,
    type_=Integer,
    rules=(
        Rule(
            "is_a_whole_number", f"{{}} BETWEEN -{MOST_INTEGER} AND {MOST_INTEGER}", "write a whole number, such as 12"
        ),
    ),
    draft="integer",
    example=lambda number, language: 1 + scattered(number, 997),
)
QUANTITY = _exact(
    "decimal",
    18,
    6,
    strict=False,
    trim=True,
    words=lambda value, reader: _trimmed(value, ","),
    example=lambda number, language: Decimal(1_000_000 + scattered(number, 99_000_000)).scaleb(-6),
)
MONEY = _exact("money", 18, 2, strict=True, words=lambda value, reader: f"{value:,.2f}", example=_cents)
PERCENT = _exact(
    "percent",
    9,
    2,
    strict=False,
    signs="%",
    words=lambda value, reader: f"{value:,.2f}%",
    example=lambda number, language: Decimal(100 + scattered(number, 9_800)).scaleb(-2),
)
RATE = _exact(
    "rate",
    12,
    8,
    strict=True,
    signs="%‰",
    trim=True,
    words=lambda value, reader: _trimmed(value),
    example=lambda number, language: Decimal(1 + scattered(number, 997)).scaleb(-5),
)


def _currency(raw: Any) -> str:
    text = str(raw).strip().upper()
    if text not in CURRENCIES:
        raise BadValue("write a currency by its three letters; known are: %(known)s", known=", ".join(CURRENCIES))
    return text


CURRENCY = Kind(
    "currency",
    _currency,
    "suggest",
    schema={"type": "string", "enum": list(CURRENCIES)},
    operators=("eq",),
    longest=3,
    suggest=lambda: CURRENCIES,
    rules=(
        Rule(
            "is_a_currency",
            "{0} = upper({0}) AND length({0}) = 3",
            "write a currency by its three letters, such as CNY",
        ),
    ),
    example=lambda number, language: nth(CURRENCIES, number),
)

WholeNumber = Annotated[int, INTEGER.column()]
Quantity = Annotated[Decimal, QUANTITY.column()]
Money = Annotated[Decimal, MONEY.column()]
Percent = Annotated[Decimal, PERCENT.column()]
Rate = Annotated[Decimal, RATE.column()]
Currency = Annotated[str, CURRENCY.column()]


def money(currency: str) -> MappedColumn[Any]:
    """An amount in the currency that the field `currency` of the same row names; without it, in the house's."""
    return MONEY.column(info={"currency": currency})


def factor(places: int = 2, **more: Any) -> MappedColumn[Any]:
    """A number others are multiplied by, kept to `places` decimals; `more` is handed to the column."""
    return replace(
        QUANTITY,
        name="factor",
        parse=_decimal(9, places, False),
        type_=lambda: Exact(9, places),
        rules=(finite(9, places),),
        example=lambda number, language: Decimal(1 + scattered(number, 997)).scaleb(-places),
    ).column(**more)
