"""How the API answers: refusals as problems, and what is written as a whole or not at all, and once."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from app.extensions import db
from app.kernel import submissions
from app.kernel.actor import NOBODY, current_actor
from app.panel.problems import NotAcceptable, NotJson, NotRead, problem, refused
from app.panel.saving import saving
from app.schema.errors import Conflict, Refusal, Unconditional
from app.schema.record import Record

Handler = Callable[..., Any]
JSON = "application/json"
KEY = "Idempotency-Key"


def answered(handler: Handler) -> Handler:
    """Refusals become problems, and nothing is half done; a signed-out caller gets 401."""

    @wraps(handler)
    def answer(self: Any, *args: Any, **kwargs: Any) -> Any:
        if current_actor() is NOBODY:
            return problem(401, _("Sign in first."))
        try:
            return handler(self, *args, **kwargs)
        except Refusal as refusal:
            db.session.rollback()
            return refused(refusal)

    return answer


def told(handler: Handler) -> Handler:
    """As `answered`, for a handler that gives what is to be said in JSON, or that and a status."""

    @answered
    @wraps(handler)
    def answer(self: Any, *args: Any, **kwargs: Any) -> Response:
        _take_json()
        said = handler(self, *args, **kwargs)
        body, status = said if isinstance(said, tuple) else (said, 200)
        return Response(written(body), status, mimetype=JSON)

    return answer


def done(handler: Handler) -> Handler:
    """As `told`, for a handler that writes: committed with the answer, and under one ``Idempotency-Key`` once.

    The same request under the same key gets the first answer again, for as long as `submissions.KEPT`; another one
    under that key is refused. What was refused leaves no trace of its key.
    """

    @answered
    @wraps(handler)
    def answer(self: Any, *args: Any, **kwargs: Any) -> Response:
        _take_json()
        key = request.headers.get(KEY, "")
        with saving(db.session):
            before = submissions.claim_answer(db.session, key, _digest()) if key else None
            if before is not None:
                return Response(before.body, before.status, mimetype=JSON, headers={"Idempotency-Replayed": "true"})
            body, status = handler(self, *args, **kwargs)
            text = "" if status == 204 else written(body)
            if key:
                submissions.keep_answer(db.session, key, status, text)
        return Response(text, status, mimetype=JSON)

    return answer


def written(body: Any) -> str:
    """What is said, as JSON text."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)


def afresh(row: Record) -> Record:
    """A row that was just written, as the database has it now."""
    db.session.flush()
    db.session.expire(row)
    return row


def body_of_request() -> dict[str, Any]:
    """The JSON object that was sent. Raises `Refusal` for anything else."""
    if not request.is_json:
        raise NotJson("Send a JSON object of fields and values.")
    try:
        body = json.loads(request.get_data(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotRead("Send a JSON object of fields and values.") from None
    if not isinstance(body, dict):
        raise Refusal("Send a JSON object of fields and values.")
    return body


def same_version(row: Record, version: Any) -> None:
    """Raises `Unconditional` where no version was sent, `Conflict` where the row has another by now."""
    if version is None:
        raise Unconditional("Send the version you last read.", field="version")
    if isinstance(version, bool) or version != row.version:
        raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.", field="version")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _take_json() -> None:
    if request.accept_mimetypes and not request.accept_mimetypes.best_match((JSON, "application/problem+json")):
        raise NotAcceptable("Answers are JSON: accept application/json.")


def _digest() -> str:
    """What was asked, so that a key used for something else is known. A form counts by what it holds."""
    if request.files or request.form:  # a part may come without a name
        parts = [(str(name), str(value)) for name, value in request.form.items(multi=True)]
        for name, sent in request.files.items(multi=True):
            parts.append((f"{name} {sent.filename}", sha256(sent.stream.read()).hexdigest()))
            sent.stream.seek(0)
        content = json.dumps(sorted(parts)).encode()
    else:
        content = request.get_data()
        with suppress(ValueError, RecursionError):
            content = json.dumps(json.loads(content), sort_keys=True).encode()
    asked = f"{request.method} {request.full_path}".encode()
    return sha256(asked + b"\n" + content).hexdigest()
