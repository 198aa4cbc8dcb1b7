"""Texts the department writes to customers in its own words, with ``{places}`` that are filled in for each."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from app.schema.kinds import BadValue, Kind


def worded(*places: str) -> Kind:
    """The kind of a setting that is such a text; it takes the places named, and no others."""
    listed = " ".join(f"{{{place}}}" for place in places)

    def read(raw: Any) -> str:
        try:
            named = {place for _, place, _, _ in Formatter().parse(str(raw)) if place is not None}
        except ValueError:
            named = {"{"}
        if unknown := named - set(places):
            raise BadValue(
                "%(place)s is no place here; there are: %(places)s", place=", ".join(sorted(unknown)), places=listed
            )
        return str(raw)

    return Kind("text with places", read, "textarea", longest=2000)


def filled_in(template: str, places: Mapping[str, str]) -> str:
    """A text with its places filled in. What fills a place stands there as it is; nothing in it is looked at."""
    parts = Formatter().parse(template)
    return "".join(words + ("" if place is None else places[place]) for words, place, _, _ in parts)
