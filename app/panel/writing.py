"""Add, edit and delete."""

from collections.abc import Iterable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import require
from app.kernel.actor import current_actor
from app.kernel.settings import setting_value
from app.kernel.trash import DAYS
from app.panel import cells, showing
from app.panel.base import RecordView, check_version
from app.panel.copying import copied
from app.panel.forms import Form, fill, form_of
from app.panel.grids import Grid, grids_of, name_links
from app.panel.labels import record_label, said
from app.panel.merging import merge
from app.panel.neighbours import came_from
from app.panel.saving import made_once, saving
from app.panel.uploads import typed
from app.schema.errors import Conflict, Refusal
from app.schema.written import natural


class Writing(RecordView):
    """The forms that write rows. What is refused comes back with everything typed, and nothing has changed."""

    @expose("/add")
    def add(self) -> str:
        """An empty form; parameters named as its fields fill it in advance, or ``copy_of=<id>`` what a row may lend."""
        self.require_add()
        original = natural(request.args.get("copy_of"))
        given = copied(db.session, self.row(original)) if original else request.args
        return self._add_page(form_of(self.record, given=given), grids_of(db.session, self.record))

    @expose("/add", methods=["POST"])
    def create(self) -> Response | tuple[str, int]:
        """Add a row."""
        self.require_add()
        form, grids = form_of(self.record), grids_of(db.session, self.record)
        values = _typed(form, grids)
        if form.faulty:
            return self._add_page(form, grids), 422
        try:
            with saving(db.session):
                key = made_once(self.record, lambda: self._made(form, grids, values))
        except Refusal as refusal:
            _complain(form, grids, refusal)
            return self._add_page(form, grids), refusal.status
        flash(_("Added."), "success")
        where: dict[str, Any] = {"pick": request.args["pick"]} if "pick" in request.args else {}
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key, **where), 303)

    @expose("/<int:key>/edit")
    def edit(self, key: int) -> str:
        """The form of a row."""
        row = self.changeable(key)
        return self._edit_page(form_of(self.record, row), grids_of(db.session, self.record, row), key)

    @expose("/<int:key>/edit", methods=["POST"])
    def change(self, key: int) -> Response | tuple[str, int]:
        """Change a row, unless somebody else changed it since the form was made."""
        row = self.changeable(key)
        form, grids = form_of(self.record, row), grids_of(db.session, self.record, row)
        values = _typed(form, grids)
        if form.faulty:
            merge(db.session, form, row, request.form)
            return self._edit_page(form, grids, key), 422
        try:
            self._save(row, form, values, grids)
        except Refusal as refusal:
            _complain(form, grids, refusal)
            merge(db.session, form, self.row(key), request.form)
            if isinstance(refusal, Conflict):
                for grid in grids:
                    grid.compare(db.session, key)
            return self._edit_page(form, grids, key), refusal.status
        flash(_("Saved."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key, **came_from()), 303)

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

    def _save(self, row: Any, form: Form, values: dict[str, Any], grids: Iterable[Grid] = ()) -> None:
        """Write what was read of a form into its row. Raises `Conflict` if it was changed since the form was made."""
        with saving(db.session):
            check_version(row, request.form.get("version"))
            with db.session.no_autoflush:
                fill(row, form, values)
            db.session.flush()
            for grid in grids:
                grid.save(db.session, row)

    def _made(self, form: Form, grids: list[Grid], values: dict[str, Any]) -> Any:
        row = self.record()
        fill(row, form, values)
        db.session.add(row)
        db.session.flush()
        for grid in grids:
            grid.save(db.session, row)
        return row

    def _add_page(self, form: Form, grids: list[Grid]) -> str:
        name_links(db.session, grids)
        title = _("Add: %(record)s", record=record_label(self.record))
        back, check = (url_for(f"{self.record.__tablename__}.{page}") for page in ("list", "check"))
        return self.form_page(form, title, back, _("Add"), grids=grids, check=check)

    def _edit_page(self, form: Form, grids: list[Grid], key: int) -> str:
        name_links(db.session, grids)
        read = showing.read_one(db.session, self.record, key, [])
        title = _("Edit: %(title)s", title=cells.heading(self.record, read))
        back = url_for(f"{self.record.__tablename__}.show", key=key, **came_from())
        check = url_for(f"{self.record.__tablename__}.check_row", key=key)
        looking = url_for(f"{self.record.__tablename__}.looking", key=key)
        return self.form_page(form, title, back, _("Save"), grids=grids, check=check, looking=looking)

    def _confirm_page(self, key: int, problem: str = "") -> str:
        read = showing.read_one(db.session, self.record, key, [])
        return render_template(
            "panel/delete.html",
            record=self.record,
            row=read.row,
            heading=cells.heading(self.record, read),
            problem=problem,
            days=setting_value(db.session, DAYS) or 0,
        )


def _typed(form: Form, grids: list[Grid]) -> dict[str, Any]:
    """Take what was written into the form and its lines; the values of the form that can be read."""
    values = typed(form, grids)
    if any(grid.faulty for grid in grids):
        form.problem = _("Some answers need your attention; everything you wrote is kept.")
    return values


def _complain(form: Form, grids: list[Grid], refusal: Refusal) -> None:
    """Say what was refused: at the line it was refused for, else in the form."""
    if any(grid.faulty for grid in grids):
        form.problem = _("Look at the lines below: nothing is saved yet.")
    else:
        form.complain(refusal)
