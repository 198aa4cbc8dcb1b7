"""Values written into a row from outside: parsed by their kinds before the row is touched, all problems at once."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.kernel import conditions
from app.kernel.conditions import NEEDED
from app.schema.errors import Invalid, Refusal
from app.schema.kinds import BadValue
from app.schema.record import Record, kind_of, many_of, stored

MASKED = "This is the masked value; write the whole one, or leave it out."


def parsed(
    record: type[Record], allowed: Iterable[str], raw: Mapping[str, Any], row: Record | None = None
) -> dict[str, Any]:
    """The values of `raw` by field, each read by its kind, for a new row or for `row`; with them None for those fields
    that no longer apply.

    Raises `Invalid` naming each field that is not `allowed`, not readable or does not apply and each needed one that
    is missing.
    """
    columns, allowed, new = stored(record), set(allowed), row is None
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
    for name in allowed - many_of(record).keys():
        column = columns[name]
        optional = column.nullable or column.default is not None or column.server_default is not None
        empty = values.get(name) is None and (new or name in values)
        if empty and not optional and name not in problems:
            problems[name] = NEEDED
        elif name in values and values[name] is None and not column.nullable:
            del values[name]
    present = conditions.of_row(row, record)
    values = conditions.emptied(record, present, values)
    touched = {*columns.keys()} if new else {*values}
    problems = conditions.problems(record, conditions.merged(present, values), touched) | problems
    if problems:
        raise Invalid(problems)
    return values
