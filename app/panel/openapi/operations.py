"""What can be done with the rows of a record over the API, as the operations of an OpenAPI document."""

import re
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.previews import SIZES as SIZES_OF_PAGES
from app.kernel.previews import TYPE as PICTURE
from app.kernel.workflow import VERDICT
from app.panel.bulk_api import MOST
from app.panel.fields import columns_of
from app.panel.filters import Filter, offered, parameters
from app.panel.labels import field_label, record_label, record_plural, step_label
from app.panel.listing import SIZES
from app.panel.openapi.schemas import ID, NUMBER, TEXT, Schema, listed, named, shaped, taken_schema
from app.panel.querying import readable_names
from app.schema.kinds import MOMENT
from app.schema.record import Line, Record, kind_of, plural_msgid
from app.schema.traits import Attached
from app.schema.workflow import SPOKEN, Step

Operation = dict[str, Any]
READING = (401, 403, 406)
WRITING = (400, *READING, 409, 413, 415, 422, 503)
KEY: Schema = {"$ref": "#/components/parameters/IdempotencyKey"}
ROW: Schema = {"name": "id", "in": "path", "required": True, "schema": ID}


def pascal(text: str) -> str:
    """``ask papers`` and ``ask_papers`` as ``AskPapers``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", text))


def camel(text: str) -> str:
    """``ask_papers`` as ``askPapers``."""
    return (made := pascal(text))[:1].lower() + made[1:]


def of_record(record: type[Record]) -> Iterator[tuple[str, str, Operation]]:
    """The address, the method and the operation of all that the current actor may do with some row of a record."""
    actor = current_actor()
    if not may(actor, "read", record):
        return
    name, table, line = record.__name__, f"/{record.__tablename__}/", issubclass(record, Line)
    many, one = record_plural(record), record_label(record)
    made = Made(table.strip("/"))
    args = list(_list_parameters(record))
    listing = _("List: %(records)s", records=many)
    list_id = f"list{pascal(plural_msgid(record))}"
    yield table, "get", made.reading(list_id, listing, named(f"{name}Page"), args, (*READING, 422))
    place, trace = f"{table}{{id}}", parameter("trace", {"type": "string", "enum": ["1"]})
    getting = _("Read one: %(record)s", record=one)
    yield place, "get", made.reading(f"get{name}", getting, named(f"{name}Whole"), [ROW, trace], (*READING, 404))
    answer = named(f"{name}Answer")
    adds, edits, deletes = (may(actor, verb, record) for verb in (("edit",) * 3 if line else ("add", "edit", "delete")))
    if adds and record.panel.form:
        adding = _("Add: %(record)s", record=one)
        yield table, "post", made.writing(f"create{name}", adding, named(f"{name}New"), answer, 201, (404,))
    if edits and record.panel.form:
        changing = _("Change: %(record)s", record=one)
        body, since = named(f"{name}Change"), (404, 428)
        yield place, "patch", made.writing(f"update{name}", changing, body, answer, 200, since, [ROW])
    if deletes:
        removing = _("Delete: %(record)s", record=one)
        version = parameter("version", NUMBER, required=True)
        yield place, "delete", made.writing(f"delete{name}", removing, None, None, 204, (404, 428), [ROW, version])
    if adds or edits or deletes or record.workflow:
        together = _("Many at once: %(records)s", records=many)
        yield f"{table}bulk", "post", made.writing(f"bulk{name}", together, _bulk(name), named("BulkAnswer"), 200)
    for step in record.workflow.steps if record.workflow else ():
        if _takes(actor, record, step):
            path, title = f"{place}/steps/{step.name}", _("%(step)s: %(record)s", step=step_label(step), record=one)
            asked = _asked(record, step)
            yield path, "post", made.writing(camel(step.name) + name, title, asked, answer, 200, (404, 428), [ROW])
    private = [f for f in readable_names(record) if (kind := kind_of(record, f)) is not None and kind.private]
    if private and may(actor, "reveal", record):
        field = {"name": "field", "in": "path", "required": True, "schema": {"type": "string", "enum": private}}
        path, title = f"{place}/reveal/{{field}}", _("Show in full: %(record)s", record=one)
        shown, more = named("Revealed"), [ROW, field]
        yield path, "post", made.writing(f"reveal{name}", title, named("Reason"), shown, 200, (404,), more)
    if issubclass(record, Attached):
        yield from _files(made, name, f"{place}/files", one, edits)
    if not line:
        yield from _said(made, name, place, one, edits)


class Made:
    """Operations of one tag."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def reading(
        self, id_: str, summary: str, shown: Schema, parameters: list[Schema], statuses: tuple[int, ...]
    ) -> Operation:
        """One that changes nothing."""
        return self._of(id_, summary, parameters, answers(200, shown, statuses))

    def writing(
        self,
        id_: str,
        summary: str,
        body: Schema | None,
        shown: Schema | None,
        status: int,
        more: tuple[int, ...] = (),
        parameters: list[Schema] | None = None,
        media: str = "application/json",
    ) -> Operation:
        """One that writes, once under each key."""
        made = self._of(id_, summary, [*(parameters or ()), KEY], answers(status, shown, (*WRITING, *more)))
        return made | ({"requestBody": {"required": True, "content": {media: {"schema": body}}}} if body else {})

    def _of(self, id_: str, summary: str, parameters: list[Schema], responses: Schema) -> Operation:
        return {
            "operationId": id_,
            "tags": [self.tag],
            "summary": summary,
            "parameters": parameters,
            "responses": responses,
        }


