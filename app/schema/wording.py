"""Sentences told to somebody who is not the one who asks: kept apart from their language until the reader is known."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """What a declaration is called, such as the title of a time limit: English, and the key of its translations."""

    msgid: str


class Sentence:
    """An English sentence, the key of its translations, with ``%(name)s`` places.

    What fills a place stands there as it is: a name, a number, somebody's own words. A `Label` or another `Sentence`
    is said in the reader's language, and a tuple or list of either is told one after the other.
    """

    def __init__(self, msgid: str, **places: object) -> None:
        self.msgid = msgid
        self.places: Mapping[str, object] = places
        self.topic: str | None = None
        """What it is told on, if that is declared; see `app.schema.notices`."""

    @classmethod
    def again(cls, msgid: str, places: Mapping[str, object]) -> "Sentence":
        """What was said elsewhere already, such as by a refusal: the catalogues find it there."""
        return cls(msgid, **places)


class Told(str):
    """A name the department gave: the same in every language, or one for each; it is told, not translated.

    As a text it is the first of its names.
    """

    names: tuple[str, ...]

    @classmethod
    def written(cls, text: str) -> "Told":
        """A name as it was written: one, or ``English | 简体 | 繁體``; the last one stands for those not written."""
        names = tuple(part.strip() for part in text.split("|") if part.strip())[:3]
        told = cls(names[0] if names else "")
        told.names = names
        return told

    def said(self, language: str) -> str:
        """The name in a language, such as ``zh_Hans``."""
        place = {"zh_Hans": 1, "zh_Hant": 2}.get(language, 0)
        return self.names[min(place, len(self.names) - 1)] if self.names else ""


class OwnWords(str):
    """What the department wrote itself, such as a letter to a customer: it stands as it is in every language."""
