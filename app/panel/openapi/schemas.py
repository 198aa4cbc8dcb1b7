"""What the API shows and takes, as JSON Schema: each kind owns that of its values, the records put them together."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Integer

from app.kernel.history import plain
from app.panel.fields import lines_of
from app.panel.labels import about_record, field_label
from app.panel.nested import writable
from app.panel.querying import readable_names
from app.schema.kinds import FileKind, Kind
from app.schema.record import Line, Record, kind_of, many_of, stored
from app.schema.traits import Attached
from app.schema.written import LARGEST

Schema = dict[str, Any]
NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def named(name: str) -> Schema:
    """A reference to the schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(what: Schema) -> Schema:
    """A list of such."""
    return {"type": "array", "items": what}


def shaped(properties: Schema, required: Iterable[str] = ()) -> Schema:
    """An object with these properties."""
    made: Schema = {"type": "object", "properties": properties}
    return made | ({"required": names} if (names := sorted(required)) else {})


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "type" not in schema:
        return schema
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [schema["type"], "null"]} | more


def shown_schema(record: type[Record], name: str) -> Schema:
    """A field as the API shows it."""
    column, kind = stored(record).get(name), kind_of(record, name)
    if name == "id":
        return ID
    if kind is not None and kind.private:
        schema: Schema = {"type": "string", "description": "•"}
    elif kind is not None:
        schema = dict(kind.schema)
    else:
        schema = dict(ID if column is not None and isinstance(column.type, Integer) else TEXT)
    if name == "version":
        return NUMBER
    empty = column is None or column.nullable
    return nullable(schema) if empty and name not in many_of(record) else schema


def taken_schema(record: type[Record], name: str) -> Schema:
    """A field as the API takes it, with an example."""
    kind, column = kind_of(record, name), stored(record).get(name)
    schema = dict(kind.schema) if kind is not None else dict(ID)
    if schema.get("type") == "string" and not schema.keys() & {"enum", "format", "pattern"} and kind is not None:
        length = getattr(column.type, "length", None) if column is not None else None
        schema |= {"maxLength": most} if (most := kind.longest or length) else {}
    if schema.get("type") == "integer":
        schema = {"minimum": 1, "maximum": LARGEST} | schema
    if kind is not None:
        schema["examples"] = [sample(kind)]
    return schema if required(record, name) else nullable(schema)


def sample(kind: Kind) -> Any:
    """A believable value, as JSON."""
    value = plain(kind.sample(1))
    return {"id": value["id"]} if isinstance(kind, FileKind) else value


def required(record: type[Record], name: str) -> bool:
    """Whether a new row needs the field, whatever the others hold."""
    column = stored(record).get(name)
    return column is not None and not column.nullable and column.default is None and column.server_default is None


def of_record(record: type[Record]) -> Iterator[tuple[str, Schema]]:
    """The schemas of a record, by name: ``Claim`` as it is shown, ``ClaimNew`` and ``ClaimChange`` as it is taken."""
    name = record.__name__
    shown = shaped({each: _told(record, each, shown_schema(record, each)) for each in readable_names(record)})
    for many in many_of(record):
        if many in shown["properties"]:
            shown["properties"][f"{many}_not_visible"] = NUMBER
    yield name, shown | {"required": ["id", "version"], "description": about_record(record)}
    taken = {each: _told(record, each, taken_schema(record, each)) for each in sorted(writable(record))}
    needed = [each for each in taken if required(record, each)]
    lines = lines_taken(record)
    yield f"{name}New", shaped(taken | lines, needed) | _example(record, needed)
    fixed = set(record.panel.fixed) | ({record.parent} if issubclass(record, Line) else set())
    yield f"{name}Change", shaped({"version": NUMBER} | _without(taken, fixed) | lines, ["version"])
    if issubclass(record, Line):
        own = {"id": ID, "version": NUMBER, "remove": {"type": "boolean"}}
        yield f"{name}Part", shaped(own | _without(taken, {record.parent}))
    more: Schema = {"steps": listed(named("OfferedStep"))}
    if parts := {str(line.__tablename__): listed(named(line.__name__)) for line in lines_of(record)}:
        more["lines"] = shaped(parts)
    if issubclass(record, Attached):
        more["files"] = listed(named("StoredFile"))
    trace = {"trace": {"type": "object", "additionalProperties": True}}
    yield f"{name}Whole", shaped({"result": named(name)} | more | trace, ["result", *more])
    yield f"{name}Answer", shaped({"result": named(name)}, ["result"])
    places = {"next": nullable(TEXT), "previous": nullable(TEXT), "count": nullable(NUMBER)}
    yield f"{name}Page", shaped({"result": listed(named(name))} | places, ["result", *places])


