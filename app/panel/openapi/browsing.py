"""The API as a person reads it: what he or she may do with each record, from the document a program is given."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.kernel.access import may, require
from app.kernel.actor import current_actor
from app.panel.labels import record_plural
from app.panel.openapi.document import document
from app.panel.openapi.measures import TAG
from app.schema.errors import NotFound
from app.schema.registry import registry


@dataclass(frozen=True)
class Member:
    """A parameter, or a field of what is sent: its name, where it stands, what it holds, whether it is needed."""

    name: str
    place: str
    holds: str
    needed: bool
    about: str


@dataclass(frozen=True)
class Told:
    """An operation: how it is called, what it takes, an example of it, and the statuses it may answer with."""

    verb: str
    path: str
    name: str
    summary: str
    members: list[Member]
    example: str
    statuses: list[str]


class ApiPage(BaseView):
    """The API in the panel itself; nothing of it is drawn by scripts."""

    route_base = "/help/api"

    @expose("/")
    def list(self) -> str:
        """How it is spoken to, and the records it has for the present person."""
        shown = [record for record in registry if may(current_actor(), "read", record)]
        records = sorted((record_plural(record), str(record.__tablename__)) for record in shown)
        return render_template("panel/api.html", records=[*records, (_("Measures"), TAG)])

    @expose("/<name>")
    def show(self, name: str) -> str:
        """What may be done with the rows of a record, or asked of the measures."""
        record = registry.get(name)
        if record is not None:
            require(current_actor(), "read", record)
        elif name != TAG:
            raise NotFound("There is no such record.")
        title = record_plural(record) if record is not None else _("Measures")
        made = json.loads(document([name]).text)
        return render_template("panel/api_record.html", title=title, operations=list(_told(made, name)))


def _told(made: dict[str, Any], tag: str) -> Iterator[Told]:
    for path, verbs in made["paths"].items():
        for verb, operation in verbs.items():
            if operation["tags"] != [tag]:
                continue
            members = [_parameter(made, each) for each in operation["parameters"]]
            sent: list[dict[str, Any]] = [*operation.get("requestBody", {"content": {}})["content"].values()]
            body = _met(made, sent[0]["schema"] if sent else {})
            members += _fields(made, body)
            example = json.dumps(body["examples"][0], ensure_ascii=False, indent=2) if "examples" in body else ""
            summary, statuses = operation["summary"], [*operation["responses"]]
            yield Told(verb.upper(), f"/api/v1{path}", operation["operationId"], summary, members, example, statuses)


def _met(made: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one it refers to."""
    found = schema
    while "$ref" in found:
        _hash, _components, sort, name = found["$ref"].split("/")
        found = made["components"][sort][name]
    return found


def _parameter(made: dict[str, Any], written: dict[str, Any]) -> Member:
    each = _met(made, written)
    about = each.get("description", "")
    return Member(each["name"], each["in"], _holds(made, each["schema"]), each.get("required", False), about)


def _fields(made: dict[str, Any], body: dict[str, Any]) -> Iterator[Member]:
    for name, schema in body.get("properties", {}).items():
        needed = name in body.get("required", ())
        yield Member(name, "body", _holds(made, schema), needed, schema.get("description", ""))


def _holds(made: dict[str, Any], schema: dict[str, Any]) -> str:
    """What a schema takes, in few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_holds(made, each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"] if each is not None)
    sorts = schema.get("type", "JSON")
    first = sorts[0] if isinstance(sorts, list) else sorts
    if first == "array":
        return f"[{_holds(made, schema['items'])}]"
    return str(schema.get("format", first))
