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

    @classmethod
    def again(cls, msgid: str, places: Mapping[str, object]) -> "Sentence":
        """What was said elsewhere already, such as by a refusal: the catalogues find it there."""
        return cls(msgid, **places)


class OwnWords(str):
    """What the department wrote itself, such as a letter to a customer: it stands as it is in every language."""
