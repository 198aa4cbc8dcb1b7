"""Previews handed out: to whoever may have the file itself, asked each time anew."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Response, request

from app.extensions import db
from app.kernel import previews
from app.panel.headers import ALONE
from app.panel.labels import said
from app.panel.tickets import file_url, seen, ticket
from app.schema.errors import Refusal

SOON = 2
"""Seconds after which it is worth while to ask again for what is not drawn yet."""


def pictured(token: str, size: str, page: int) -> Response:
    """One page of a file as a picture; kept by the browser, and asked for again each time."""
    answer = Response(previews.picture_of(seen(token), page, size), mimetype=previews.TYPE)
    answer.headers["Content-Security-Policy"] = ALONE
    answer.add_etag()
    return cast(Response, answer.make_conditional(request))


def as_json(token: str) -> dict[str, Any]:
    """What there is to look at, as the API tells it: how many pages, and where the first of them are."""
    file = seen(token)
    pages = previews.pages_of(file)
    told = [
        {size: file_url(file, f"/{size}/{at}", ticket=ticket()) for size in previews.SIZES}
        | {"width": width, "height": height}
        for at, (width, height) in enumerate(pages.sizes, 1)
    ]
    return {"count": pages.count, "pages": told}


def barely(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refusals in a line of text: nobody reads a page in the place of a picture."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except Refusal as refusal:
            db.session.rollback()
            later = {"Retry-After": str(SOON)} if refusal.status == 503 else {}
            return Response(said(refusal), refusal.status, later, mimetype="text/plain")

    return answer
