"""Editing a single field of a row where it stands in the list: the form of that row, of which one question is asked.

What is answered are pieces of pages: the question, or the row as a list shows it once it is saved. A reason why not is
said where the cell is.
"""

from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.conditions import NOT_APPLICABLE
from app.kernel.fields import writable_fields
from app.panel import links, listing, showing
from app.panel.bulk import may_choose
from app.panel.fields import Field, form_fields
from app.panel.forms import Form, digest, form_of
from app.panel.labels import field_label, said
from app.panel.merging import merge
from app.panel.trees import name_paths
from app.panel.writing import Writing
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.record import Record, words

FIT = frozenset(("text", "textarea", "number", "decimal", "date", "datetime", "month", "select", "checkbox"))
FIT |= {"picker", "suggest", "tel", "email", "url"}
"""The controls that find room in a cell."""
Answer = tuple[str, int] | str


class Inline(Writing):
    """One field of one row, edited by the same rules as with its form."""

    @expose("/<int:key>/cell/<name>")
    def edit_cell(self, key: int, name: str) -> Answer:
        """The question, to stand in the cell."""
        return _answered(lambda: self._question(_form_of(self.changeable(key), name), key))

    @expose("/<int:key>/cell/<name>", methods=["POST"])
    def change_cell(self, key: int, name: str) -> Answer:
        """Change the field; the row as it then stands in the list that the address asks for."""
        return _answered(lambda: self._save_cell(key, name))

    def _save_cell(self, key: int, name: str) -> Answer:
        row = self.changeable(key)
        form = _form_of(row, name)
        values = form.typed(request.form)
        if beside := [field_label(self.record, other) for other in values if other != name]:
            form.inputs[0].problem = _("This would empty %(fields)s: change it in the form.", fields=", ".join(beside))
        if form.faulty:
            merge(db.session, form, row, request.form)
            return self._question(form, key), 422
        try:
            self._save(row, form, values)
        except Refusal as refusal:
            form.complain(refusal)
            merge(db.session, form, self.row(key), request.form)
            return self._question(form, key), refusal.status
        return self._row(key)

    def _question(self, form: Form, key: int) -> str:
        form.name_links(db.session)
        name = form.inputs[0].name
        action = url_for(f"{self.record.__tablename__}.change_cell", key=key, name=name)
        action += f"?{urlencode(list(request.args.items(multi=True)))}" if request.args else ""
        return render_template("panel/cell.html", record=self.record, form=form, action=action, place=f"{key}-")

    def _row(self, key: int) -> str:
        """The row in a table of its own; nothing where it is out of sight by now."""
        what = listing.asked(db.session, self.record, request.args)
        try:
            read = showing.read_one(db.session, self.record, key, what.columns)
        except NotFound:
            return ""
        name_paths(db.session, self.record, [read])
        links.load(db.session, self.record, [read.row], what.columns)
        return render_template(
            "panel/row.html",
            record=self.record,
            what=what,
            read=read,
            choosing=may_choose(current_actor(), self.record),
            editing=editable(current_actor(), self.record, what.columns),
            changeable=changeable,
        )


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


def _form_of(row: Record, name: str) -> Form:
    """The form of a row with one question. Raises `Refusal` where the list is no place to answer it."""
    form = form_of(type(row), row)
    each = next((each for each in form.inputs if each.name == name), None)
    if each is None or each.locked or each.blind or each.kept is not None or each.control not in FIT:
        raise NotPermitted("This may not be written: %(name)s.", field=name, name=words(name))
    if not each.applies:
        raise Refusal(NOT_APPLICABLE, field=name)
    form.groups, form.seen = [("", [each])], f"{name}:{digest(row, each)}"
    return form


def _answered(act: Callable[[], Answer]) -> Answer:
    """What `act` answers; a refusal as a sentence to stand in the cell."""
    try:
        return act()
    except Refusal as refusal:
        db.session.rollback()
        return render_template("panel/cell.html", problem=said(refusal)), refusal.status