def answers(status: int, shown: Schema | None, statuses: tuple[int, ...]) -> Schema:
    """The answers of an operation: the good one, and problems."""
    good: Schema = {"description": _("Done.")}
    if shown is not None:
        good["content"] = {"application/json": {"schema": shown}}
    return {str(status): good} | {str(each): {"$ref": f"#/components/responses/{each}"} for each in sorted(statuses)}


def parameter(name: str, schema: Schema, description: str = "", *, required: bool = False) -> Schema:
    made: Schema = {"name": name, "in": "query", "schema": schema}
    return made | ({"description": description} if description else {}) | ({"required": True} if required else {})


def _list_parameters(record: type[Record]) -> Iterator[Schema]:
    orders = sorted(field.key for field in columns_of(record) if field.sortable)
    yield parameter("q", TEXT, _("What to search for."))
    if orders:
        yield parameter("order", {"type": "string", "enum": [*orders, *(f"-{name}" for name in orders)]})
    yield parameter("psize", {"type": "integer", "enum": list(SIZES)}, _("Rows of a page."))
    yield parameter("after", TEXT, _("Where the page begins: next of the page before it."))
    yield parameter("before", TEXT, _("Where the page ends: previous of the page after it, or end for the last one."))
    names = list(readable_names(record))
    fields = parameter(
        "fields", listed({"type": "string", "enum": names}), _("Only these fields, besides id and version.")
    )
    yield fields | {"style": "form", "explode": False}
    for each in offered(record):
        for name in parameters(each):
            yield parameter(name, _filter_schema(each, name), each.field.label)


def _filter_schema(each: Filter, name: str) -> Schema:
    kind = each.field.kind
    if each.style == "link":
        words = ["none", "me"] if name == "owner_id" else ["none"]
        return listed({"anyOf": [ID, {"type": "string", "enum": words}]})
    if each.style == "links":
        return listed(ID)
    if each.style in ("choice", "clock"):
        return listed(
            {"type": "string", "enum": [str(getattr(value, "value", value)) for value, _word in each.options]}
        )
    if each.style in ("work", "watched", "yes/no"):
        return {"type": "string", "enum": [str(getattr(value, "value", value)) for value, _word in each.options]}
    if name.endswith(".contains"):
        return TEXT
    if kind is None:
        return listed(ID)
    if name.endswith((".from", ".to")):
        return {"type": "string", "format": "date"} if kind is MOMENT or kind.input == "datetime" else dict(kind.schema)
    return listed(dict(kind.schema))


def _takes(actor: Actor, record: type[Record], step: Step) -> bool:
    verbs = [verb for verb, _roles in step.permissions()]
    return any(may(each, verb, record) for each in (actor, *actor.absent) for verb in verbs)


def _asked(record: type[Record], step: Step) -> Schema:
    """What a step asks, with the version it is meant for."""
    asked: Schema = {"version": NUMBER}
    for question in step.asks:
        name = question.removesuffix("?")
        if name == "verdict":
            asked[name] = dict(VERDICT.schema)
        elif name in SPOKEN:
            asked[name] = TEXT
        else:
            asked[name] = taken_schema(record, name) | {"description": field_label(record, name)}
    needed = [name for name in step.asks if not name.endswith("?") and name in SPOKEN]
    return shaped(asked, ["version", *needed])


