"""A row as the beginning of another: what of it stands in advance in the form that adds one."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.kernel import links
from app.kernel.actor import current_actor
from app.kernel.fields import hidden_in
from app.panel.fields import Field, form_fields
from app.panel.forms import written
from app.panel.titles import titles_of
from app.schema.kinds import FileKind
from app.schema.record import Record


def copied(session: Session, row: Any) -> "MultiDict[str, str]":
    """The values of a row by field, as the form writes them: what the present person reads in full and may be twice.

    Nothing private, no file, nothing unique, no number that stays for good, no link to a row out of his or her sight.
    """
    record: type[Record] = type(row)
    gone, once = hidden_in(current_actor(), row), _unique(record)
    found = MultiDict[str, str]()
    for field in form_fields(record):
        if field.key in gone or field.key in once or field.private or isinstance(field.kind, FileKind):
            continue
        fixed = field.key in record.panel.fixed or field.name in record.panel.fixed
        if fixed and not field.target:
            continue
        value = links.linked(row, field.key).ids if field.far else getattr(row, field.key)
        if value is not None and _seen(session, field, value):
            found[field.key] = written(field, value)
    return found


def _seen(session: Session, field: Field, value: Any) -> bool:
    return not field.target or value in titles_of(session, field.target, [value])


def _unique(record: type[Record]) -> set[str]:
    """The fields that no two rows have alike, alone or together."""
    table = record.__table__
    rules: list[Any] = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    rules += [each for each in getattr(table, "indexes", ()) if isinstance(each, Index) and each.unique]
    return {column.key for rule in rules for column in rule.columns}
