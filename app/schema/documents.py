"""Documents: what of a row is printed for somebody, with a number, and a code that tells whether it still stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.schema.panel import Group

PLAIN = "sheet"
"""The template of a document that needs none of its own."""


class Letter(NamedTuple):
    """Words of the department's own, already filled in."""

    subject: str
    body: str


@dataclass(frozen=True)
class Document:
    """A document of a record, known by its name: ``Document("policy", "Policy", to=_holder, groups=(Group(…),))``.

    `to` says, by the system's eyes, whom a row's is for. `groups` are the fields it tells, as the form of the panel has
    them, `lines` the fields of its parts that are listed, by table, `letter` words of its own. Who reads the row prints
    it if he or she also has the `right` on it: read, edit, export or ``step:…``. It is printed and stands in the
    `states` named, or in any. `template` is a file of ``app/panel/documents``.
    """

    name: str
    label: str
    to: Callable[[Any], str]
    groups: tuple[Group, ...] = ()
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    letter: Callable[[Any, Any], Letter] | None = None
    right: str = "read"
    states: frozenset[Any] = frozenset()
    template: str = PLAIN


def document_of(record: Any, name: str) -> Document | None:
    """The document a record has by that name."""
    found: Document | None = next((each for each in record.documents if each.name == name), None)
    return found
