"""The hand-over of somebody who leaves or changes post: all that he or she owns, to one or several, in batches."""

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import leaving
from app.kernel.access import find, may
from app.kernel.actor import Actor, current_actor
from app.kernel.handing import NOT_YOURS
from app.kernel.permissions import called
from app.kernel.tables import WorkGiven
from app.panel.labels import said
from app.panel.navigation import Warned
from app.panel.saving import saving
from app.panel.texts import plain
from app.panel.titles import titles_of
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.written import natural
from models.people import Person
from views.outstanding import outstanding
from views.page import Page

AT_ONCE = 10
"""Batches done before an answer; the page goes on by itself with the next."""

Shares = dict[type[Record], list[int]]


@dataclass(frozen=True)
class Portion:
    """What one of the new owners of a record gets, or was given; `problem` is what stands against it."""

    record: type[Record]
    person: str
    count: int
    problem: str = ""


class LeavingPage(Page):
    """Reached from the page of a person, by whoever hands over what that person owns."""

    route_base = "/leaving"
    permission = leaving.PAGE

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """What the person owns, by record, and what else hangs on him or her."""
        return _page(_person(key))

    @expose("/<int:key>/preview", methods=["POST"])
    def preview(self, key: int) -> Any:
        """Who would get how many, and what stands against it; nothing is written."""
        person, shares = _person(key), _shares()
        try:
            if not any(shares.values()):
                raise Refusal("Choose who shall have it.")
            if not _reason():
                raise Refusal("Say why.", field="reason")
            leaving.check(db.session, _user(person), shares)
            portions = _preview(person, shares)
        except Refusal as refusal:
            return _page(person, shares, problem=said(refusal)), refusal.status
        finally:
            db.session.rollback()
        return _page(person, shares, portions=portions)

    @expose("/<int:key>", methods=["POST"])
    def begin(self, key: int) -> Any:
        """Write down who shall get what, and begin."""
        person, shares = _person(key), _shares()
        try:
            with saving(db.session):
                once = request.form.get("once", "")[:40] or token_urlsafe(12)
                plan = leaving.begin(db.session, once, _user(person), shares, _reason()).id
        except Refusal as refusal:
            return _page(person, shares, problem=said(refusal)), refusal.status
        return self._carry_on(key, plan)

    @expose("/<int:key>/<int:plan>")
    def result(self, key: int, plan: int) -> str:
        """How far it is: who was given how many, what was refused and why."""
        person = _person(key)
        return _result(person, _plan(person, plan))

    @expose("/<int:key>/<int:plan>", methods=["POST"])
    def go_on(self, key: int, plan: int) -> Any:
        """Go on with what is left, after a batch or after a break."""
        return self._carry_on(key, _plan(_person(key), plan).id)

    def _carry_on(self, key: int, plan: int) -> Response | tuple[str, int]:
        try:
            for _batch in range(AT_ONCE):
                with saving(db.session):
                    more = leaving.carry_on(db.session, plan, datetime.now(UTC))
                db.session.expunge_all()
                if not more:
                    break
        except Refusal as refusal:
            person = _person(key)
            return _result(person, _plan(person, plan), problem=said(refusal)), refusal.status
        return redirect(url_for("LeavingPage.result", key=key, plan=plan), 303)


def may_open(actor: Actor, person: Any) -> bool:
    """Whether the actor leads the person."""
    return leaving.may_give(actor, person.user_id, person.unit_id)


def warned(user_id: int | None) -> Warned | None:
    """How many rows a user still owns, for whoever is about to let him or her go."""
    count = leaving.open_rows(db.session, user_id) if user_id is not None else 0
    if not count:
        return None
    row = db.session.scalars(select(Person).where(Person.user_id == user_id)).first()
    words = _("Rows that are not closed and still belong to this person: %(count)d.", count=count)
    if row is None or not may_open(current_actor(), row):
        return Warned(words)
    return Warned(words, url_for("LeavingPage.show", key=row.id), _("Hand over work"))


def _person(key: int) -> Person:
    person: Any = find(db.session, Person, key)
    if person.user_id is None:
        raise NotFound("This person has no sign-in, and so owns nothing.")
    if not may_open(current_actor(), person):
        raise NotPermitted(NOT_YOURS)
    return person


def _user(person: Person) -> int:
    assert person.user_id is not None, "asked before"
    return person.user_id


def _plan(person: Person, key: int) -> WorkGiven:
    plan = db.session.get(WorkGiven, key)
    if plan is None or plan.user_id != person.user_id:
        raise NotFound("There is no such hand-over.")
    return plan


def _reason() -> str:
    return " ".join(request.form.get("reason", "").split())[:200]


def _shares() -> Shares:
    """The new owners chosen, by record."""
    found: Shares = {}
    for name in dict.fromkeys(request.form):
        record = registry.get(name.removeprefix("to:")) if name.startswith("to:") else None
        if record is not None:
            found[record] = list(dict.fromkeys(filter(None, map(natural, request.form.getlist(name)))))
    return found


def _preview(person: Person, shares: Shares) -> list[Portion]:
    open_ = {held.record: held.open for held in leaving.owned(db.session, _user(person))}
    names = titles_of(db.session, "ab_user", {user_id for to in shares.values() for user_id in to})
    found = []
    for record, to in shares.items():
        against = {user_id: leaving.obstacle(db.session, record, _user(person), user_id) for user_id in to}
        fit = [user_id for user_id in to if against[user_id] is None] or to
        counts = leaving.even(open_.get(record, 0), fit) if to else {}
        for user_id, problem in against.items():
            reason = said(problem) if problem else ""
            found.append(Portion(record, names.get(user_id, ""), counts.get(user_id, 0), reason))
    return found


def _page(
    person: Person, shares: Shares | None = None, portions: list[Portion] | None = None, problem: str = ""
) -> str:
    shares, held = shares or {}, list(leaving.owned(db.session, _user(person)))
    names = titles_of(db.session, "ab_user", {user_id for to in shares.values() for user_id in to})
    chosen = {record: [(user_id, names.get(user_id, f"#{user_id}")) for user_id in to] for record, to in shares.items()}
    pending = leaving.unfinished(db.session, _user(person))
    return render_template(
        "leaving/show.html",
        person=person,
        held=held,
        chosen=chosen,
        reason=_reason() if request.method == "POST" else "",
        portions=portions,
        problem=problem,
        pending=pending,
        begun=plain(pending.created_at) if pending else "",
        begun_by=called(db.session, [pending.by_id]).get(pending.by_id, "—") if pending and pending.by_id else "—",
        once=token_urlsafe(12),
        left=outstanding(db.session, person, held),
    )


def _result(person: Person, plan: WorkGiven, problem: str = "") -> str:
    given = leaving.given_by(plan)
    names = called(db.session, given)
    portions = [
        Portion(record, names.get(user_id, f"#{user_id}"), count)
        for user_id, counts in given.items()
        for record, count in counts.items()
    ]
    refused = []
    for name, told in plan.progress.items():
        record = registry.get(name)
        if record is None or not told["refused"]:
            continue
        titles = (
            titles_of(db.session, name, [key for key, _m, _a in told["why"]])
            if may(current_actor(), "read", record)
            else {}
        )
        rows = [(key, titles.get(key, f"#{key}"), said(Refusal(msgid, **places))) for key, msgid, places in told["why"]]
        refused.append((record, told["refused"], rows))
    return render_template(
        "leaving/result.html",
        person=person,
        plan=plan,
        portions=sorted(portions, key=lambda each: str(each.record.__tablename__)),
        refused=refused,
        total=sum(each.count for each in portions),
        problem=problem,
    )
