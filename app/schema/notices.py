"""Topics: what people are told of, declared once, so that each can choose by which ways it reaches him or her."""

from dataclasses import dataclass
from enum import IntEnum

from app.schema.errors import DeclarationError
from app.schema.registry import registry
from app.schema.wording import Sentence


class Urgency(IntEnum):
    """`LOW` may wait for the day's summary; `URGENT` is sent in somebody's quiet hours too."""

    LOW = 1
    NORMAL = 2
    URGENT = 3


@dataclass(frozen=True)
class Topic:
    """Something people are told of. `label` is what a person chooses by, `subject` the sentence it is said in.

    Without a `subject` it is said in several ways; each is given to `said_as`.
    """

    name: str
    label: str
    subject: str = ""
    urgency: Urgency = Urgency.NORMAL

    def says(self, **places: object) -> Sentence:
        """The subject of a notice, its places filled. Raises `DeclarationError` where no subject is declared."""
        if not self.subject:
            raise DeclarationError(f"topic {self.name!r} declares no subject: use said_as")
        return self.said_as(Sentence.again(self.subject, places))

    def said_as(self, sentence: Sentence) -> Sentence:
        """The same sentence, known to be of this topic."""
        sentence.topic = self.name
        return sentence


def topic(name: str, label: str, subject: str = "", urgency: Urgency = Urgency.NORMAL) -> Topic:
    """Declare an occasion, such as ``topic("claims.papers", "Papers came", "Claim %(claim)s: papers came.")``."""
    declared = Topic(name, label, subject, urgency)
    registry.topics.add(name, declared)
    return declared
