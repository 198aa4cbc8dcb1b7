"""What may be edited where a row stands in a list, one field at a time: the rules of the form, asked of that field."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.conditions import NOT_APPLICABLE
from app.kernel.fields import writable_fields
from app.panel import showing
from app.panel.fields import Field, form_fields
from app.panel.forms import Form, digest, form_of
from app.panel.labels import field_label
from app.schema.errors import NotPermitted, Refusal
from app.schema.record import Record, words

FIT = frozenset(("text", "textarea", "number", "decimal", "date", "datetime", "month", "select", "checkbox"))
FIT |= {"picker", "suggest", "tel", "email", "url"}
"""The controls that find room in a cell."""


def editable(actor: Actor, record: type[Record], columns: Iterable[Field]) -> frozenset[str]:
    """The columns of a list the actor may edit where they stand, in some rows at least; the server is asked for each.

    A masked value is not among them: one would write over what one does not see.
    """
    if not may(actor, "edit", record):
        return frozenset()
    fixed, asked = set(record.panel.fixed), {field.key for field in form_fields(record)}
    fit = [
        f.key for f in columns if f.key in asked and not f.private and _fits(f) and fixed.isdisjoint((f.key, f.name))
    ]
    return writable_fields(actor, "edit", record, fit)


def changeable(row: Record) -> bool:
    """Whether the present person may change this row of a list."""
    return showing.may_change(current_actor(), row)


def _fits(field: Field) -> bool:
    if field.far:
        return False
    return bool(field.target) or field.kind is None or field.kind.input in FIT


def form_of_one(row: Record, name: str) -> Form:
    """The form of a row with one question. Raises `Refusal` where the list is no place to answer it."""
    form = form_of(type(row), row)
    each = next((each for each in form.inputs if each.name == name), None)
    if each is None or each.locked or each.blind or each.kept is not None or each.control not in FIT:
        raise NotPermitted("This may not be written: %(name)s.", field=name, name=words(name))
    if not each.applies:
        raise Refusal(NOT_APPLICABLE, field=name)
    form.groups, form.seen = [("", [each])], f"{name}:{digest(row, each)}"
    return form


def would_empty(form: Form, values: dict[str, Any]) -> str:
    """Why a value does not fit where it is the only one asked for: it would empty others besides; "" where it does."""
    if beside := [field_label(form.record, other) for other in values if other != form.inputs[0].name]:
        return _("This would empty %(fields)s: change it in the form.", fields=", ".join(beside))
    return ""


def amendable(actor: Actor, record: type[Record]) -> list[Field]:
    """The fields the actor may change on several rows at once: what a list could edit, and may be the same in many."""
    asked = {f.key: f for f in form_fields(record) if f.column is not None and not f.column.unique}
    found = editable(actor, record, asked.values())
    return [f for key, f in asked.items() if key in found]
