"""A refusal is a page that says why, never a server error; and a server error says nothing of our insides."""

import logging
import secrets

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import NOBODY, current_actor
from app.kernel.database import is_locked
from app.panel import face, problems
from app.panel.labels import said
from app.schema.errors import Refusal

API = "/api/"
log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Answer refusals, HTTP errors and failures with pages. The API, under ``/api/``, answers for itself."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _unsigned)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _operational)
    app.register_error_handler(500, _failed)


def page(status: int, title: str, message: str) -> tuple[str, int]:
    """An error page."""
    return render_template("panel/error.html", status=status, title=title, message=message), status


def plain_page(status: int, title: str, message: str) -> tuple[str, int]:
    """An error page that asks the database nothing, not even who is there."""
    template = current_app.jinja_env.get_template("panel/error.html")
    what = {"status": status, "title": title, "message": message}
    return template.render(**what, **face.setting(NOBODY)), status


def _refused(error: Refusal) -> Response | tuple[str, int]:
    db.session.rollback()
    if request.path.startswith(API):
        return problems.refused(error)
    titles = {
        403: _("You may not do this"),
        404: _("Not found"),
        409: _("Something changed meanwhile"),
        503: _("Not to be reached at present"),
    }
    return page(error.status, titles.get(error.status, _("This is not possible")), said(error))


def _unsigned(error: CSRFError) -> Response | tuple[str, int]:
    if request.path.startswith(API):
        return problems.as_problem(error)
    if current_actor() is NOBODY and request.endpoint not in current_app.extensions["outside"]:
        return redirect(url_for("SignIn.login"), 303)
    return page(400, _("The form is out of date"), _("Go back, load the page again and repeat what you did."))


def _http(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    if error.response is not None or (error.code or 500) < 400:
        return error
    if request.path.startswith(API):
        return problems.as_problem(error)
    sentences = {
        400: (_("This cannot be read"), _("The address or the form does not make sense here.")),
        403: (_("You may not do this"), _("Your roles do not allow it.")),
        404: (_("Not found"), _("There is nothing at this address, or it is not among what you may see.")),
        405: (_("This is not possible"), _("This address is used by a button; go back and press it.")),
        413: (_("Too large"), _("The file or the form is larger than this house accepts.")),
    }
    title, message = sentences.get(error.code or 500, (_("This is not possible"), _("The request was refused.")))
    return page(error.code or 500, title, message)


def _operational(error: OperationalError) -> Response | tuple[str, int]:
    db.session.rollback()
    if not is_locked(error):
        raise error
    message = _("Somebody else is writing at this very moment. Wait a moment, then try again.")
    return _plainly(503, _("Busy"), message)


def _failed(error: Exception) -> Response | tuple[str, int]:
    """Log the failure under a reference the person can tell us, and show nothing else of it."""
    db.session.rollback()
    reference = secrets.token_hex(4)
    log.error("failure %s at %s %s", reference, request.method, request.path, exc_info=error)
    message = _("It is written down as %(reference)s; tell your administrator this number.", reference=reference)
    return _plainly(500, _("Something broke on our side"), message)


def _plainly(status: int, title: str, message: str) -> Response | tuple[str, int]:
    if request.path.startswith(API):
        return problems.problem(status, f"{title}. {message}")
    return plain_page(status, title, message)