def lines_taken(record: type[Record]) -> Schema:
    """The lines of a record as they may be sent with a row of it."""
    found = {str(line.__tablename__): line for line in lines_of(record) if line.panel.form}
    if not found:
        return {}
    return {"lines": shaped({name: listed(named(f"{line.__name__}Part")) for name, line in found.items()})}


def _without(properties: Schema, names: set[str]) -> Schema:
    return {name: schema for name, schema in properties.items() if name not in names}


def _told(record: type[Record], name: str, schema: Schema) -> Schema:
    label = field_label(record, name)
    return schema | {"description": f"{label} ({schema['description']})" if "description" in schema else label}


def _example(record: type[Record], needed: list[str]) -> Schema:
    kinds = {name: kind_of(record, name) for name in needed}
    return {"examples": [{name: sample(kind) for name, kind in kinds.items() if kind is not None}]}


COMMON: dict[str, Schema] = {
    "Fault": shaped({"pointer": TEXT, "parameter": TEXT, "detail": TEXT}, ["detail"]),
    "Problem": shaped(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "errors": listed(named("Fault")),
            "result": listed(named("BulkResult")),
        },
        ["type", "title", "status", "detail"],
    ),
    "StoredFile": shaped(
        {"id": TEXT, "name": TEXT, "size": NUMBER, "type": TEXT, "url": TEXT, "preview": TEXT},
        ["id", "name", "size", "type"],
    ),
    "StoredFileAnswer": shaped({"result": named("StoredFile")}, ["result"]),
    "PreviewPage": shaped(
        {"small": TEXT, "large": TEXT, "width": NUMBER, "height": NUMBER}, ["small", "large", "width", "height"]
    ),
    "Preview": shaped({"count": NUMBER, "pages": listed(named("PreviewPage"))}, ["count", "pages"]),
    "PreviewAnswer": shaped({"result": named("Preview")}, ["result"]),
    "StoredFiles": shaped({"result": listed(named("StoredFile"))}, ["result"]),
    "OfferedStep": shaped(
        {"name": TEXT, "title": TEXT, "asks": listed(TEXT), "closed": nullable(TEXT)}, ["name", "title", "asks"]
    ),
    "Comment": shaped(
        {
            "id": ID,
            "at": MOMENT,
            "author": TEXT,
            "author_id": nullable(ID),
            "text": TEXT,
            "edited_at": nullable(MOMENT),
            "removed_at": nullable(MOMENT),
        },
        ["id", "at", "author", "text"],
    ),
    "CommentNew": shaped({"text": TEXT | {"minLength": 1, "maxLength": 5000, "examples": ["Called back."]}}, ["text"]),
    "CommentAnswer": shaped({"result": named("Comment"), "not_told": listed(TEXT)}, ["result", "not_told"]),
    "Comments": shaped({"result": listed(named("Comment")), "next": nullable(ID)}, ["result", "next"]),
    "Happening": shaped(
        {
            "sort": TEXT,
            "at": TEXT,
            "who": TEXT,
            "what": TEXT,
            "why": nullable(TEXT),
            "changes": listed(shaped({"field": TEXT, "old": TEXT, "new": TEXT}, ["field", "old", "new"])),
            "told": listed(TEXT),
            "entry": ID,
            "comment": named("Comment"),
        },
        ["sort", "at", "who", "what", "changes"],
    ),
    "Happenings": shaped({"result": listed(named("Happening")), "next": nullable(TEXT)}, ["result", "next"]),
    "Version": shaped({"version": NUMBER}, ["version"]),
    "Reason": shaped({"reason": TEXT | {"maxLength": 200, "examples": ["The customer asked for it."]}}, ["reason"]),
    "Revealed": shaped({"field": TEXT, "value": {}}, ["field", "value"]),
    "BulkResult": shaped(
        {"status": {"type": "integer"}, "result": {"type": "object"}, "problem": named("Problem")}, ["status"]
    ),
    "BulkAnswer": shaped({"result": listed(named("BulkResult"))}, ["result"]),
}
"""What does not depend on any record."""
