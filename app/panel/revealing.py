"""A private value shown in full, once, on the row's own page; that of a line on the page of what it is a part of."""

from typing import Any

from flask import request
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import find_part, may
from app.kernel.actor import current_actor
from app.kernel.reveal import may_reveal, reveal
from app.panel.base import RecordView
from app.panel.fields import Field, field_of, lines_of
from app.panel.labels import said
from app.panel.saving import saving
from app.schema.errors import NotFound, NotPermitted, Refusal

Answer = Response | str | tuple[str, int]


class Revealing(RecordView):
    """Asked for with a reason; the page it then stands on is kept by no cache, and the next look finds it masked."""

    @expose("/<int:key>/reveal/<name>")
    def ask_reveal(self, key: int, name: str) -> str:
        """The row's page with the question for the reason open on it."""
        return self.page(key, revealing=_private(self.row(key), name))

    @expose("/<int:key>/reveal/<name>", methods=["POST"])
    def reveal(self, key: int, name: str) -> Answer:
        """The row's page with the value in full."""
        return self._shown(key, self.row(key), name)

    @expose("/<int:key>/lines/<line>/<int:part_key>/reveal/<name>")
    def ask_reveal_of_line(self, key: int, line: str, part_key: int, name: str) -> str:
        """As `ask_reveal`, of a line."""
        part = self._part_of(key, line, part_key)
        return self.page(key, revealing=_private(part, name), revealing_of=(line, part_key))

    @expose("/<int:key>/lines/<line>/<int:part_key>/reveal/<name>", methods=["POST"])
    def reveal_of_line(self, key: int, line: str, part_key: int, name: str) -> Answer:
        """As `reveal`, of a line."""
        return self._shown(key, self._part_of(key, line, part_key), name, (line, part_key))

    def _part_of(self, key: int, line: str, part_key: int) -> Any:
        sort = next((each for each in lines_of(self.record) if each.__tablename__ == line), None)
        if sort is None:
            raise NotFound("There is no such part here.")
        return find_part(db.session, sort, self.row(key).id, part_key)

    def _shown(self, key: int, row: Any, name: str, part: tuple[str, int] | None = None) -> Answer:
        field, reason = _private(row, name), request.form.get("reason", "")
        try:
            with saving(db.session):
                value = reveal(db.session, row, name, reason)
        except Refusal as refusal:
            asked: dict[str, Any] = {
                "revealing": field,
                "revealing_of": part,
                "reason": reason,
                "unrevealed": said(refusal),
            }
            return self.page(key, **asked), refusal.status
        return self.page(key, {name: value}, part)


def _private(row: Any, name: str) -> Field:
    """A private field of a row that the present person may have shown in full."""
    field, actor = field_of(type(row), name), current_actor()
    if not field.private or not may(actor, "read", row, name):
        raise NotFound("There is nothing to show in full here.")
    if not may_reveal(actor, row):
        raise NotPermitted("You may not have private values shown in full here.")
    return field
