"""The department's own words for what people are told: by topic and language, where an administrator wrote some.

A text has the places of the declared sentence, such as ``%(claim)s``, and in its body ``%(text)s``: what would stand
there otherwise. Where nothing was written for a language, the declared sentence holds.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.kernel.wording import languages, told
from app.schema.errors import Refusal
from app.schema.notices import Topic
from app.schema.registry import registry
from app.schema.tailored import in_force
from app.schema.wording import OwnWords, Sentence

PARTS = ("subject", "body")
TEXT = "text"
"""The place in a body for what the program says there."""
LONGEST = {"subject": 200, "body": 5000}
PLACE = re.compile(r"%\((\w+)\)s")


def worded() -> list[Topic]:
    """The topics an administrator may write texts for: those with one declared sentence."""
    return [topic for topic in registry.topics if topic.subject]


def places_of(topic: Topic, part: str) -> list[str]:
    """The places a text may have, in the order of the declared sentence."""
    named = list(dict.fromkeys(PLACE.findall(topic.subject)))
    return [*named, TEXT] if part == "body" else named


def said(subject: Sentence | OwnWords, body: Any, language: str) -> tuple[str, str]:
    """What a reader of that language is told: subject and body, in the department's words where it has some."""
    declared = told(subject, language), told(body, language)
    topic = subject.topic if isinstance(subject, Sentence) else None
    own = in_force().notices.get(topic) if topic else None
    if own is None or not isinstance(subject, Sentence):
        return declared
    values = {name: told(value, language) for name, value in subject.places.items()}
    return (
        filled(own["subject"].get(language, ""), values) or declared[0],
        filled(own["body"].get(language, ""), values | {TEXT: declared[1]}) or declared[1],
    )


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its places filled; one nobody knows is left empty."""
    return PLACE.sub(lambda found: values.get(found[1], ""), text)


def check(session: Any, name: str, body: Mapping[str, Any], *_more: Any) -> Iterator[tuple[str, Refusal]]:
    """What is wrong with a document of texts, by the field ``subject.zh_Hans``."""
    topic = registry.topics.get(name)
    if topic is None or topic not in worded():
        yield "name", Refusal("There is no such text.")
        return
    for part in PARTS:
        known = places_of(topic, part)
        for language, text in body[part].items():
            field = f"{part}.{language}"
            if language not in languages() or len(text) > LONGEST[part]:
                yield field, Refusal("At most %(most)s characters.", most=LONGEST[part])
            unknown = [place for place in PLACE.findall(text) if place not in known]
            if unknown or "%(" in PLACE.sub("", text):
                offered = ", ".join(f"%({place})s" for place in known)
                yield field, Refusal("Write places as they are offered here: %(places)s", places=offered)
