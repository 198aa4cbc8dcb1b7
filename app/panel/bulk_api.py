"""Many changes in one request: rows added, changed, deleted or stepped, each told what became of it.

``{"rows": [{"add": {…}}, {"change": {"id": 7, "version": 2, …}}, {"remove": {"id": 8, "version": 1}},
{"step": {"id": 9, "version": 3, "name": "accept", …}}], "together": true}``. Each is kept or refused by itself;
``together``, all are kept or none is. The answers stand in the order of the rows, each with its own status.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi, expose
from sqlalchemy.exc import DataError, IntegrityError

from app.extensions import db
from app.kernel.access import find
from app.panel import resource
from app.panel.answering import afresh, body_of_request, done
from app.panel.problems import Together, as_body
from app.panel.saving import broken_rule
from app.panel.serving import as_json
from app.schema.errors import Invalid, NotFound, Refusal
from app.schema.record import Record
from app.schema.registry import registry

MOST = 200
"""Rows one request may hold."""
Said = dict[str, Any]


class BulkResource(BaseApi):
    """Many rows of one record at once."""

    record: ClassVar[type[Record]]
    version = "v1"
    csrf_exempt = False  # as of `app.panel.resource`

    @expose("/bulk", methods=["POST"])
    @done
    def bulk(self) -> tuple[Said, int]:
        """Do what each row says."""
        body = body_of_request()
        rows, together = body.get("rows"), body.get("together", False)
        if not isinstance(rows, list) or not all(_is_act(row) for row in rows) or not isinstance(together, bool):
            raise Refusal("Send rows as a list of objects, each with one of: %(acts)s.", field="rows", acts=_KNOWN)
        if len(rows) > MOST:
            raise Refusal("Send at most %(most)d rows at once.", field="rows", most=MOST)
        answers = [self._done(row) for row in rows]
        if together and any(answer["status"] >= 400 for answer in answers):
            raise Together(answers)
        return {"result": answers}, 200

    def _done(self, row: Said) -> Said:
        """Do one in a savepoint of its own, so that a refused one leaves the others alone."""
        ((act, given),) = row.items()
        try:
            with db.session.begin_nested():
                return _ACTS[act](self.record, dict(given))
        except IntegrityError as error:
            refusal: Refusal = broken_rule(error)
        except DataError:
            refusal = Refusal("A value does not fit into its field.")
        except Refusal as said:
            refusal = said
        return {"status": refusal.status, "problem": as_body(refusal)}


def _add(record: type[Record], given: Said) -> Said:
    return {"status": 201, "result": as_json(afresh(resource.added(record, given)))}


def _change(record: type[Record], given: Said) -> Said:
    return {"status": 200, "result": as_json(afresh(resource.changed(_row(record, given), given)))}


def _remove(record: type[Record], given: Said) -> Said:
    resource.removed(_row(record, given), given.pop("version", None))
    return {"status": 204}


def _step(record: type[Record], given: Said) -> Said:
    row, name = _row(record, given), given.pop("name", None)
    if not isinstance(name, str):
        raise Invalid({"name": "This is needed."})
    resource.stepped(row, name, given)
    return {"status": 200, "result": as_json(afresh(row))}


def _row(record: type[Record], given: Said) -> Record:
    key = given.pop("id", None)
    if isinstance(key, bool):
        raise NotFound("There is no such row.")
    return find(db.session, record, key)


_ACTS: dict[str, Callable[[type[Record], Said], Said]] = {
    "add": _add,
    "change": _change,
    "remove": _remove,
    "step": _step,
}
_KNOWN = ", ".join(_ACTS)


def _is_act(row: Any) -> bool:
    if not isinstance(row, dict) or len(row) != 1:
        return False
    ((act, given),) = row.items()
    return act in _ACTS and isinstance(given, dict)


def mount(builder: AppBuilder) -> None:
    """Register the resource of every record."""
    for record in registry:
        name = str(record.__tablename__)
        builder.add_api(type(f"{record.__name__}Bulk", (BulkResource,), {"record": record, "resource_name": name}))
