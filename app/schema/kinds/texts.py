"""Texts: codes, short and long ones, texts with a little form, web links, JSON."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from sqlalchemy import JSON, Text
from sqlalchemy.orm import MappedColumn

from app.schema.kinds.kind import BadValue, Kind
from app.schema.kinds.samples import DEEDS, THINGS, chinese, nth
from app.schema.rules import Rule

_HALF_A_SIGN = re.compile("[\ud800-\udfff]")
TOO_LONG = "at most %(most)d characters, this has %(has)d"


def text_of(longest: int) -> Callable[[Any], str]:
    """A parser of texts of at most `longest` characters."""

    def parse(raw: Any) -> str:
        if isinstance(raw, bool | dict | list):
            raise BadValue("write text here")
        text = str(raw)
        if "\x00" in text:
            raise BadValue("remove the invisible character (NUL) from the text")
        if _HALF_A_SIGN.search(text):
            raise BadValue("remove the character that is half a sign; it cannot be kept")
        if len(text) > longest:
            raise BadValue(TOO_LONG, most=longest, has=len(text))
        return text

    return parse


def at_most(longest: int) -> Rule:
    """The rule that a text has at most `longest` characters."""
    message = "the text is too long for this field; shorten it"
    return Rule(f"has_at_most_{longest}_characters", f"length({{}}) <= {longest}", message)


def _url(raw: Any) -> str:
    text = text_of(500)(raw)
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"'\\]", text)
    except ValueError:
        sound = False
    if not sound:
        raise BadValue("write a web address that begins with https:// or http://")
    return text


def _json(raw: Any) -> Any:
    try:
        if isinstance(raw, str):
            return json.loads(raw, parse_constant=_no_constant)
        return json.loads(unicodedata.normalize("NFC", json.dumps(raw, allow_nan=False, ensure_ascii=False)))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadValue("not valid JSON: %(problem)s", problem=error) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _write_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(number: int, language: str) -> str:
    zh, en = nth(THINGS, number)
    return f"{zh} {number}" if chinese(language) else f"{en} {number}"


def _long(number: int, language: str) -> str:
    zh, en = nth(DEEDS, number)
    return f"{zh}（第 {number} 次）" if chinese(language) else f"{en} (No. {number})"


def _markdown(number: int, language: str) -> str:
    if chinese(language):
        return f"## 说明 {number}\n\n**请先**核对：\n\n- 身份证明\n- 维修发票"
    return f"## Note {number}\n\n**First** check:\n\n- proof of identity\n- the repair invoice"


CODE = Kind("code", text_of(40), longest=40, rules=(at_most(40),), example=lambda number, language: f"K{number:06}")
SHORT_TEXT = Kind("short text", text_of(200), longest=200, rules=(at_most(200),), example=_short)
LONG_TEXT = Kind(
    "long text",
    text_of(20_000),
    "textarea",
    operators=("contains",),
    longest=20_000,
    cell="lines",
    type_=Text,
    rules=(at_most(20_000),),
    draft="lines",
    example=_long,
)
MARKDOWN = Kind(
    "markdown",
    text_of(20_000),
    "markdown",
    operators=("contains",),
    longest=20_000,
    cell="markdown",
    type_=Text,
    rules=(at_most(20_000),),
    draft="lines",
    example=_markdown,
)
URL = Kind(
    "web link",
    _url,
    "url",
    schema={"type": "string", "format": "uri", "pattern": "^https?://"},
    longest=500,
    cell="url",
    rules=(
        Rule(
            "is_a_web_address",
            "{0} LIKE 'http://_%' OR {0} LIKE 'https://_%'",
            "write a web address that begins with https:// or http://",
        ),
    ),
    example=lambda number, language: f"https://www.example.cn/{'cpxx' if chinese(language) else 'products'}/{number}",
)
JSON_VALUE = Kind(
    "json",
    _json,
    "textarea",
    _write_json,
    {},
    (),
    cell="lines",
    type_=lambda: JSON(none_as_null=True),
    rules=(Rule("is_json", "json_typeof({}) <> ''", "write JSON", sqlite="{0} IS NULL OR json_valid({0})"),),
    example=lambda number, language: {"note": _short(number, language), "count": number},
)
SERIAL = Kind(
    "serial number",
    text_of(40),
    longest=40,
    rules=(at_most(40),),
    example=lambda number, language: f"S-2026-{number:06}",
)

Code = Annotated[str, CODE.column()]
ShortText = Annotated[str, SHORT_TEXT.column()]
LongText = Annotated[str, LONG_TEXT.column()]
Markdown = Annotated[str, MARKDOWN.column()]
Url = Annotated[str, URL.column()]
Json = Annotated[Any, JSON_VALUE.column()]


def serial(pattern: str) -> MappedColumn[str]:
    """A number the house gives, such as ``serial("CLM-{year}-{seq:06}")``; gapless within its year."""
    return SERIAL.column(unique=True, info={"serial": pattern})
