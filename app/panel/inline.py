"""Editing a single field of a row where it stands in the list: the form of that row, of which one question is asked.

What is answered are pieces of pages: the question, or the row as a list shows it once it is saved. A reason why not is
said where the cell is.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_appbuilder import expose

from app.extensions import db
from app.kernel.actor import current_actor
from app.panel import links, listing, showing
from app.panel.bulk import may_choose
from app.panel.editing import changeable, editable, form_of_one, would_empty
from app.panel.forms import Form
from app.panel.labels import said
from app.panel.merging import merge
from app.panel.trees import name_paths
from app.panel.writing import Writing
from app.schema.errors import NotFound, Refusal

Answer = tuple[str, int] | str


class Inline(Writing):
    """One field of one row, edited by the same rules as with its form."""

    @expose("/<int:key>/cell/<name>")
    def edit_cell(self, key: int, name: str) -> Answer:
        """The question, to stand in the cell."""
        return _answered(lambda: self._question(form_of_one(self.changeable(key), name), key))

    @expose("/<int:key>/cell/<name>", methods=["POST"])
    def change_cell(self, key: int, name: str) -> Answer:
        """Change the field; the row as it then stands in the list that the address asks for."""
        return _answered(lambda: self._save_cell(key, name))

    def _save_cell(self, key: int, name: str) -> Answer:
        row = self.changeable(key)
        form = form_of_one(row, name)
        values = form.typed(request.form)
        form.inputs[0].problem = would_empty(form, values) or form.inputs[0].problem
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


def _answered(act: Callable[[], Answer]) -> Answer:
    """What `act` answers; a refusal as a sentence to stand in the cell."""
    try:
        return act()
    except Refusal as refusal:
        db.session.rollback()
        return render_template("panel/cell.html", problem=said(refusal)), refusal.status
