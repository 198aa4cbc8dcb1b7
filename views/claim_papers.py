"""The customer's page: papers of one claim, sent through a signed link without a sign-in. Nothing else is shown."""

from typing import Any, cast

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import files
from app.kernel.actor import acting
from app.panel.labels import said
from app.panel.saving import saving
from app.panel.texts import plain
from app.schema.errors import Gone, NotFound, Refusal
from models.claims import receiving
from models.claims.links import PATH

Answer = Response | str | tuple[str, int]


class ClaimPapersPage(BaseView):
    """Open to whoever holds a link that is good; who is signed in sees and does no more here than the customer."""

    route_base = PATH
    default_view = "show"

    @expose("/<token>")
    def show(self, token: str) -> Answer:
        """What is asked for, what has come, and what we think of it."""
        return _page(token)

    @expose("/<token>/<int:paper>", methods=["POST"])
    def send(self, token: str, paper: int) -> Answer:
        """Take what was sent for one paper: all of it or nothing."""
        sent = [each for each in request.files.getlist("files") if each.filename]
        uploads = [files.Upload(cast(Any, each.stream), each.filename or "") for each in sent]
        try:
            with acting(receiving.CUSTOMER), saving(db.session):
                receiving.take_in(db.session, token, paper, uploads)
        except (Gone, NotFound) as closed:
            return _closed(closed)
        except Refusal as refusal:
            return _page(token, paper, refusal)
        flash(_("We have received it. Thank you."), "success")
        return redirect(url_for("ClaimPapersPage.show", token=token), 303)


def _page(token: str, paper: int = 0, problem: Refusal | None = None) -> Answer:
    try:
        with acting(receiving.CUSTOMER):
            desk = receiving.look(db.session, token)
    except (Gone, NotFound) as refusal:
        return _closed(refusal)
    page = render_template(
        "papers/show.html", desk=desk, token=token, at=paper, problem=said(problem) if problem else "", plain=plain
    )
    return page, problem.status if problem is not None else 200


def _closed(refusal: Refusal) -> tuple[str, int]:
    db.session.rollback()
    return render_template("papers/closed.html", message=said(refusal)), refusal.status