def _bulk(name: str) -> Schema:
    key = {"id": ID, "version": NUMBER}
    acts = {
        "add": named(f"{name}New"),
        "change": {"allOf": [shaped({"id": ID}, ["id"]), named(f"{name}Change")]},
        "remove": shaped(key, key),
        "step": shaped(key | {"name": TEXT}, ["id", "version", "name"]),
    }
    row = {"type": "object", "properties": acts, "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    rows = listed(row) | {"maxItems": MOST}
    return shaped({"rows": rows, "together": {"type": "boolean", "default": False}}, ["rows"])


def _files(made: Made, name: str, path: str, one: str, edits: bool) -> Iterator[tuple[str, str, Operation]]:
    title = _("Files: %(record)s", record=one)
    yield path, "get", made.reading(f"list{name}Files", title, named("StoredFiles"), [ROW], (*READING, 404))
    if edits:
        title, answer = _("Attach a file: %(record)s", record=one), named("StoredFileAnswer")
        yield path, "post", made.writing(f"attach{name}", title, FORM, answer, 201, (404,), [ROW], MULTIPART)
        token = {"name": "token", "in": "path", "required": True, "schema": TEXT}
        title = _("Take a file out: %(record)s", record=one)
        yield (
            f"{path}/{{token}}",
            "delete",
            made.writing(f"detach{name}", title, None, None, 204, (404,), [ROW, token]),
        )


def _said(made: Made, name: str, place: str, one: str, edits: bool) -> Iterator[tuple[str, str, Operation]]:
    before, gone = parameter("before", TEXT), (*READING, 404)
    title = _("History: %(record)s", record=one)
    yield (
        f"{place}/history",
        "get",
        made.reading(f"list{name}History", title, named("Happenings"), [ROW, before], gone),
    )
    if edits:
        entry = {"name": "entry", "in": "path", "required": True, "schema": ID}
        title, path = _("Take a change back: %(record)s", record=one), f"{place}/history/{{entry}}/revert"
        body, answer, more = named("Version"), named(f"{name}Answer"), [ROW, entry]
        yield path, "post", made.writing(f"revert{name}Change", title, body, answer, 200, (404, 428), more)
    title, path = _("Comments: %(record)s", record=one), f"{place}/comments"
    yield path, "get", made.reading(f"list{name}Comments", title, named("Comments"), [ROW, before], gone)
    title, body, answer = _("Comment on: %(record)s", record=one), named("CommentNew"), named("CommentAnswer")
    yield path, "post", made.writing(f"create{name}Comment", title, body, answer, 201, (404,), [ROW])
    comment, path = {"name": "comment", "in": "path", "required": True, "schema": ID}, f"{path}/{{comment}}"
    title = _("Change a comment: %(record)s", record=one)
    yield path, "patch", made.writing(f"update{name}Comment", title, body, answer, 200, (404,), [ROW, comment])
    title = _("Remove a comment: %(record)s", record=one)
    yield path, "delete", made.writing(f"delete{name}Comment", title, None, None, 204, (404,), [ROW, comment])


MULTIPART = "multipart/form-data"
FORM = shaped({"file": {"type": "string", "format": "binary"}}, ["file"])


def of_files() -> Iterator[tuple[str, str, Operation]]:
    """The operations on files by themselves."""
    made, answer = Made("files"), named("StoredFileAnswer")
    title = _("Send a file, to be named in a field")
    yield "/files/", "post", made.writing("sendFile", title, FORM, answer, 201, (), [], MULTIPART)
    token = {"name": "token", "in": "path", "required": True, "schema": TEXT}
    ticket = parameter("ticket", TEXT, _("Opens a private file that was shown in full."))
    fetched = answers(200, None, (401, 403, 404))
    fetched["200"]["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    yield "/files/{token}", "get", made._of("fetchFile", _("Fetch a file"), [token, ticket], fetched)
    title, none = _("What a file looks like: its pages"), (*READING, 404, 503)
    path = "/files/{token}/preview"
    yield path, "get", made.reading("previewFile", title, named("PreviewAnswer"), [token, ticket], none)
    size = {"name": "size", "in": "path", "required": True, "schema": {"type": "string", "enum": list(SIZES_OF_PAGES)}}
    page = {"name": "page", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    drawn = answers(200, None, (401, 403, 404, 503))
    drawn["200"]["content"] = {PICTURE: {"schema": {"type": "string", "format": "binary"}}}
    title, path = _("Fetch a page of a file as a picture"), "/files/{token}/{size}/{page}"
    yield path, "get", made._of("fetchFilePage", title, [token, size, page, ticket], drawn)
