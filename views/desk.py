"""The renewal desk: the next customer, everything needed for the call, what came of it, save and next."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import get_locale
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
from app.kernel.working_time import house_calendar
from app.panel.cells import state_badge
from app.panel.forms import questions
from app.panel.labels import said
from app.panel.saving import saving
from app.schema.errors import NotFound, Refusal
from app.schema.kinds import PHONE
from app.schema.written import natural
from models.contracts import Contract
from models.customers import Customer
from models.operations import Script
from models.operations.states import ScriptState, Situation
from models.renewals import Contact, Renewal
from models.renewals.states import OPEN, RenewalState
from views.outcomes import CHOICE, Sheet, sheet_of
from views.page import Page
from views.plans import compared

TALKS_SHOWN = 10
QUEUE_LOOKED_AT = 500
WEEK = timedelta(days=7)


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
        """The desk with one renewal on it; ``?step=`` chooses the outcome, ``?premium=`` is what is offered."""
        row = _renewal(key)
        return _page(row, _sheet(row, request.args))

    @expose("/<int:key>", methods=["POST"])
    def save(self, key: int) -> Any:
        """Take the step chosen as the outcome, and put the next renewal on the desk; a problem keeps all typed."""
        row = _renewal(key)
        name = request.form.get(CHOICE, "")
        step = workflow_of(Renewal).step(name)
        if step is None:
            raise NotFound("There is no step %(step)s.", step=name)
        form = questions(Renewal, step, row)
        values = form.typed(request.form)
        version, status = request.form.get("version"), 422
        try:
            if not form.faulty:
                with saving(db.session):
                    advance(db.session, row, step.name, answers=values, version=natural(version) or 0)
        except Refusal as refusal:
            form.complain(refusal)
            status = refusal.status
        if form.faulty:
            db.session.rollback()
            row = _renewal(key)
            sheet = _sheet(row, request.form)
            sheet.blame(form)
            sheet.form.version, sheet.written = str(row.version), True
            return _page(row, sheet), status
        flash(_("Saved: %(row)s", row=row.title), "success")
        return redirect(url_for("DeskPage.next"), 303)

    @expose("/<int:key>/again", methods=["POST"])
    def again(self, key: int) -> str:
        """The desk with the questions of the outcome chosen, for who has no script; what was typed stays."""
        row = _renewal(key)
        return _page(row, _sheet(row, request.form))

    @expose("/<int:key>/number", methods=["POST"])
    def call(self, key: int) -> Any:
        """The desk with the customer's number in full, to call it: counted and written down like every showing.

        What stands in the form by then stays in it; what was changed since it was made is a conflict on saving.
        """
        row = _renewal(key)
        contract = find(db.session, Contract, row.contract_id)
        customer = find(db.session, Customer, contract.customer_id)
        sheet = _sheet(row, request.form)
        try:
            with saving(db.session):
                number = reveal(db.session, customer, "phone", f"Renewal call, {row.title}")
        except Refusal as refusal:
            flash(said(refusal), "danger")
            return _page(row, sheet), refusal.status
        return _page(row, sheet, number)


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


def _sheet(row: Renewal, raw: Mapping[str, str]) -> Sheet:
    """The sheet of a renewal, with what `raw` says already: an address, or the form as it was sent."""
    offered = offers(db.session, row, current_actor())
    wanted = raw.get(CHOICE, "") or raw.get("step", "")
    sheet = sheet_of(row, offered, wanted)
    for each in sheet.form.inputs:
        promised = row.next_contact_on if each.name == "next_contact_on" else None
        if promised is not None and promised <= house_day(datetime.now(UTC)):
            each.value = ""  # that talk is the one being written down
    if CHOICE in raw:
        sheet.take(raw)
    elif (premium := raw.get("premium")) is not None:
        sheet.take({"offered_premium": premium})
    return sheet


def _page(row: Renewal, sheet: Sheet, number: str = "") -> str:
    """The desk; `number` is the customer's, where it has just been shown in full."""
    today = house_day(datetime.now(UTC))
    contract = db.session.scalars(
        select(Contract)
        .options(joinedload(Contract.customer), joinedload(Contract.product))
        .where(Contract.id == row.contract_id)
    ).one_or_none()
    customer = contract.customer if contract else None
    talks = select(Contact).where(Contact.renewal_id == row.id).order_by(Contact.id.desc()).limit(TALKS_SHOWN)
    return render_template(
        "desk/show.html",
        row=row,
        contract=contract,
        customer=customer,
        comparison=compared(row, contract, today) if contract else None,
        masked=PHONE.mask(customer.phone) if customer and customer.phone else "",
        calls=customer is not None and may_reveal(current_actor(), customer),
        number=number,
        talks=db.session.scalars(talks).all(),
        script=_script(row),
        state=state_badge(Renewal.workflow, row.state),
        sheet=sheet,
        form=sheet.form.name_links(db.session),
        agreeing="agree" in [each.step.name for each in sheet.outcomes if each.reason is None],
        days=_days(today),
        waiting=db.session.scalar(select(func.count()).select_from(_queue().limit(QUEUE_LOOKED_AT).subquery())),
        today=today,
    )


def _days(today: date) -> list[tuple[str, date, str]]:
    """Working days to choose for the next contact: what each is called, the day, and the day in words."""
    calendar = house_calendar(db.session)
    named = (
        (_("Next working day"), calendar.next_working_day(today)),
        (_("In 3 working days"), calendar.next_working_day(today, 3)),
        (_("In a week"), calendar.next_working_day(today + WEEK, 0)),
    )
    return [(label, day, format_skeleton("MMMEd", day, locale=get_locale() or "en")) for label, day in named]


def _script(row: Renewal) -> str:
    """What to say: the published script of a first contact, or of talks under way; `{name}` in it is who calls."""
    situation = Situation.FIRST_CONTACT if row.state == RenewalState.NEW else Situation.CLOSING
    published = select(Script.text).where(Script.state == ScriptState.PUBLISHED, Script.situation == situation)
    text = db.session.scalars(published.order_by(Script.id.desc()).limit(1)).first() or ""
    return text.replace("{name}", current_actor().name)
