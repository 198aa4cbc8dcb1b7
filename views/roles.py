"""Roles: what each may do as a matrix, changed with a preview and taken back; who may what with one record."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import adapting, permissions
from app.kernel.actor import current_actor
from app.kernel.granting import MOVED_ON, Change, change_role, changes_of, outlook, undo
from app.kernel.rights import Rights, rights_of
from app.kernel.tailoring import ROLE
from app.panel.labels import said
from app.panel.rights import (
    beside_records,
    change_told,
    matrix,
    reach_short,
    reach_words,
    records,
    right_words,
    row_of,
    told,
    what_words,
)
from app.panel.rights import verb_words as verbs
from app.schema.errors import Invalid, NotFound
from app.schema.registry import registry
from app.schema.roles import Scope
from views.page import Page

PEOPLE_NAMED = 12


class RolesPage(Page):
    """Kept by administrators; nothing here shows a raw permission name."""

    route_base = "/people/roles"
    permission = "page:people"

    @expose("/")
    def list(self) -> str:
        """Every role with how far it reaches, how much it is granted, and how many people hold it."""
        roles = db.session.scalars(select(Role).order_by(Role.id)).all()
        counted = select(Role.id, func.count(User.id)).join(Role.user).where(User.active.is_(True)).group_by(Role.id)
        people = dict(db.session.execute(counted).all())
        rights = rights_of(db.session, [role.id for role in roles])
        return render_template("roles/list.html", roles=roles, rights=rights, people=people, reach_words=reach_words)

    @expose("/", methods=["POST"])
    def add(self) -> Response:
        """Add a role: one that may do nothing yet, or what another role may do."""
        name = request.form.get("name", "").strip()
        try:
            adapting.change(db.session, ROLE, name, {"like": request.form.get("like") or None})
            db.session.commit()
        except Invalid as refusal:
            db.session.rollback()
            flash(" ".join(said(reason) for reason in refusal.problems.values()), "danger")
            return redirect(url_for("RolesPage.list"), 303)
        role_id = db.session.scalar(select(Role.id).where(Role.name == name))
        return redirect(url_for("RolesPage.show", role_id=role_id), 303)

    @expose("/<int:role_id>")
    def show(self, role_id: int) -> str:
        """What a role may do: area × record × verb, with its steps and how far it reaches."""
        role = self._role(role_id)
        rights = rights_of(db.session, [role.id])[role.id]
        return self._matrix(role, rights, rights)

    @expose("/<int:role_id>", methods=["POST"])
    def preview(self, role_id: int) -> Any:
        """Tell what the change in the form would come to; nothing is written."""
        role = self._role(role_id)
        before = rights_of(db.session, [role.id])[role.id]
        wanted = self._wanted(before)
        if request.form.get("seen", before.seal) != before.seal:
            return self._matrix(role, before, wanted, said(MOVED_ON)), 409
        change = Change.between(before, wanted)
        if not change:
            flash(_("Nothing was changed."), "info")
            return redirect(url_for("RolesPage.show", role_id=role.id))
        ahead = outlook(db.session, role, change)
        me = current_actor().user_id
        mine = next((each for each in ahead.effects if me in dict(each.people)), None)
        return render_template(
            "roles/preview.html",
            role=role,
            before=before,
            ahead=ahead,
            told=told,
            change=change_told(change, wanted),
            self_out=mine is not None and ("open", "page:people") in dict(mine.loses),
            right_words=right_words,
            what_words=what_words,
            record_words=self._record_words,
            named=PEOPLE_NAMED,
        )

    @expose("/<int:role_id>/again", methods=["POST"])
    def again(self, role_id: int) -> str:
        """Back from the preview to the matrix, with what was changed in it."""
        role = self._role(role_id)
        rights = rights_of(db.session, [role.id])[role.id]
        return self._matrix(role, rights, self._sent().applied(rights))

    @expose("/<int:role_id>/change", methods=["POST"])
    def change(self, role_id: int) -> Response:
        """Give and take what the preview told; obeyed at once by screens, API and exports of every process."""
        role = self._role(role_id)
        done = change_role(db.session, role, self._sent(), request.form.get("seen", ""))
        db.session.commit()
        moved = len(done.given), len(done.taken)
        flash(_("%(given)d permissions given, %(taken)d taken.", given=moved[0], taken=moved[1]), "success")
        return redirect(url_for("RolesPage.show", role_id=role.id))

    @expose("/<int:role_id>/undo/<int:entry_id>", methods=["POST"])
    def undo(self, role_id: int, entry_id: int) -> Response:
        """Make the role again what it was before a change."""
        role = self._role(role_id)
        undo(db.session, role, entry_id)
        db.session.commit()
        flash(_("The role is again what it was before."), "success")
        return redirect(url_for("RolesPage.show", role_id=role.id))

    @expose("/compare")
    def compare(self) -> str:
        """Who may what with one record: all roles side by side."""
        record = registry.get(request.args.get("record", "")) or records()[0]
        if record not in records():
            raise NotFound("There is no such record.")
        roles = db.session.scalars(select(Role).order_by(Role.id)).all()
        rights = rights_of(db.session, [role.id for role in roles])
        return render_template(
            "roles/compare.html",
            record=record,
            areas=[(area, [(row.name, row.label) for row in rows]) for area, rows in matrix(Rights())],
            rows=[(role, row_of(record, rights[role.id])) for role in roles],
            verbs=verbs(),
            reach_short=reach_short,
        )

    def _matrix(self, role: Role, rights: Rights, wanted: Rights, problem: str = "") -> str:
        """The matrix of a role with the ticks as `wanted`; what it says beside is of the rights as they stand."""
        people = select(User.id, User.first_name, User.last_name).join(User.roles)
        people = people.where(Role.id == role.id, User.active.is_(True)).order_by(User.id)
        held = [(row.id, permissions.person_name(row[1], row[2])) for row in db.session.execute(people)]
        areas = matrix(wanted)
        changes = [
            (entry, change_told(Change.told(entry.changes)))
            for entry in changes_of(db.session, role)
            if "after" in entry.changes
        ]
        return render_template(
            "roles/show.html",
            role=role,
            rights=rights,
            wanted=wanted,
            areas=areas,
            beside=beside_records(wanted),
            people=held,
            named=PEOPLE_NAMED,
            verbs=verbs(),
            reach_words=reach_words,
            changes=changes,
            sees=sum(row.boxes["read"].held for _area, rows in areas for row in rows),
            steps=sum(box.held for _area, rows in areas for row in rows for box in row.steps),
            records=sum(len(rows) for _area, rows in areas),
            problem=problem,
        )

    def _wanted(self, before: Rights) -> Rights:
        """The rights the matrix asks for. What it does not show stays as it is."""
        known = permissions.grantable()
        names = {"", *(record for _verb, record in known)}
        ticked = {
            (verb, record) for text in request.form.getlist("grant") for verb, _s, record in [text.partition("|")]
        }
        scopes = dict(before.scopes)
        for field, raw in request.form.items():
            sort, _s, place = field.partition("|")
            record, _s, verb = place.partition("|")
            if sort == "scope" and (record in names if not verb else (verb, record) in known):
                scope = Scope(int(raw)) if raw in {"1", "2", "3"} else None
                if scope is not None:
                    scopes[record, verb] = scope
                elif record:
                    scopes.pop((record, verb), None)
        return Rights((before.grants - known) | (ticked & known), scopes)

    def _sent(self) -> Change:
        """The change a preview holds."""

        def rights(name: str) -> tuple[tuple[str, str], ...]:
            return tuple((verb, record) for verb, _s, record in (t.partition("|") for t in request.form.getlist(name)))

        known = permissions.grantable()
        scopes = []
        for text in request.form.getlist("scope"):
            record, verb, after = (*text.split("|"), "", "")[:3]
            if (verb, record) in known or (not verb and record in {"", *(name for _verb, name in known)}):
                scopes.append((record, verb, None, Scope(int(after)) if after in {"1", "2", "3"} else None))
        return Change(rights("give"), rights("take"), tuple(each for each in scopes if each[0] or each[3] is not None))

    @staticmethod
    def _record_words(name: str, step: str) -> str:
        return right_words((step if step == "add" else f"step:{step}", name))

    def _role(self, role_id: int) -> Role:
        role = db.session.get(Role, role_id)
        if role is None:
            raise NotFound("There is no such role.")
        return role
