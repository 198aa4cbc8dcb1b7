"""The claim desk: the next claim to be decided on, papers and facts left, cover and lines right; decide, next."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import find, find_part
from app.kernel.actor import Actor, current_actor
from app.kernel.clock import house_day
from app.kernel.workflow import advance, offers, workflow_of
from app.panel import showing, texts
from app.panel.approving import boards_of
from app.panel.base import check_version
from app.panel.cells import state_badge
from app.panel.forms import Form, fill, questions
from app.panel.labels import said, step_label
from app.panel.saving import saving
from app.schema.errors import NotFound, Refusal
from app.schema.written import natural
from models.claims import Claim, ClaimLine
from models.claims.cover import REASONS
from models.claims.states import ClaimState, Flag, LineDecision
from views.claim_queue import LOOKED_AT, queue
from views.claim_sheet import (
    ANSWERS,
    KEYS,
    Work,
    barring_clause,
    facts_of,
    papers_of,
    question,
    readable,
    standing_out,
    surveys_of,
    work_of,
)
from views.outcomes import CHOICE, Sheet, sheet_of
from views.page import Page

QUEUE_SHOWN = 6
PERMISSION = "page:claim_desk"


class ClaimDeskPage(Page):
    """One claim after the other, without going back to a list."""

    route_base = "/claims/desk"
    permission = PERMISSION

    @expose("/")
    def next(self) -> Response | str:
        """The claim to decide next, the one behind `after` in the queue if that is given, or ``?claim=`` itself."""
        wanted = natural(request.args.get("claim"))
        if wanted:
            return redirect(url_for("ClaimDeskPage.show", key=wanted))
        keys = list(db.session.scalars(queue().with_only_columns(Claim.id).limit(LOOKED_AT)))
        if not keys:
            return render_template("claim_desk/empty.html")
        after = natural(request.args.get("after"))
        following = keys.index(after) + 1 if after in keys else 0
        return redirect(url_for("ClaimDeskPage.show", key=keys[following % len(keys)]))

    @expose("/<int:key>")
    def show(self, key: int) -> Response | str:
        """The desk with one claim on it; ``?step=`` chooses what is decided."""
        claim = _claim(key)
        if claim.state != ClaimState.REVIEWING:
            flash(_("%(row)s does not wait for a decision.", row=claim.title), "info")
            return redirect(url_for("claim.show", key=key))
        return _page(claim)

    @expose("/<int:key>/line/<int:line>", methods=["POST"])
    def line(self, key: int, line: int) -> Any:
        """Decide on one line; with ``?part`` the cover, lines and decision as they stand then, else the desk."""
        asked, form, refusal = "", None, None
        try:
            asked, form = _take(key, line)
        except Refusal as error:
            db.session.rollback()
            if isinstance(error, NotFound):
                raise
            refusal = error
        claim = _claim(key)
        work, status = work_of(claim), 200
        for each in work.lines:
            if each.row.id == line and (form is not None or refusal is not None):
                each.asking, each.asked = asked or request.form.get("decision", ""), form
                each.problem, status = (said(refusal), refusal.status) if refusal is not None else ("", 422)
        if "part" in request.args:
            return render_template("claim_desk/work.html", **_told(claim, work, {})), status
        if status == 200:
            return redirect(url_for("ClaimDeskPage.show", key=key, _anchor=f"line-{line}"), 303)
        return _page(claim, work), status

    @expose("/<int:key>", methods=["POST"])
    def save(self, key: int) -> Any:
        """Take the step that was chosen, and put the next claim on the desk; a problem keeps all typed."""
        claim = _claim(key)
        name = request.form.get(CHOICE, "")
        step = workflow_of(Claim).step(name) if name else None
        if name and step is None:
            raise NotFound("There is no step %(step)s.", step=name)
        form, status = (questions(Claim, step, claim) if step else Form(Claim, [])), 422
        values = form.typed(request.form)
        if step is None:
            form.problem = _("Choose what is decided.")
        version = natural(request.form.get("version")) or 0
        told = ""
        try:
            if step is not None and not form.faulty:
                with saving(db.session):
                    advance(db.session, claim, step.name, answers=values, version=version)
                    told = _done(claim, step_label(step))
        except Refusal as refusal:
            form.complain(refusal)
            status = refusal.status
        if form.faulty:
            db.session.rollback()
            claim = _claim(key)
            return _page(claim, None, request.form, form), status
        flash(told, "success")
        return redirect(url_for("ClaimDeskPage.next"), 303)

    @expose("/<int:key>/again", methods=["POST"])
    def again(self, key: int) -> str:
        """The desk with the questions of what was chosen, for who has no script; what was typed stays."""
        return _page(_claim(key), None, request.form)


def may_decide(actor: Actor, claim: Any) -> bool:
    """Whether the desk is offered on the page of a claim."""
    return claim.state == ClaimState.REVIEWING and bool(actor.scope("open", PERMISSION))


def _claim(key: int) -> Claim:
    row = find(db.session, Claim, key)
    assert isinstance(row, Claim)
    return row


def _take(key: int, line: int) -> tuple[str, Form | None]:
    """Write the decision on a line that was sent; the form, if something is wrong with it. Raises `Refusal`."""
    row = find_part(db.session, ClaimLine, _claim(key).id, line)
    raw = MultiDict(request.form)
    try:
        decision = LineDecision(raw.get("decision", ""))
        form = question(row, decision)
    except (ValueError, KeyError):
        raise Refusal("Approve the line, reduce it or reject it.") from None
    values = form.typed(raw)
    if form.faulty:
        return decision.value, form
    try:
        with saving(db.session):
            check_version(row, raw.get("version"))
            with db.session.no_autoflush:
                fill(row, form, values)
                if decision == LineDecision.APPROVED:
                    row.grounds = None  # they were those of another decision
    except Refusal as refusal:
        form.complain(refusal)
        db.session.rollback()
        if any(each.problem for each in form.inputs):
            return decision.value, form
        raise
    return decision.value, None


def _done(claim: Claim, step: str) -> str:
    """What was done, and who has still to agree."""
    told = _("%(step)s: %(row)s", step=step, row=claim.title)
    if claim.approved is not None and readable(claim, "approved"):
        told = f"{told}, {texts.plain(claim.approved)}"
    if claim.state != ClaimState.REVIEWING:
        return told
    left = ", ".join(f"{each.label} ({each.who})" for each in _waits(claim))
    return ". ".join((told, _("Still to agree: %(others)s", others=left))) if left else told


def _waits(claim: Claim) -> list[Any]:
    return [each for board in boards_of(db.session(), claim) for each in board.agreements if each.state == "waits"]


def _sheet(claim: Claim, work: Work, raw: Mapping[str, str]) -> Sheet:
    """The sheet of a claim: approval of what is due, where that is open and anything is; else nothing is chosen.

    The clause that excludes the cause always is filled in for a refusal.
    """
    offered = offers(db.session(), claim, current_actor())
    names = [offer.step.name for offer in offered if offer.open]
    nothing = (work.due is not None and work.due <= 0) or not REASONS.keys().isdisjoint(claim.flags or ())
    otherwise = "refuse" if nothing and "refuse" in names else "" if nothing else "approve"
    sheet = sheet_of(claim, offered, raw.get(CHOICE, "") or request.args.get("step", ""), otherwise, closed=True)
    for each in sheet.form.inputs:
        if each.name == "approved":
            amount = work.due if work.due is not None else claim.approved
            each.value = "" if amount is None or amount <= 0 else f"{amount:.2f}"
        elif each.name == "refusal_clause_id" and not each.value and Flag.EXCLUDED_CAUSE in (claim.flags or ()):
            each.value = str(barring_clause(claim) or "")
    if CHOICE in raw or "version" in raw:
        sheet.take(raw)
    return sheet


def _page(
    claim: Claim, work: Work | None = None, raw: Mapping[str, str] | None = None, form: Form | None = None
) -> str:
    """The desk; `raw` is what was written for the decision, `form` says what is wrong with it."""
    work = work or work_of(claim)
    ahead = queue().limit(LOOKED_AT).subquery()
    nothing: dict[str, str] = {}
    told = _told(claim, work, nothing if raw is None else raw)
    if form is not None:
        sheet: Sheet = told["sheet"]
        sheet.blame(form)
        sheet.form.version, sheet.written = str(claim.version), True
    return render_template(
        "claim_desk/show.html",
        **told,
        state=state_badge(Claim.workflow, claim.state),
        facts=facts_of(claim),
        flags=standing_out(claim),
        papers=papers_of(claim),
        surveys=surveys_of(claim),
        waiting=db.session.scalar(select(func.count()).select_from(ahead)),
        ahead=db.session.scalars(queue().limit(QUEUE_SHOWN)).all(),
    )


def _told(claim: Claim, work: Work, raw: Mapping[str, str]) -> dict[str, Any]:
    """What the part of the desk needs that is renewed with each line: cover, lines, decision."""
    actor = current_actor()
    sheet = _sheet(claim, work, raw)
    offered = {each.step.name: each.reason for each in sheet.outcomes}
    return {
        "row": claim,
        "work": work,
        "sheet": sheet,
        "form": sheet.form.name_links(db.session()),
        "boards": boards_of(db.session(), claim),
        "deciding": claim.state == ClaimState.REVIEWING and showing.may_change(actor, claim),
        "reserve": claim.reserve if readable(claim, "reserve") else None,
        "hopeless": bool(work.lines) and work.decided == len(work.lines) and work.payable <= 0,
        "refuses": "refuse" in offered,
        "decisions": [(key, each, bool(ANSWERS[each])) for key, each in KEYS.items()],
        "zero": Decimal(0),
        "today": house_day(datetime.now(UTC)),
    }
