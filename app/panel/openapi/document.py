"""The whole document: what the current actor may see and do, in his or her language, made once for people alike."""

from collections.abc import Iterable
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _

from app.kernel import measuring
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.panel.answering import written
from app.panel.fields import lines_of
from app.panel.openapi import measures, operations, schemas
from app.panel.openapi.schemas import Schema, named
from app.panel.problems import MEDIA
from app.schema import tailored
from app.schema.record import Record
from app.schema.registry import registry

KEPT = 50
"""Documents that are remembered; people with the same rights and language share one."""
PROBLEMS = (400, 401, 403, 404, 406, 409, 413, 415, 422, 428, 503)


class Document(NamedTuple):
    """The document as text, and a fingerprint by which it is known to be the same."""

    text: str
    tag: str


def document(names: Iterable[str] = ()) -> Document:
    """The document of the current actor, of all records or of those named; from memory while its rights stand."""
    actor, wanted = current_actor(), frozenset(names)
    rights = frozenset(actor.reach.items()) | {("as", each.user_id) for each in actor.absent}
    key = (rights, actor.system, actor.brand, str(get_locale()), wanted, tailored.in_force().version)
    kept: dict[Any, Document] = current_app.extensions.setdefault("openapi", {})
    if key not in kept:
        if len(kept) >= KEPT:
            kept.clear()
        chosen = (record for record in registry if not wanted or record.__tablename__ in wanted)
        text = written(build(chosen, figures=not wanted or measures.TAG in wanted))
        kept[key] = Document(text, sha256(text.encode()).hexdigest()[:32])
    return kept[key]


def build(records: Iterable[type[Record]], *, figures: bool = True) -> dict[str, Any]:
    """The document of some records and, with `figures`, of the measures, for the current actor."""
    shown = [record for record in records if may(current_actor(), "read", record)]
    paths: dict[str, Schema] = {}
    tags: dict[str, str] = {}
    made = dict(schemas.COMMON)
    for record in _with_parts(shown):
        made |= dict(schemas.of_record(record))
    offered = [*operations.of_files(), *(each for record in shown for each in operations.of_record(record))]
    if figures and (named_ := [measure.name for measure in measuring.seen()]):
        offered += measures.of_measures(named_)
        made |= measures.SCHEMAS
    for path, method, operation in offered:
        paths.setdefault(path, {})[method] = operation
        tags.setdefault(operation["tags"][0], "")
    return {
        "openapi": "3.1.1",
        "info": {
            "title": f"{current_actor().brand.name} API",
            "version": "1",
            "description": _(
                "Every change names the version of the row it was meant for. What was read may be sent back as it is."
            ),
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name} for name in tags],
        "paths": paths,
        "components": {
            "schemas": made,
            "parameters": {"IdempotencyKey": _idempotency()},
            "responses": {str(status): _problem(status) for status in PROBLEMS},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": _("A token of one's own account.")},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": current_app.config["SESSION_COOKIE_NAME"],
                    "description": _("The session of a browser; changes carry X-CSRFToken as well."),
                },
            },
        },
    }


def _with_parts(records: Iterable[type[Record]]) -> list[type[Record]]:
    """The records, and the lines they are shown with."""
    found: dict[type[Record], None] = {}
    for record in records:
        found |= dict.fromkeys((record, *lines_of(record)))
    return list(found)


def _problem(status: int) -> Schema:
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": named("Problem")}}}


def _idempotency() -> Schema:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "description": _("The same request under the same key is done once, and answered alike for seven days."),
        "schema": {"type": "string", "maxLength": 80, "pattern": "^[!-~]*$"},
    }
