"""Cells of a spreadsheet pasted into lines: each read as the cell of a sheet is, and given back as its input holds it.

Nothing is written: what is read goes into the form, which is sent as ever.
"""

from dataclasses import dataclass, field
from typing import Any

from flask import jsonify, request
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.kernel.clock import own_zone
from app.kernel.sheets.errors import shown
from app.kernel.transfer.cells import draft
from app.panel import search
from app.panel.base import RecordView
from app.panel.fields import Field, lines_of
from app.panel.forms import Input, form_of, written
from app.panel.grids import MOST
from app.panel.labels import said
from app.panel.pickers import options
from app.schema.errors import Invalid, NotFound
from app.schema.kinds import BadValue
from app.schema.record import Line
from app.schema.transfer import Cell

WIDEST = 60
"""Columns that are read of what is pasted."""
LONGEST = 20_000
"""Characters that are read of one cell."""
Titled = tuple[str, str]
"""The value of an option and its words."""


@dataclass
class Reading:
    """Reads cells; what was looked up for one is known for the next."""

    inputs: dict[str, Input]
    found: dict[tuple[str, str], list[Titled]] = field(default_factory=dict)

    def cell(self, name: str, raw: str) -> dict[str, Any]:
        """What the input `name` holds for a cell, with the words of what was chosen; or what is wrong with it."""
        asked = self.inputs.get(name)
        if asked is None or asked.field is None or asked.locked or asked.takes_file:
            return {"problem": _("This is not filled in by pasting.")}
        text = raw.strip()
        try:
            if not text:
                return {"value": "no" if asked.control == "checkbox" else "", "chosen": []}
            if asked.field.target or asked.field.far:
                chosen = self._rows(asked.field, text)
                return {"value": ",".join(value for value, _title in chosen), "chosen": chosen}
            return {"value": _value(asked, asked.field, text), "chosen": []}
        except BadValue as error:
            return {"problem": said(error)}

    def _rows(self, link: Field, text: str) -> list[Titled]:
        """The rows a cell names: one, or with commas between several where several may be chosen."""
        return [self._row(link, part) for part in (_parts(text) if link.far else [text])]

    def _row(self, link: Field, text: str) -> Titled:
        """The row called so; else the only one that is found by it."""
        place = (link.key, text.casefold())
        if place not in self.found:
            self.found[place] = [(str(key), title) for key, title in options(link, search.tidy(text))]
        hits = self.found[place]
        same = [each for each in hits if each[1].casefold() == text.casefold()]
        for candidates in (same, hits):
            if len(candidates) == 1:
                return candidates[0]
        if hits:
            raise BadValue("“%(value)s” may be any of several rows; choose the one that is meant", value=shown(text))
        raise BadValue("there is no “%(value)s” to choose here", value=shown(text))


def _value(asked: Input, field: Field, text: str) -> str:
    """A cell as the input of its kind holds it; a choice by what it is called in any language the reader has."""
    labels = {label.casefold(): value for value, label in asked.options}
    if asked.control == "checkboxes":
        text = ",".join(labels.get(part.casefold(), part) for part in _parts(text))
    else:
        text = labels.get(text.casefold(), text)
    if field.kind is None:
        return text
    value = field.kind.read(draft(Cell(field.key), field.kind, own_zone())(text))
    return written(field, value)


def _parts(text: str) -> list[str]:
    for mark in "，、；;":
        text = text.replace(mark, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


class Pasting(RecordView):
    """Asked by whoever may send the form, with the fields that the columns fall on and the cells by row."""

    @expose("/paste/<name>", methods=["POST"])
    def paste(self, name: str) -> Response:
        """Cells for the lines of a row that is being added."""
        self.require_add()
        return self._read(name)

    @expose("/<int:key>/paste/<name>", methods=["POST"])
    def paste_into(self, key: int, name: str) -> Response:
        """Cells for the lines of a row."""
        self.changeable(key)
        return self._read(name)

    def _read(self, name: str) -> Response:
        line: type[Line] | None = next((each for each in lines_of(self.record) if each.__tablename__ == name), None)
        if line is None:
            raise NotFound("There is no such part here.")
        sent = request.get_json(silent=True)
        sent = sent if isinstance(sent, dict) else {}
        fields, rows = sent.get("fields"), sent.get("rows")
        if not (isinstance(fields, list) and isinstance(rows, list) and all(map(_texts, [fields, *rows]))):
            raise Invalid({"rows": "send the fields of the columns, and the cells as texts by row"})
        reading = Reading({each.name: each for each in form_of(line).inputs})
        return jsonify(
            rows=[
                [reading.cell(each, cell[:LONGEST]) for each, cell in zip(fields[:WIDEST], row, strict=False)]
                for row in rows[:MOST]
            ]
        )


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
