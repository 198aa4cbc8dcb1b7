"""Values written into a row from outside: parsed by their kinds before the row is touched, all problems at once."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.schema.errors import Invalid, Refusal
from app.schema.kinds import BadValue
from app.schema.record import Record, kind_of

NEEDED = "This is needed."
MASKED = "This is the masked value; write the whole one, or leave it out."


def parsed(record: type[Record], allowed: Iterable[str], raw: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """The values of `raw` by field, each read by its kind.

    Raises `Invalid` naming each field that is not `allowed` or not readable and, for a `new` row, each needed one
    that is missing.
    """
    columns, allowed = record.__table__.columns, set(allowed)
    values: dict[str, Any] = {}
    problems: dict[str, str | Refusal] = {}
    for name, given in raw.items():
        if name not in allowed:
            problems[name] = Refusal("This cannot be written here.", field=name)
            continue
        kind = kind_of(record, name)
        if kind is None:
            continue
        if kind.private and isinstance(given, str) and "•" in given:
            problems[name] = MASKED
            continue
        try:
            values[name] = kind.read(given)
        except BadValue as error:
            problems[name] = Refusal(error.msgid, field=name, **error.args_)
    for name in allowed:
        column = columns[name]
        optional = column.nullable or column.default is not None or column.server_default is not None
        empty = values.get(name) is None and (new or name in values)
        if empty and not optional and name not in problems:
            problems[name] = NEEDED
        elif name in values and values[name] is None and not column.nullable:
            del values[name]
    if problems:
        raise Invalid(problems)
    return values
