"""Lines: parts of a row, added, changed and removed on the row's own page."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import find_part
from app.panel.base import RecordView, check_version
from app.panel.fields import form_fields, lines_of
from app.panel.forms import Form, fill, form_of
from app.panel.labels import said
from app.panel.merging import merge
from app.panel.saving import made_once, saving
from app.panel.saying import gettext as _
from app.panel.uploads import typed
from app.schema.errors import NotFound, Refusal
from app.schema.record import Line
from app.schema.traits import Ordered


class Lines(RecordView):
    """Every line is reached through the row it is a part of, and written as that row is."""

    @expose("/<int:key>/lines/<name>/add")
    def add_line(self, key: int, name: str) -> str:
        """The row's page with an empty form for a line open on it."""
        line, _whole = self._line(key, name)
        return self._open_line(key, line, form_of(line, given=request.args))

    @expose("/<int:key>/lines/<name>/add", methods=["POST"])
    def create_line(self, key: int, name: str) -> Response | tuple[str, int]:
        """Add a line."""
        line, whole = self._line(key, name)
        form = form_of(line)
        values = typed(form)
        if form.faulty:
            return self._open_line(key, line, form), 422
        try:
            with saving(db.session):
                made_once(line, lambda: self._added(line, whole.id, form, values))
        except Refusal as refusal:
            form.complain(refusal)
            return self._open_line(key, line, form), refusal.status
        flash(_("Added."), "success")
        return self._back(key, name)

    @expose("/<int:key>/lines/<name>/<int:part_key>/edit")
    def edit_line(self, key: int, name: str, part_key: int) -> str:
        """The row's page with the form of a line open on it."""
        line, _whole = self._line(key, name)
        return self._open_line(key, line, form_of(line, find_part(db.session, line, key, part_key)), part_key)

    @expose("/<int:key>/lines/<name>/<int:part_key>/edit", methods=["POST"])
    def change_line(self, key: int, name: str, part_key: int) -> Response | tuple[str, int]:
        """Change a line."""
        line, _whole = self._line(key, name)
        part = find_part(db.session, line, key, part_key)
        form = form_of(line, part)
        values = typed(form)
        if form.faulty:
            merge(db.session, form, part, request.form)
            return self._open_line(key, line, form, part_key), 422
        try:
            with saving(db.session):
                check_version(part, request.form.get("version"))
                with db.session.no_autoflush:
                    fill(part, form, values)
        except Refusal as refusal:
            form.complain(refusal)
            merge(db.session, form, find_part(db.session, line, key, part_key), request.form)
            return self._open_line(key, line, form, part_key), refusal.status
        flash(_("Saved."), "success")
        return self._back(key, name)

    @expose("/<int:key>/lines/<name>/<int:part_key>/delete", methods=["POST"])
    def delete_line(self, key: int, name: str, part_key: int) -> Response | tuple[str, int]:
        """Remove a line."""
        line, _whole = self._line(key, name)
        part = find_part(db.session, line, key, part_key)
        try:
            with saving(db.session):
                check_version(part, request.form.get("version"))
                db.session.delete(part)
        except Refusal as refusal:
            return self.page(key, problem=said(refusal)), refusal.status
        flash(_("Deleted."), "success")
        return self._back(key, name)

    def _line(self, key: int, name: str) -> tuple[type[Line], Any]:
        """The sort of line and the row it belongs to, if the present person may change it."""
        line = next((line for line in lines_of(self.record) if line.__tablename__ == name), None)
        if line is None or not form_fields(line):
            raise NotFound("There is no such part here.")
        return line, self.changeable(key)

    def _added(self, line: type[Line], key: int, form: Form, values: dict[str, Any]) -> Any:
        part: Any = line(**{line.parent: key})
        if issubclass(line, Ordered):
            part.position = self._last(line, key) + 1
        fill(part, form, values)
        return part

    def _last(self, line: Any, key: int) -> int:
        """The position of the last line."""
        return db.session.scalar(select(func.max(line.position)).where(getattr(line, line.parent) == key)) or 0

    def _open_line(self, key: int, line: type[Line], form: Form, part_key: int = 0) -> str:
        form.name_links(db.session)
        return self.page(key, line=line, line_form=form, part_key=part_key)

    def _back(self, key: int, name: str) -> Response:
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key, _anchor=name), 303)
