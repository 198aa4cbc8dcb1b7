"""A row as it is shown to a program: what its reader may read of it, private values masked, amounts as exact text."""

from collections.abc import Callable, Container
from typing import Any

from app.kernel import links
from app.kernel.actor import current_actor
from app.kernel.fields import hidden_in
from app.kernel.history import plain
from app.kernel.spelling import SPELLING
from app.schema.record import Record, computed_of, kind_of, many_of, stored


def shown(row: Record, fields: Container[str] | None = None, say: Callable[[Any], Any] = plain) -> dict[str, Any]:
    """Every field the current actor reads of a row (of those, only `fields`), each value as `say` has it in JSON."""
    found: dict[str, Any] = {}
    record, gone = type(row), hidden_in(current_actor(), row)
    for name in (*stored(record), *computed_of(record)):
        if name not in gone and name != SPELLING and (fields is None or name in fields):
            value, kind = getattr(row, name), kind_of(record, name)
            private = kind is not None and kind.private and value is not None
            found[name] = kind.mask(value) if private and kind else say(value)
    for name in many_of(record):
        if fields is None or name in fields:
            linked = links.linked(row, name)
            found[name], found[f"{name}_not_visible"] = list(linked.ids), linked.hidden
    return found
