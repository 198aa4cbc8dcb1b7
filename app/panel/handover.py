"""Handing rows to somebody else, one by one or several at once, or taking one that is nobody's."""

from collections import Counter
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import require, widened
from app.kernel.actor import Actor, acting, current_actor
from app.kernel.outbox import tell
from app.kernel.permissions import PREFIX
from app.kernel.workflow import publish
from app.panel import showing
from app.panel.base import RecordView, check_version
from app.panel.labels import record_plural, said, translated
from app.panel.saving import saving
from app.panel.titles import titles_of
from app.schema.errors import NotPermitted, Refusal
from app.schema.events import HandedOver
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Branch, _Placed
from app.schema.written import natural


class Handover(RecordView):
    """The owner of a row changes, and its unit with the owner."""

    @expose("/<int:key>/assign", methods=["POST"])
    def assign(self, key: int) -> Response | tuple[str, int]:
        """Give a row to another user; with an empty answer back to the pool where there is one."""
        row, actor = self.row(key), current_actor()
        require(actor, "edit", row)
        wanted = request.form.get("owner_id", "").strip()
        try:
            with saving(db.session):
                check_version(row, request.form.get("version"))
                user_id = self._wanted(wanted, actor)
                hand(row, user_id, _unit_of(user_id), actor)
        except Refusal as refusal:
            return self.page(key, assigning=said(refusal)), refusal.status
        to = titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if user_id else ""
        flash(_("Handed to %(person)s.", person=to) if to else _("Put back among the unassigned."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key), 303)

    @expose("/handover", methods=["POST"])
    def hand_over(self) -> tuple[str, int] | str:
        """Give the chosen rows to another user, each by the rules of handing over one; says what became of each."""
        actor, reason = current_actor(), request.form.get("reason", "").strip()[:200]
        require(actor, "edit", self.record)
        keys = list(dict.fromkeys(filter(None, map(natural, request.form.getlist("row")))))
        problem, results = "", list[Handed]()
        try:
            if not keys or len(keys) > MOST:
                raise Refusal("Choose between 1 and %(most)d rows.", most=MOST)
            if not reason:
                raise Refusal("Say why.", field="reason")
            with saving(db.session):
                user_id = self._wanted(request.form.get("owner_id", "").strip(), actor)
                with acting(replace(actor, why=reason)) as giving:
                    results = [self._handed(key, user_id, giving) for key in keys]
                self._tell(results, user_id, actor, reason)
        except Refusal as refusal:
            problem = said(refusal)
        to = titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if results and user_id else ""
        page = render_template(
            "panel/handed.html", record=self.record, results=results, to=to, problem=problem, keys=keys, reason=reason
        )
        return (page, 422) if problem else page

    def _handed(self, key: int, user_id: int | None, actor: Actor) -> "Handed":
        """Hand over one of several rows, or say why not; what is refused leaves the others alone."""
        name = str(self.record.__tablename__)
        title = titles_of(db.session, name, [key]).get(key, f"#{key}")
        try:
            row = self.row(key)
            before = getattr(row, "owner_id", None)
            require(actor, "edit", row)
            with db.session.begin_nested():
                hand(row, user_id, _unit_of(user_id), actor)
        except Refusal as refusal:
            return Handed(key, title, said(refusal))
        return Handed(key, title, "", before)

    def _tell(self, results: "list[Handed]", user_id: int | None, actor: Actor, reason: str) -> None:
        """One notice to the new owner and one to each old one, however many rows there are."""
        moved = [each for each in results if not each.refused and each.before != user_id]
        batch = token_hex(8)
        given = {user_id: len(moved)} if user_id is not None and moved else {}
        taken = Counter(each.before for each in moved if each.before is not None)
        for reader, count in given.items():
            if reader != actor.user_id:
                told = self._in_both(TO_YOU, count, who=actor.name)
                tell(db.session, f"handover/{batch}/to/{reader}", reader, f"{told} · {reason}", "")
        for reader, count in taken.items():
            if reader != actor.user_id:
                to = _name_of(user_id)
                told = self._in_both(OF_YOURS, count, who=actor.name, to=to)
                tell(db.session, f"handover/{batch}/from/{reader}", reader, f"{told} · {reason}", "")

    def _in_both(self, msgid: str, count: int, **names: str) -> str:
        """A sentence in English and in Chinese: who will read it is not the one who writes it."""
        told = []
        for locale in ("en", "zh_Hans"):
            with force_locale(locale):
                told.append(translated(msgid) % {"what": record_plural(self.record), "count": count, **names})
        return " · ".join(told)

    def _wanted(self, written: str, actor: Actor) -> int | None:
        """The user to hand to. Raises `Refusal` for who is not among those offered."""
        if not written and self.record.pooled:
            return None
        user_id = natural(written)
        if not user_id:
            raise Refusal("Choose who shall have it.", field="owner_id")
        offered = select(User.id).where(User.id == user_id, User.active.is_(True), *candidates(self.record, actor))
        if user_id != actor.user_id and db.session.scalar(offered) is None:
            raise Refusal("Choose from those who may have it.", field="owner_id")
        return user_id


