"""What the conditions of a record's rules say of values: what must be filled in, and what does not apply."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.schema.conditions import ValueOf
from app.schema.errors import Refusal
from app.schema.record import Record, rules_of, stored

NEEDED = "This is needed."
NOT_APPLICABLE = "This does not apply here; leave it empty."


def conditional(record: type[Record]) -> Iterable[str]:
    """The fields that are shown or needed only under a condition."""
    return (name for name, rule in rules_of(record).items() if rule.conditions)


def applies(record: type[Record], field: str, value_of: ValueOf) -> bool:
    """Whether a field is asked for at all, the other values being as `value_of` gives them."""
    rule = rules_of(record).get(field)
    return rule is None or rule.shown is None or rule.shown.holds(value_of)


def needed(record: type[Record], field: str, value_of: ValueOf) -> bool:
    """Whether a condition makes the field needed."""
    rule = rules_of(record).get(field)
    return rule is not None and rule.required is not None and rule.required.holds(value_of)


def problems(record: type[Record], value_of: ValueOf, touched: Iterable[str]) -> dict[str, str | Refusal]:
    """What is wrong by field, of fields that are `touched` or whose condition looks at a touched one."""
    found: dict[str, str | Refusal] = {}
    known = set(touched)
    for name in conditional(record):
        rule = rules_of(record)[name]
        if known.isdisjoint({name}.union(*(condition.fields for condition in rule.conditions))):
            continue
        empty = value_of(name) in (None, "")
        if not applies(record, name, value_of):
            if not empty:
                found[name] = NOT_APPLICABLE
        elif empty and needed(record, name, value_of):
            found[name] = NEEDED
    return found


def emptied(record: type[Record], present: ValueOf, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, and with them None for every field that no longer applies when they are written."""
    written = dict(values)
    for _round in rules_of(record):  # one emptied field may be what another's condition looks at
        for name in conditional(record):
            shown = rules_of(record)[name].shown
            if shown is None or name in written or shown.fields.isdisjoint(written):
                continue
            if present(name) not in (None, "") and not shown.holds(merged(present, written)):
                written[name] = None
    return written


def merged(present: ValueOf, values: Mapping[str, Any]) -> ValueOf:
    """The values as they will be: `values` where they name a field, else the present ones."""
    return lambda name: values[name] if name in values else present(name)


def of_row(row: Record | None, record: type[Record]) -> ValueOf:
    """The present values of a row; of a new one (None) the plain defaults of its columns."""

    def value_of(name: str) -> Any:
        value = None if row is None else getattr(row, name)
        if value is not None or (row is not None and row.id is not None):
            return value
        column = stored(record).get(name)
        default: Any = None if column is None else column.default
        return default.arg if default is not None and default.is_scalar else None

    return value_of
