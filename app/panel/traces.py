"""How a computed value came about: behind the value on the record's page, and in the API when it is asked for."""

from typing import Any

from flask import render_template
from markupsafe import Markup

from app.kernel.actor import current_actor
from app.kernel.fields import hidden_in
from app.kernel.history import plain
from app.panel import texts
from app.panel.fields import Field
from app.panel.labels import translated
from app.panel.titles import Read
from app.schema.record import Record, computed_of, rules_of, working_of


def traced(field: Field, read: Read, shown: Markup) -> Markup:
    """What is shown of a value; one that was worked out opens its trace."""
    name = field.key or field.name
    working = working_of(field.record, name)
    if working is None or getattr(read.row, name) is None:
        return shown
    terms = [(translated(t.label), t.formula, texts.plain(t.value, field.kind)) for t in working(read.row).terms]
    return Markup(render_template("panel/trace.html", shown=shown, terms=terms)) if terms else shown


def trace_of(row: Record) -> dict[str, list[dict[str, Any]]]:
    """The traces of a row by field, as JSON, of those fields the present actor reads."""
    record, gone = type(row), hidden_in(current_actor(), row)
    found = {}
    for name in (*computed_of(record), *rules_of(record)):
        working = working_of(record, name)
        if working is not None and name not in gone and getattr(row, name) is not None:
            found[name] = [
                {"label": term.label, "value": plain(term.value), "formula": term.formula}
                for term in working(row).terms
            ]
    return found
