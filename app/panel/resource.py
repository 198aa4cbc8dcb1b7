"""The REST API derived from the records: list, get, create, change, delete, steps. It asks the policy the screens ask.

``/api/v1/<record>/`` takes the filters, search and order of the list (see `app.panel.filters`); answers are JSON, and
refusals are problems as of RFC 9457. Programs bring ``Authorization: Bearer yx_…`` (see `app.kernel.identity.tokens`);
with the session of a browser, changes carry the token of the forms in ``X-CSRFToken``.
Private values are masked, and shown in full one by one by ``POST …/<id>/reveal/<field>``; what the caller may not read
is absent. Links are ids, links to many lists of ids and the number of those the caller may not see; users are never
more than an id.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from flask import Flask, jsonify, request
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi, expose
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import files, links
from app.kernel.access import find, require
from app.kernel.actor import NOBODY, current_actor
from app.kernel.fields import hidden_in, writable_fields
from app.kernel.history import plain
from app.kernel.reveal import reveal
from app.kernel.spelling import SPELLING
from app.kernel.values import parsed
from app.kernel.workflow import advance, offers
from app.panel.fields import form_fields
from app.panel.labels import said, step_label
from app.panel.listing import asked, page_of
from app.panel.nested import lines_in, taken, write
from app.panel.saving import added_once, saving
from app.panel.tickets import file_url
from app.panel.traces import trace_of
from app.schema.errors import Conflict, Invalid, Refusal
from app.schema.kinds import File
from app.schema.record import Line, Record, computed_of, kind_of, many_of, stored
from app.schema.registry import registry
from app.schema.traits import Attached

Handler = Callable[..., Any]


def answered(handler: Handler) -> Handler:
    """Refusals become problems, and nothing is half done; a signed-out caller gets 401."""

    @wraps(handler)
    def answer(self: "RecordResource", *args: Any, **kwargs: Any) -> Any:
        if current_actor() is NOBODY:
            return problem(401, _("Sign in first."))
        try:
            return handler(self, *args, **kwargs)
        except Refusal as refusal:
            db.session.rollback()
            return refused(refusal)

    return answer


def refused(refusal: Refusal) -> Response:
    """A refusal as a problem."""
    fields = refusal.problems if isinstance(refusal, Invalid) else {refusal.field: refusal} if refusal.field else {}
    return problem(refusal.status, said(refusal), {name: said(why) for name, why in fields.items()})


def problem(status: int, title: str, fields: dict[str, str] | None = None) -> Response:
    """A problem document (RFC 9457): `fields` maps the fields at fault to what is wrong with each."""
    body: dict[str, Any] = {"type": "about:blank", "status": status, "title": title}
    if fields:
        body["errors"] = fields
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response


class RecordResource(BaseApi):
    """The resource of one record; `resource_of` makes the class of each."""

    record: ClassVar[type[Record]]
    version = "v1"
    csrf_exempt = False  # the base would take the token check off every API

    @expose("/")
    @answered
    def list(self) -> Response:
        """A page of rows within the caller's reach."""
        require(current_actor(), "read", self.record)
        page = page_of(db.session, asked(db.session, self.record, request.args))
        for name in many_of(self.record):
            links.load(db.session, self.record, [read.row for read in page.rows], name)
        body = {
            "count": page.count,
            "next": None if page.last else page.next,
            "previous": None if page.first else page.previous,
            "result": [as_json(read.row) for read in page.rows],
        }
        return jsonify(body)

    @expose("/<int:key>")
    @answered
    def get(self, key: int) -> Response:
        """One row, and the steps open to the caller; with ``?trace=1`` how its computed values came about."""
        row = find(db.session, self.record, key)
        steps = [
            {
                "name": o.step.name,
                "title": step_label(o.step),
                "asks": o.step.asks,
                "closed": o.reason and said(o.reason),
            }
            for o in offers(db.session, row, current_actor())
        ]
        more: dict[str, Any] = {"trace": trace_of(row)} if request.args.get("trace") else {}
        if lines := {name: [as_json(part) for part in parts] for name, parts in lines_in(db.session, row)}:
            more["lines"] = lines
        if isinstance(row, Attached):
            more["files"] = [file_as_json(files.told(each)) for each in files.listed(db.session, row)]
        return jsonify({"result": as_json(row), "steps": steps, **more})

    @expose("/", methods=["POST"])
    @answered
    def create(self) -> tuple[Response, int]:
        """A new row from the fields of the add form; sent again under the same ``Idempotency-Key``, that same row."""
        require(current_actor(), "edit" if issubclass(self.record, Line) else "add", self.record)
        body = body_of_request()
        key, content = request.headers.get("Idempotency-Key", ""), [request.path, *sorted(body.items())]
        lines = taken(body, self.record)
        values = parsed(self.record, self._writable(), body)

        def made() -> Any:
            row = self.record(**values)
            db.session.add(row)
            db.session.flush()
            write(db.session, row, lines)
            return row

        with saving(db.session):
            row_id = added_once(key, self.record, content, made)
        return jsonify({"result": as_json(find(db.session, self.record, row_id))}), 201

    @expose("/<int:key>", methods=["PUT", "PATCH"])
    @answered
    def change(self, key: int) -> Response:
        """Change the named fields of a row; ``version`` must be the one last read."""
        row, body = find(db.session, self.record, key), body_of_request()
        same_version(row, body)
        lines = taken(body, self.record)
        values = parsed(self.record, self._writable(row), body, row)
        require(current_actor(), "edit", row)
        with saving(db.session):
            for name, value in values.items():
                setattr(row, name, value)
            db.session.flush()
            write(db.session, row, lines)
        return jsonify({"result": as_json(row)})

    @expose("/<int:key>", methods=["DELETE"])
    @answered
    def remove(self, key: int) -> tuple[str, int]:
        """Delete a row."""
        row = find(db.session, self.record, key)
        require(current_actor(), "edit" if issubclass(self.record, Line) else "delete", row)
        with saving(db.session):
            db.session.delete(row)
        return "", 204

    @expose("/<int:key>/steps/<step>", methods=["POST"])
    @answered
    def step(self, key: int, step: str) -> Response:
        """Take a step; the body answers what it asks, with the ``version`` last read."""
        row, body = find(db.session, self.record, key), body_of_request()
        same_version(row, body)
        with saving(db.session):
            advance(db.session, row, step, answers=body)
        return jsonify({"result": as_json(row)})

    @expose("/<int:key>/reveal/<name>", methods=["POST"])
    @answered
    def reveal(self, key: int, name: str) -> Response:
        """A private value in full, for the ``reason`` of the body; that it was shown is written down first."""
        row = find(db.session, self.record, key)
        reason = str(body_of_request().get("reason") or "")
        with saving(db.session):
            value = reveal(db.session, row, name, reason)
        file = getattr(row, name)
        shown = file_as_json(file, revealed=True) if isinstance(file, File) else value
        return jsonify({"field": name, "value": shown})

    def _writable(self, row: Record | None = None) -> frozenset[str]:
        fixed = set(self.record.panel.fixed) if row is not None else set()
        names = {field.key for field in form_fields(self.record)} - fixed
        if row is None and issubclass(self.record, Line):
            names.add(self.record.parent)
        return writable_fields(current_actor(), "edit" if row is not None else "add", row or self.record, names)