TO_YOU = "%(who)s hands over to you %(what)s: %(count)s"
OF_YOURS = "%(who)s hands over to %(to)s of yours %(what)s: %(count)s"
MOST = 100
"""Rows handed over at once: as many as a page of a list shows."""


@dataclass(frozen=True)
class Handed:
    """What became of one of several rows: handed over, or `refused` for a reason. `before` is who owned it."""

    key: int
    title: str
    refused: str
    before: int | None = None


def may_hand_over(actor: Actor, record: type[Record]) -> bool:
    """Whether the actor hands over rows of a record at all: who edits more of them than his or her own."""
    reach = widened(record, actor.scope("edit", str(record.__tablename__)))
    return issubclass(record, _Placed) and not record.owned_by and reach > Scope.OWN


def hand(row: Any, user_id: int | None, unit_id: int | None, actor: Actor) -> None:
    """Make a user the owner of a row, or with None put it back among the unassigned. Raises `Refusal`."""
    can = showing.allowed(actor, row)
    if not (can["assign"] or (can["take"] and user_id == actor.user_id)):
        raise NotPermitted("Only who leads the team hands work over.")
    row.owner_id = user_id
    if unit_id is not None:
        row.unit_id = unit_id
    db.session.flush()
    publish(db.session, HandedOver(str(row.__tablename__), row.id, user_id))


def _name_of(user_id: int | None) -> str:
    return titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if user_id else "—"


def readers(record: type[Record], user: type[User] = User) -> ColumnElement[bool]:
    """A condition on users: who may read the record, if not every row of it."""
    reads = PermissionView.permission.has(Permission.name == f"{PREFIX}read") & PermissionView.view_menu.has(
        ViewMenu.name == str(record.__tablename__)
    )
    return user.roles.any(Role.permissions.any(reads))


def candidates(record: type[Record], actor: Actor, user: type[User] = User) -> list[ColumnElement[bool]]:
    """Conditions on users to whom the actor may hand a row: who may read the record, within the actor's reach."""
    name = str(record.__tablename__)
    found = [readers(record, user)]
    if widened(record, actor.scope("edit", name)) < Scope.ALL:
        person = registry["person"]
        units = actor.branch_ids if issubclass(record, Branch) else actor.unit_ids
        inside = select(person.user_id).where(person.unit_id.in_(units))
        found.append(user.id.in_(inside))
    return [and_(*found)]


def _unit_of(user_id: int | None) -> int | None:
    """The unit a user sits in; None keeps the row where it is."""
    person = registry["person"]
    return db.session.scalar(select(person.unit_id).where(person.user_id == user_id)) if user_id else None
