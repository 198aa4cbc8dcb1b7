"""What is wrong with a field, said as it is left: read as the form reads it when it is sent, and nothing is written."""

from typing import Any

from flask import jsonify, request
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.panel.base import RecordView
from app.panel.forms import form_of
from app.panel.grids import grids_of
from app.panel.uploads import places_of

MOST = 50
"""Fields one question may be about."""


class Checking(RecordView):
    """Asked with what stands in the form, and ``of=<name>`` for each field that was left, cells of lines included.

    Who may not send the form is not answered either. What only the database knows, saving tells.
    """

    @expose("/check", methods=["POST"])
    def check(self) -> Response:
        """What is wrong with fields of the form that adds a row."""
        self.require_add()
        return self._problems(None)

    @expose("/<int:key>/check", methods=["POST"])
    def check_row(self, key: int) -> Response:
        """What is wrong with fields of the form of a row."""
        return self._problems(self.changeable(key))

    def _problems(self, row: Any) -> Response:
        wanted = request.args.getlist("of")[:MOST]
        form = form_of(self.record, row)
        in_lines = {name.partition(".")[0] for name in wanted if "." in name}
        grids = [each for each in grids_of(db.session, self.record, row) if each.name in in_lines] if in_lines else []
        form.typed(request.form)
        for grid in grids:
            grid.typed(request.form)
        places = places_of(form, grids)
        asked = [name for name in wanted if name in places and not places[name].locked]
        return jsonify(problems={name: places[name].problem for name in asked})
