"""Add, edit and delete."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import require
from app.kernel.actor import current_actor
from app.panel import cells, showing
from app.panel.base import RecordView, check_version
from app.panel.forms import Form, fill, form_of, mark_saved
from app.panel.labels import record_label, said
from app.panel.saving import saving
from app.schema.errors import Conflict, NotFound, Refusal


class Writing(RecordView):
    """The forms that write rows. What is refused comes back with everything typed, and nothing has changed."""

    @expose("/add")
    def add(self) -> str:
        """An empty form; parameters named as its fields fill it in advance."""
        self._require_add()
        return self._add_page(form_of(self.record, given=request.args))

    @expose("/add", methods=["POST"])
    def create(self) -> Response | tuple[str, int]:
        """Add a row."""
        self._require_add()
        form = form_of(self.record)
        values = form.typed(request.form)
        if form.faulty:
            return self._add_page(form), 422
        try:
            with saving(db.session):
                row = self.record()
                fill(row, form, values)
                db.session.add(row)
                db.session.flush()
                key = row.id
        except Refusal as refusal:
            form.complain(refusal)
            return self._add_page(form), refusal.status
        flash(_("Added."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key), 303)

    @expose("/<int:key>/edit")
    def edit(self, key: int) -> str:
        """The form of a row."""
        row = self._changeable(key)
        return self._edit_page(form_of(self.record, row), key)

    @expose("/<int:key>/edit", methods=["POST"])
    def change(self, key: int) -> Response | tuple[str, int]:
        """Change a row, unless somebody else changed it since the form was made."""
        row = self._changeable(key)
        form = form_of(self.record, row)
        values = form.typed(request.form)
        if form.faulty:
            form.version = request.form.get("version", "")
            return self._edit_page(form, key), 422
        try:
            with saving(db.session):
                check_version(row, request.form.get("version"))
                with db.session.no_autoflush:
                    fill(row, form, values)
        except Refusal as refusal:
            form.complain(refusal)
            if isinstance(refusal, Conflict):
                mark_saved(form, self.row(key))
            return self._edit_page(form, key), refusal.status
        flash(_("Saved."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key), 303)

    @expose("/<int:key>/delete")
    def confirm(self, key: int) -> str:
        """Ask before deleting."""
        require(current_actor(), "delete", self.row(key))
        return self._confirm_page(key)

    @expose("/<int:key>/delete", methods=["POST"])
    def delete(self, key: int) -> Response | tuple[str, int]:
        """Delete a row; refused while others point at it."""
        row = self.row(key)
        require(current_actor(), "delete", row)
        try:
            with saving(db.session):
                check_version(row, request.form.get("version"))
                db.session.delete(row)
        except Refusal as refusal:
            return self._confirm_page(key, said(refusal)), refusal.status
        flash(_("Deleted."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.list"), 303)

    def _require_add(self) -> None:
        require(current_actor(), "add", self.record)
        if not self.record.panel.form:
            raise NotFound("There is no form for this; it comes about by itself.")

    def _changeable(self, key: int) -> Any:
        row = self.row(key)
        require(current_actor(), "edit", row)
        if showing.is_frozen(row):
            state = getattr(row, type(row).workflow.field)
            raise Conflict("Nothing can be changed here while it is %(state)s.", state=state.label)
        return row

    def _add_page(self, form: Form) -> str:
        title = _("Add: %(record)s", record=record_label(self.record))
        return self.form_page(form, title, url_for(f"{self.record.__tablename__}.list"), _("Add"))

    def _edit_page(self, form: Form, key: int) -> str:
        read = showing.read_one(db.session, self.record, key, [])
        title = _("Edit: %(title)s", title=cells.heading(self.record, read))
        return self.form_page(form, title, url_for(f"{self.record.__tablename__}.show", key=key), _("Save"))

    def _confirm_page(self, key: int, problem: str = "") -> str:
        read = showing.read_one(db.session, self.record, key, [])
        return render_template(
            "panel/delete.html",
            record=self.record,
            row=read.row,
            heading=cells.heading(self.record, read),
            problem=problem,
        )
