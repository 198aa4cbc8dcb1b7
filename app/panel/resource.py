"""The REST API derived from the records: list, get, create, change, delete, steps. It asks the policy the screens ask.

``/api/v1/<record>/`` takes the filters, search and order of the list (see `app.panel.filters`); answers are JSON, and
refusals are problems (`app.panel.problems`). Programs bring ``Authorization: Bearer yx_…`` (see
`app.kernel.identity.tokens`); with the session of a browser, changes carry the token of the forms in ``X-CSRFToken``.
Private values are masked, and shown in full one by one by ``POST …/<id>/reveal/<field>``; what the caller may not read
is absent. Links are ids, links to many lists of ids and the number of those the caller may not see; users are never
more than an id.

Every change names the ``version`` of the row it was meant for: in the body, of a deletion in the address. None is
answered with 428, another than the row's with 409. What was read may be sent back as it is: that changes nothing.
"""

from typing import Any, ClassVar

from flask import Flask, request
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi, expose

from app.extensions import db
from app.kernel import files, links
from app.kernel.access import find, require
from app.kernel.actor import current_actor
from app.kernel.reveal import reveal
from app.kernel.values import parsed
from app.kernel.workflow import advance, offers
from app.panel.answering import afresh, body_of_request, done, same_version, told
from app.panel.labels import said, step_label
from app.panel.listing import page_of
from app.panel.nested import changed_only, lines_in, taken, writable, write
from app.panel.querying import query
from app.panel.serving import as_json, file_as_json
from app.panel.tickets import ticket_for
from app.panel.traces import trace_of
from app.schema.kinds import File
from app.schema.record import Line, Record, many_of
from app.schema.registry import registry
from app.schema.traits import Attached
from app.schema.written import natural

Said = dict[str, Any]


class RecordResource(BaseApi):
    """The resource of one record; `resource_of` makes the class of each."""

    record: ClassVar[type[Record]]
    version = "v1"
    csrf_exempt = False  # the base would take the token check off every API

    @expose("/")
    @told
    def list(self) -> Said:
        """A page of rows within the caller's reach."""
        require(current_actor(), "read", self.record)
        wanted = query(db.session, self.record, request.args)
        page = page_of(db.session, wanted.asked)
        for name in many_of(self.record):
            if wanted.fields is None or name in wanted.fields:
                links.load(db.session, self.record, [read.row for read in page.rows], name)
        return {
            "count": page.count,
            "next": None if page.last else page.next,
            "previous": None if page.first else page.previous,
            "result": [as_json(read.row, wanted.fields) for read in page.rows],
        }

    @expose("/<int:key>")
    @told
    def get(self, key: int) -> Said:
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
        return {"result": as_json(row), "steps": steps, **more}

    @expose("/", methods=["POST"])
    @done
    def create(self) -> tuple[Said, int]:
        """A new row from the fields of the add form, with its lines."""
        return {"result": as_json(afresh(added(self.record, body_of_request())))}, 201

    @expose("/<int:key>", methods=["PUT", "PATCH"])
    @done
    def change(self, key: int) -> tuple[Said, int]:
        """Change the named fields of a row; ``version`` must be the one last read."""
        row, body = find(db.session, self.record, key), body_of_request()
        return {"result": as_json(afresh(changed(row, body)))}, 200

    @expose("/<int:key>", methods=["DELETE"])
    @done
    def remove(self, key: int) -> tuple[None, int]:
        """Delete a row; ``version`` in the address must be the one last read."""
        row = find(db.session, self.record, key)
        removed(row, natural(request.args.get("version")))
        return None, 204

    @expose("/<int:key>/steps/<step>", methods=["POST"])
    @done
    def step(self, key: int, step: str) -> tuple[Said, int]:
        """Take a step; the body answers what it asks, with the ``version`` last read."""
        row, body = find(db.session, self.record, key), body_of_request()
        stepped(row, step, body)
        return {"result": as_json(afresh(row))}, 200

    @expose("/<int:key>/reveal/<name>", methods=["POST"])
    @done
    def reveal(self, key: int, name: str) -> tuple[Said, int]:
        """A private value in full, for the ``reason`` of the body; that it was shown is written down first."""
        row = find(db.session, self.record, key)
        reason = str(body_of_request().get("reason") or "")
        value = reveal(db.session, row, name, reason)
        file = getattr(row, name)
        shown = file_as_json(file, ticket=ticket_for(file)) if isinstance(file, File) else value
        return {"field": name, "value": shown}, 200


def added(record: type[Record], body: Said) -> Record:
    """Add a row of what was sent, with its lines."""
    require(current_actor(), "edit" if issubclass(record, Line) else "add", record)
    lines = taken(body, record)
    row = record(**parsed(record, writable(record), body))
    db.session.add(row)
    db.session.flush()
    write(db.session, row, lines)
    return row


def changed(row: Record, body: Said) -> Record:
    """Write what was sent into a row and its lines, as far as it differs from what the API shows."""
    same_version(row, body.pop("version", None))
    lines = taken(body, type(row))
    values = parsed(type(row), writable(type(row), row), changed_only(row, body), row)
    require(current_actor(), "edit", row)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    write(db.session, row, lines)
    return row


def removed(row: Record, version: Any) -> None:
    """Delete a row."""
    require(current_actor(), "edit" if isinstance(row, Line) else "delete", row)
    same_version(row, version)
    db.session.delete(row)
    db.session.flush()


def stepped(row: Record, step: str, body: Said) -> None:
    """Take a step by what was sent."""
    same_version(row, body.pop("version", None))
    advance(db.session, row, step, answers=body)


def resource_of(record: type[Record]) -> type[RecordResource]:
    """The resource class of a record; made anew for each application, for Flask-AppBuilder keeps state on classes."""
    name = str(record.__tablename__)
    return type(f"{record.__name__}Resource", (RecordResource,), {"record": record, "resource_name": name})


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register a resource for every record."""
    for record in registry:
        builder.add_api(resource_of(record))
