"""How a title sounds: 王小明 is found by wangxiaoming and wxm, and traditional characters find simplified ones.

`Spelt` records keep it in ``search_key``, written before each flush and by imports: the title in simplified characters,
its syllables in one word, their initials. What is searched for is put into the same form.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from app.schema.record import Record
from app.schema.traits import Spelt

SPELLING = "search_key"
"""The field that holds it; for the engine alone."""
HAN = re.compile("[\u3400-\u9fff]")
LETTERS = re.compile(r"[a-z' ]+")


@cache
def _dictionaries() -> tuple[Any, Any]:
    """The syllables and the characters. Loaded with the first Chinese word: they take a good part of a second."""
    return import_module("pypinyin").lazy_pinyin, import_module("opencc").OpenCC("t2s").convert


def simplified(text: str) -> str:
    """A text in one width, one case and simplified characters."""
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    return str(_dictionaries()[1](folded)) if HAN.search(folded) else folded


def spelling(title: Any) -> str | None:
    """The search key of a title; None without one."""
    if title is None or title == "":
        return None
    plain = simplified(str(title))
    if not HAN.search(plain):
        return plain
    syllables = _dictionaries()[0](plain)
    return " ".join((plain, "".join(syllables).replace(" ", ""), "".join(each.strip()[:1] for each in syllables)))


def sounds(written: str) -> Iterator[str]:
    """The forms in which something written is looked for in search keys; none where it cannot be how a title sounds."""
    plain = simplified(written)
    if HAN.search(plain):
        yield plain
    elif LETTERS.fullmatch(plain):
        yield re.sub("[' ]", "", plain)


def is_spelt(record: type[Record], field: str) -> bool:
    """Whether a field of a record is the title whose sound is kept."""
    return issubclass(record, Spelt) and field == record.panel.title


def spell(row: Record) -> None:
    """Bring the search key of a row up to its title."""
    if isinstance(row, Spelt):
        key = spelling(getattr(row, type(row).panel.title))
        if row.search_key != key:
            row.search_key = key


def spelt(record: type[Record], values: Mapping[str, Any]) -> dict[str, str | None]:
    """The search key that goes with some values of a row, for set-based writing; nothing where the title is no part."""
    title = record.panel.title
    return {SPELLING: spelling(values[title])} if is_spelt(record, title) and title in values else {}
