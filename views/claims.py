"""Beside the page of a claim: the link its customer sends papers through, and the letter of a refusal."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import find, may, require
from app.kernel.actor import Actor, current_actor
from app.kernel.clock import house_day
from app.kernel.ledger import database_now
from app.panel.saving import saving
from app.panel.texts import plain
from app.schema.errors import NotFound
from models.claims import Claim, links, telling
from models.claims.states import OPEN, ClaimState
from views.page import Page


class ClaimLinkPage(Page):
    """For whoever may change the claim: its present link, to be copied, and the button that makes all links void."""

    route_base = "/claim-link"
    default_view = "show"

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """A fresh link. Nothing is written: it is good as long as those sent before."""
        claim = _workable(key)
        until = links.good_until(db.session, database_now(db.session))
        return render_template(
            "papers/link.html", claim=claim, address=links.address_of(claim), until=plain(until) if until else ""
        )

    @expose("/<int:key>/void", methods=["POST"])
    def void(self, key: int) -> Response:
        """Make every link of the claim void that was made so far."""
        claim = _workable(key)
        with saving(db.session):
            claim.papers_link += 1
        flash(_("All links made so far are void. Send the customer the new one."), "success")
        return redirect(url_for("ClaimLinkPage.show", key=key), 303)


class ClaimLetterPage(Page):
    """For whoever sees the claim."""

    route_base = "/claim"
    default_view = "letter"

    @expose("/<int:key>/letter")
    def letter(self, key: int) -> str:
        """The letter of a refusal, to be printed."""
        claim = _claim(key)
        if claim.state != ClaimState.REFUSED:
            raise NotFound("There is no letter of a refusal: the claim is not refused.")
        return render_template(
            "papers/letter.html",
            claim=claim,
            letter=telling.refusal_letter(db.session, claim),
            day=plain(claim.decided_on or house_day(database_now(db.session))),
        )


def may_link(actor: Actor, claim: Any) -> bool:
    """Whether the actor may give the customer a link to the claim."""
    return claim.state in OPEN and may(actor, "edit", claim)


def may_print(actor: Actor, claim: Any) -> bool:
    """Whether there is a letter of a refusal."""
    return bool(claim.state == ClaimState.REFUSED)


def _claim(key: int) -> Claim:
    claim = find(db.session, Claim, key)
    assert isinstance(claim, Claim)
    return claim


def _workable(key: int) -> Claim:
    claim = _claim(key)
    require(current_actor(), "edit", claim)
    if claim.state not in OPEN:
        raise NotFound("The claim is closed: no papers are asked for any more.")
    return claim
