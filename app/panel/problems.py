"""What the API says when it says no: problem documents as of RFC 9457, whatever the reason.

``type`` is ``about:blank``: ``title`` is then the phrase of the status, and ``detail`` the sentence for the reader.
Where single values are at fault, ``errors`` names each: by ``pointer`` in the body that was sent (a JSON pointer, such
as ``#/lines/paper/0/name``), or by ``parameter`` in the address.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import jsonify
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.panel.labels import said
from app.schema.errors import Invalid, Refusal

MEDIA = "application/problem+json"


NOTHING_KEPT = "Nothing is kept, for not all rows can be."


class WrongParameter(Invalid):
    """Parameters of an address that cannot be read; `problems` maps each to a message."""


class NotRead(Refusal):
    """What was sent is no JSON at all."""

    status = 400


class NotAcceptable(Refusal):
    """The caller takes no JSON."""

    status = 406


class NotForm(Refusal):
    """What was sent does not say that it is a form with files."""

    status = 415


class NotJson(Refusal):
    """What was sent does not say that it is JSON."""

    status = 415


class Together(Refusal):
    """Some row of many was refused, so none is kept; `answers` says of each what it would have been."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        super().__init__(NOTHING_KEPT)


def problem(status: int, detail: str, errors: Iterable[dict[str, str]] = (), **more: Any) -> Response:
    """A problem document; `more` are members of its own."""
    response = jsonify(_body(status, detail, errors) | more)
    response.status_code, response.mimetype = status, MEDIA
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _body(status: int, detail: str, errors: Iterable[dict[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body["detail"] = detail
    return body | ({"errors": found} if (found := list(errors)) else {})


def refused(refusal: Refusal) -> Response:
    """A refusal as a problem."""
    more = {"result": refusal.answers} if isinstance(refusal, Together) else {}
    return problem(refusal.status, said(refusal), faults(refusal), **more)


def as_body(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a problem among others."""
    return _body(refusal.status, said(refusal), faults(refusal))


def faults(refusal: Refusal) -> list[dict[str, str]]:
    """The values at fault, each by its place in what was sent, and what is wrong with it."""
    fields = refusal.problems if isinstance(refusal, Invalid) else {refusal.field: refusal} if refusal.field else {}
    if isinstance(refusal, WrongParameter):
        return [{"parameter": name, "detail": said(why)} for name, why in fields.items()]
    return [{"pointer": pointer(name), "detail": said(why)} for name, why in fields.items()]


def pointer(field: str) -> str:
    """Where a field stands in a body: its own name, of a line ``paper.0.name`` below ``lines``."""
    parts = field.split(".")
    place = ["lines", *parts] if len(parts) > 1 else parts
    return "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)


def as_problem(error: HTTPException) -> Response:
    """An HTTP error under ``/api/`` as a problem, with the headers that belong to its status, such as ``Allow``."""
    reason = _("The token in X-CSRFToken is missing or out of date.") if isinstance(error, CSRFError) else error.name
    answer = problem(error.code or 500, reason)
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            answer.headers[name] = value
    return answer
