"""What every subject is asked for, in words that mean the same rows to all of them; and how pages are read back."""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from tests.bench.shape import DRAFTS, TODAY, Shape, name_of, number_of

PAGE, REST_PAGE, PICKED, LOOKED_AT = 25, 100, 20, 60
REMIND_DUE = datetime(TODAY.year, TODAY.month, TODAY.day, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
APPRAISE_DUE = REMIND_DUE + timedelta(days=1)
SOON: tuple[date, date] = (TODAY + timedelta(days=1), TODAY + timedelta(days=30))
"""The filter: contracts in force that expire within 30 days."""
EXPORTED: tuple[date, date] = (TODAY + timedelta(days=1), TODAY + timedelta(days=73))
"""What is exported: a fifth of the running contracts, 100,000 of a million."""

_NUMBER = re.compile(r"C-20\d\d-\d{7}")


def deep(shape: Shape) -> int:
    """How many pages stand before the one far down: 999, or all but two where there are fewer."""
    return min(999, shape.rows // PAGE - 2)


def searched_number(shape: Shape) -> str:
    """A number to search for, by its last six digits: one contract in the middle of the running ones."""
    return number_of(shape.half + shape.half // 2 + 1)[-6:]


def searched_name(shape: Shape) -> str:
    """A customer's whole name to search contracts by."""
    return name_of(shape.customers // 2)


def picked(shape: Shape) -> str:
    """What is typed into a picker of customers: the first two characters of a name."""
    return name_of(shape.customers // 3)[:2]


def edited(shape: Shape) -> int:
    """The contract that is edited: a draft among the running ones, for what is in force changes by steps alone."""
    return shape.rows * 3 // 4 // DRAFTS * DRAFTS + 1


def named(body: bytes) -> tuple[str, ...]:
    """What a page shows, in its order: contract numbers, each once, or the texts of a picker's options."""
    if body.startswith(b"{") and b'"text"' in body:
        return tuple(option["text"] for option in json.loads(body)["options"])
    return tuple(dict.fromkeys(_NUMBER.findall(body.decode())))


def drained(chunks: Iterable[bytes]) -> tuple[int, int]:
    """The bytes and lines of a streamed answer, read to its end and kept nowhere."""
    size = lines = 0
    for chunk in chunks:
        size, lines = size + len(chunk), lines + chunk.count(b"\n")
    return size, lines


class _Fields(HTMLParser):
    """The fields of a page's form, as a browser would send them untouched. The one with most fields counts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._area: str | None = None
        self._choice: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append({})
        elif not self.forms:
            return
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.forms[-1][name] = given.get("value", "on" if given.get("type") == "checkbox" else "")
        elif tag == "textarea" and name:
            self._area, self.forms[-1][name] = name, ""
        elif tag == "select" and name:
            self._choice = name
        elif tag == "option" and self._choice and ("selected" in given or self._choice not in self.forms[-1]):
            self.forms[-1][self._choice] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._choice = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area] += data


def fields(body: bytes) -> dict[str, str]:
    """What sending the largest form of the page would send."""
    page = _Fields()
    page.feed(body.decode())
    found = max(page.forms, key=len, default={})
    return {name: value.removeprefix("\r").removeprefix("\n") for name, value in found.items()}
