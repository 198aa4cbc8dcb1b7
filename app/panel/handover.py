"""Handing a row to somebody else, or taking one that is nobody's."""

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import require, widened
from app.kernel.actor import Actor, current_actor
from app.kernel.permissions import PREFIX
from app.kernel.workflow import publish
from app.panel import showing
from app.panel.base import RecordView, check_version
from app.panel.labels import said
from app.panel.saving import saving
from app.panel.titles import titles_of
from app.schema.errors import NotPermitted, Refusal
from app.schema.events import HandedOver
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Branch


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
                can = showing.allowed(actor, row)
                user_id = self._wanted(wanted, actor)
                if not (can["assign"] or (can["take"] and user_id == actor.user_id)):
                    raise NotPermitted("Only who leads the team hands work over.")
                row.owner_id = user_id
                unit_id = _unit_of(user_id)
                if unit_id is not None:
                    row.unit_id = unit_id
                db.session.flush()
                publish(db.session, HandedOver(str(self.record.__tablename__), row.id, user_id))
        except Refusal as refusal:
            return self.page(key, assigning=said(refusal)), refusal.status
        to = titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if user_id else ""
        flash(_("Handed to %(person)s.", person=to) if to else _("Put back among the unassigned."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key), 303)

    def _wanted(self, written: str, actor: Actor) -> int | None:
        """The user to hand to. Raises `Refusal` for who is not among those offered."""
        if not written and self.record.pooled:
            return None
        if not written.isdigit() or int(written) >= 2**31:
            raise Refusal("Choose who shall have it.", field="owner_id")
        user_id = int(written)
        offered = select(User.id).where(User.id == user_id, User.active.is_(True), *candidates(self.record, actor))
        if user_id != actor.user_id and db.session.scalar(offered) is None:
            raise Refusal("Choose from those who may have it.", field="owner_id")
        return user_id


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
