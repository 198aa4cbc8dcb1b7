"""The renewal desk: the next customer, everything needed for the call, what came of it, save and next."""

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import find
from app.kernel.actor import current_actor
from app.kernel.clock import house_day
from app.kernel.reveal import may_reveal, reveal
from app.kernel.workflow import advance, offers, workflow_of
from app.panel.cells import state_badge
from app.panel.forms import Form, questions
from app.panel.labels import said
from app.panel.saving import saving
from app.schema.errors import NotFound, Refusal
from app.schema.kinds import PHONE
from app.schema.workflow import Step
from app.schema.written import natural
from models.contracts import Contract
from models.customers import Customer
from models.operations import Script
from models.operations.states import ScriptState, Situation
from models.renewals import Contact, Renewal
from models.renewals.states import OPEN, RenewalState
from views.page import Page

TALKS_SHOWN = 10
QUEUE_LOOKED_AT = 500


class DeskPage(Page):
    """One customer after the other, without going back to a list."""

    route_base = "/desk"
    permission = "page:desk"

    @expose("/")
    def next(self) -> Response | str:
        """The renewal to work next, the one behind `after` in the queue if that is given; or word that all is done."""
        keys = list(db.session.scalars(_queue().with_only_columns(Renewal.id).limit(QUEUE_LOOKED_AT)))
        if not keys:
            return render_template("desk/empty.html")
        after = natural(request.args.get("after"))
        following = keys.index(after) + 1 if after in keys else 0
        return redirect(url_for("DeskPage.show", key=keys[following % len(keys)]))

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """The desk with one renewal on it."""
        return _page(_renewal(key), None, None)

    @expose("/<int:key>/<step_name>", methods=["POST"])
    def save(self, key: int, step_name: str) -> Any:
        """Take the step with its answers, and put the next renewal on the desk; a problem keeps all that was typed."""
        row = _renewal(key)
        step = workflow_of(Renewal).step(step_name)
        if step is None:
            raise NotFound("There is no step %(step)s.", step=step_name)
        form = questions(Renewal, step, row)
        values = form.typed(request.form)
        version, status = request.form.get("version"), 422
        try:
            if not form.faulty:
                with saving(db.session):
                    advance(db.session, row, step_name, answers=values, version=natural(version) or 0)
        except Refusal as refusal:
            form.complain(refusal)
            status = refusal.status
        if form.faulty:
            db.session.rollback()
            return _page(_renewal(key), form, step), status
        flash(_("Saved: %(row)s", row=row.title), "success")
        return redirect(url_for("DeskPage.next"), 303)

    @expose("/<int:key>/number", methods=["POST"])
    def call(self, key: int) -> Any:
        """The desk with the customer's number in full, to call it: counted and written down like every showing.

        What stands in the form of the step `step` by then stays in it.
        """
        row = _renewal(key)
        contract = find(db.session, Contract, row.contract_id)
        customer = find(db.session, Customer, contract.customer_id)
        step = workflow_of(Renewal).step(request.args.get("step", ""))
        form = questions(Renewal, step, row) if step else None
        if form:
            form.typed(request.form)
            form.version = request.form.get("version", "")  # what was changed since is a conflict on saving
            for each in form.inputs:
                each.problem = ""
        try:
            with saving(db.session):
                number = reveal(db.session, customer, "phone", f"Renewal call, {row.title}")
        except Refusal as refusal:
            flash(said(refusal), "danger")
            return _page(_renewal(key), form, step), refusal.status
        return _page(_renewal(key), form, step, number)


def _queue() -> Any:
    """My open renewals, and those of whom I stand in for: promised or overdue talks first, then first contacts by
    their limit, then by expiry."""
    today = house_day(datetime.now(UTC))
    mine = Renewal.owner_id.in_(current_actor().owner_ids())
    rank = case(
        (Renewal.next_contact_on <= today, 0),
        (Renewal.state == RenewalState.NEW, 1),
        (Renewal.next_contact_on.is_(None), 2),
        else_=3,
    )
    by_limit = func.coalesce(Renewal.next_contact_on, Renewal.contact_by, Renewal.expires_on)
    return select(Renewal).where(mine, Renewal.state.in_(OPEN)).order_by(rank, by_limit, Renewal.expires_on, Renewal.id)


def _renewal(key: int) -> Renewal:
    row = find(db.session, Renewal, key)
    assert isinstance(row, Renewal)
    return row


def _page(row: Renewal, form: Form | None, chosen: Step | None, number: str = "") -> str:
    """The desk; with `form`, that of the step `chosen`, as it was sent and with what is wrong in it.

    `number` is the customer's, where it has just been shown in full.
    """
    contract = db.session.scalars(
        select(Contract)
        .options(joinedload(Contract.customer), joinedload(Contract.product))
        .where(Contract.id == row.contract_id)
    ).one_or_none()
    customer = contract.customer if contract else None
    talks = select(Contact).where(Contact.renewal_id == row.id).order_by(Contact.id.desc()).limit(TALKS_SHOWN)
    steps = offers(db.session, row, current_actor())
    if chosen is None:
        wanted = request.args.get("step")
        openable = [offer.step for offer in steps if offer.open]
        chosen = next((step for step in openable if step.name == wanted), openable[0] if openable else None)
    if form is None and chosen is not None:
        form = questions(Renewal, chosen, row)
    return render_template(
        "desk/show.html",
        row=row,
        contract=contract,
        customer=customer,
        masked=PHONE.mask(customer.phone) if customer and customer.phone else "",
        calls=customer is not None and may_reveal(current_actor(), customer),
        number=number,
        talks=db.session.scalars(talks).all(),
        script=_script(row),
        state=state_badge(Renewal.workflow, row.state),
        offers=steps,
        chosen=chosen,
        form=form.name_links(db.session) if form else None,
        waiting=db.session.scalar(select(func.count()).select_from(_queue().limit(QUEUE_LOOKED_AT).subquery())),
        today=house_day(datetime.now(UTC)),
    )


def _script(row: Renewal) -> str:
    """What to say: the published script of a first contact, or of talks under way; `{name}` in it is who calls."""
    situation = Situation.FIRST_CONTACT if row.state == RenewalState.NEW else Situation.CLOSING
    published = select(Script.text).where(Script.state == ScriptState.PUBLISHED, Script.situation == situation)
    text = db.session.scalars(published.order_by(Script.id.desc()).limit(1)).first() or ""
    return text.replace("{name}", current_actor().name)
