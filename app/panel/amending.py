"""One field changed on several rows at once: chosen, answered once, shown as a sentence, then saved row by row.

Each row is saved as if it were edited by itself: its own reach, state, version and rules, its own entry in the history.
"""

from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from app.extensions import db
from app.kernel.actor import current_actor
from app.panel import texts
from app.panel.base import check_version
from app.panel.cells import LONGEST
from app.panel.chosen import Chosen, chosen
from app.panel.editing import amendable, form_of_one, would_empty
from app.panel.fields import Field
from app.panel.forms import Form, Input, fill, input_for, read_input
from app.panel.labels import said
from app.panel.saving import saving
from app.panel.several import Several
from app.panel.titles import titles_of
from app.schema.errors import NotPermitted, Refusal
from app.schema.kinds import BadValue
from app.schema.record import words


class Amending(Several):
    """One field of the rows chosen in a list."""

    @expose("/amend", methods=["POST"])
    def amend(self) -> tuple[str, int] | str:
        """Ask for the value, then for its confirmation; then change the rows, each by the rules of editing one."""
        title = _("Change a field")
        try:
            rows, field = chosen(self.record), self._amended(request.form.get("field", ""))
        except Refusal as refusal:
            if isinstance(refusal, NotPermitted):
                raise
            return self.results_page(title, problem=said(refusal)), 422
        asked = _question(field)
        if "sure" not in request.form:
            return self._question_page(rows, asked)
        asked.answered(request.form)
        try:
            value = read_input(asked)
        except BadValue as error:
            asked.problem = said(error)
            return self._question_page(rows, asked), 422
        if not rows.sure:
            return self.asked_for_sure(rows, title, sentence=_sentence(field, value, rows.count), button=_("Change"))
        return self.worked(
            rows, _heading(field, value), _("changed"), lambda key, version: self._set(key, version, asked)
        )

    def _amended(self, name: str) -> Field:
        if not name:
            raise Refusal("Choose a field.")
        found = next((each for each in amendable(current_actor(), self.record) if each.key == name), None)
        if found is None:
            raise NotPermitted("This may not be written: %(name)s.", field=name, name=words(name))
        return found

    def _question_page(self, rows: Chosen, asked: Input) -> str:
        form = Form(self.record, [("", [asked])]).name_links(db.session)
        return render_template(
            "panel/amend.html", record=self.record, rows=rows, form=form, asked=asked, **self._of({})
        )

    def _set(self, key: int, version: int, asked: Input) -> str:
        """Change the field of one row; a word where nothing was to be changed."""
        with saving(db.session):
            row: Any = self.changeable(key)
            check_version(row, str(version))
            form = form_of_one(row, asked.name)
            values = form.typed({asked.name: asked.value})
            problem = would_empty(form, values) or form.inputs[0].problem or form.problem
            if problem:
                raise Refusal(problem)
            if all(getattr(row, name) == value for name, value in values.items()):
                return _("unchanged")
            with db.session.no_autoflush:
                fill(row, form, values)
        return ""


def _question(field: Field) -> Input:
    assert field.column is not None, "links to many are not edited in a list"
    return input_for(field, required=not field.column.nullable)


def _told(field: Field, value: Any) -> str:
    """The value in words, a long text cut."""
    if value is not None and field.target:
        return titles_of(db.session, field.target, [value]).get(value) or f"#{value}"
    told = " ".join(texts.text(field, value).split())
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _heading(field: Field, value: Any) -> str:
    if value is None:
        return _("Empty %(field)s", field=field.label)
    return _("Set %(field)s to %(value)s", field=field.label, value=_told(field, value))


def _sentence(field: Field, value: Any, count: int) -> str:
    """What is going to be done, to be confirmed."""
    told = {"field": field.label, "value": _told(field, value), "rows": f"{count:,}"}
    if value is None:
        return ngettext("Empty %(field)s on %(rows)s row", "Empty %(field)s on %(rows)s rows", count, **told)
    return ngettext(
        "Set %(field)s to %(value)s on %(rows)s row", "Set %(field)s to %(value)s on %(rows)s rows", count, **told
    )