def as_json(row: Record) -> dict[str, Any]:
    """A row as the API shows it: every field the caller reads, private ones masked, amounts as exact text."""
    shown: dict[str, Any] = {}
    record, gone = type(row), hidden_in(current_actor(), row)
    for name in (*stored(record), *computed_of(record)):
        if name not in gone and name != SPELLING:
            value, kind = getattr(row, name), kind_of(record, name)
            private = kind is not None and kind.private and value is not None
            shown[name] = kind.mask(value) if private and kind else _plain(value)
    for name in many_of(record):
        found = links.linked(row, name)
        shown[name], shown[f"{name}_not_visible"] = list(found.ids), found.hidden
    return shown


def _plain(value: Any) -> Any:
    return file_as_json(value) if isinstance(value, File) else plain(value)


def file_as_json(file: File, *, revealed: bool = False) -> dict[str, Any]:
    """A file as the API shows it, with the address it is handed out at; `revealed` as of `file_url`."""
    return file.as_json() | {"url": file_url(file, revealed=revealed)}


def body_of_request() -> dict[str, Any]:
    """The JSON object that was sent. Raises `Refusal` for anything else."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refusal("Send a JSON object of fields and values.")
    return body


def same_version(row: Record, body: dict[str, Any]) -> None:
    """Take ``version`` out of what was sent. Raises `Refusal` for none, `Conflict` for another than the row's."""
    version = body.pop("version", None)
    if version is None:
        raise Refusal("Send the version you last read.", field="version")
    if version != row.version:
        raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.", field="version")


def resource_of(record: type[Record]) -> type[RecordResource]:
    """The resource class of a record; made anew for each application, for Flask-AppBuilder keeps state on classes."""
    name = str(record.__tablename__)
    return type(f"{record.__name__}Resource", (RecordResource,), {"record": record, "resource_name": name})


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register a resource for every record, and answer what goes wrong on the way to one with problems, not pages."""
    for record in registry:
        builder.add_api(resource_of(record))


def as_problem(error: HTTPException) -> Response:
    """An HTTP error under ``/api/`` as a problem."""
    reason = _("The token in X-CSRFToken is missing or out of date.") if isinstance(error, CSRFError) else error.name
    return problem(error.code or 500, reason)
