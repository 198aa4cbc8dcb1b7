"""Users and roles: who signs in, in which unit, with which roles, and what each role may do."""

import secrets
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import permissions
from app.kernel.history import summarise
from app.kernel.identity import factors, limits, sessions
from app.kernel.identity.passwords import hashed
from app.kernel.tables import RoleScope
from app.panel.labels import field_label, record_label
from app.panel.navigation import page_label
from app.schema.errors import NotFound
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.written import natural
from models.people import Person, Unit
from views.leaving import warned
from views.page import Page

PAGE_SIZE = 50


def fields_of(record: type[Record]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The fields of a record and its parts that have permissions of their own: each label with its verbs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in permissions.field_grants(record):
        part = "" if each.record is record else f"{record_label(each.record)}: "
        label = part + field_label(each.record, each.field)
        found.setdefault(label, []).append((each.verb, each.verb.partition(":")[0]))
    return list(found.items())


class PeoplePage(Page):
    """Kept by administrators; nothing here shows a raw permission name."""

    route_base = "/people"
    permission = "page:people"

    @expose("/")
    def list(self) -> str:
        """Every user with roles and unit, fifty at a time, by name."""
        wanted = request.args.get("q", "").strip()
        after = request.args.get("after", "")
        users = select(User).options(selectinload(User.roles)).where(User.username > after).order_by(User.username)
        if wanted:
            like = f"%{wanted.replace('%', '')}%"
            users = users.where(or_(User.username.ilike(like), User.first_name.ilike(like), User.last_name.ilike(like)))
        found = db.session.scalars(users.limit(PAGE_SIZE + 1)).all()
        shown = found[:PAGE_SIZE]
        placed = select(Person.user_id, Unit.name).join(Unit, Unit.id == Person.unit_id)
        rows = db.session.execute(placed.where(Person.user_id.in_([user.id for user in shown])))
        units = {row.user_id: row.name for row in rows}
        return render_template("people/list.html", users=shown, units=units, q=wanted, more=len(found) > PAGE_SIZE)

    @expose("/new")
    def new(self) -> str:
        """An empty form."""
        return self._form(None, {}, {})

    @expose("/new", methods=["POST"])
    def add(self) -> Any:
        """Add a user; a first password is made and shown once."""
        user = User(active=True, password="", username="", first_name="", last_name="", email="")
        first = secrets.token_urlsafe(9)
        user.password = hashed(first)
        return self._save(user, _("The first password is %(password)s; it is shown only now.", password=first))

    @expose("/<int:user_id>")
    def show(self, user_id: int) -> str:
        """The form of a user."""
        return self._form(self._user(user_id), {}, {})

    @expose("/<int:user_id>", methods=["POST"])
    def change(self, user_id: int) -> Any:
        """Change a user's names, roles, or whether he or she may sign in."""
        return self._save(self._user(user_id), None)

    @expose("/<int:user_id>/password", methods=["POST"])
    def password(self, user_id: int) -> Response:
        """Give a new first password, shown once."""
        user, fresh = self._user(user_id), secrets.token_urlsafe(9)
        user.password = hashed(fresh)
        summarise(db.session, "ab_user", "password", {"user": user.username})
        db.session.commit()
        flash(_("The new password is %(password)s; it is shown only now.", password=fresh), "warning")
        return redirect(url_for("PeoplePage.show", user_id=user_id))

    @expose("/<int:user_id>/unlock", methods=["POST"])
    def unlock(self, user_id: int) -> Response:
        """Let somebody who guessed too often try again at once."""
        user = self._user(user_id)
        for guess in (limits.of_name(user.username), limits.of_factor(user.id)):
            limits.clear(db.session, guess)
        summarise(db.session, "ab_user", "unlock", {"user": user.username})
        db.session.commit()
        flash(_("%(name)s may try again.", name=user.username), "success")
        return redirect(url_for("PeoplePage.show", user_id=user_id))

    @expose("/<int:user_id>/factors/reset", methods=["POST"])
    def reset_factors(self, user_id: int) -> Response:
        """Take a lost second factor away; the person is signed out and sets up another at the next sign-in."""
        user = self._user(user_id)
        factors.remove_all(db.session, user.id)
        sessions.end(db.session, "second factor reset", user_id=user.id)
        summarise(db.session, "ab_user", "second_factor", {"user": user.username, "removed": "all"})
        db.session.commit()
        flash(_("%(name)s has no second factor any more.", name=user.username), "warning")
        return redirect(url_for("PeoplePage.show", user_id=user_id))

    @expose("/<int:user_id>/sessions/end", methods=["POST"])
    def end_sessions(self, user_id: int) -> Response:
        """Sign somebody out everywhere."""
        user = self._user(user_id)
        ended = sessions.end(db.session, "ended by an administrator", user_id=user.id)
        summarise(db.session, "ab_user", "end_sessions", {"user": user.username, "ended": ended})
        db.session.commit()
        flash(_("%(name)s is signed out everywhere.", name=user.username), "success")
        return redirect(url_for("PeoplePage.show", user_id=user_id))

    @expose("/roles/")
    def roles(self) -> str:
        """Every role with how far it sees and how much it is granted."""
        roles = db.session.scalars(select(Role).order_by(Role.name)).all()
        scopes = dict(
            db.session.execute(
                select(RoleScope.role_id, RoleScope.scope).where(RoleScope.record == "", RoleScope.verb == "")
            ).all()
        )
        counts = {role.id: len(permissions.holds(db.session, role)) for role in roles}
        return render_template("people/roles.html", roles=roles, scopes=scopes, counts=counts, Scope=Scope)

    @expose("/roles/", methods=["POST"])
    def add_role(self) -> Response:
        """Add a role that may do nothing yet."""
        name = request.form.get("name", "").strip()
        if not name or len(name) > 64 or db.session.scalar(select(Role.id).where(Role.name == name)):
            flash(_("Give the role a name that no other has."), "danger")
            return redirect(url_for("PeoplePage.roles"))
        role = Role(name=name)
        db.session.add(role)
        db.session.flush()
        permissions.set_scope(db.session, role, "", Scope.OWN)
        db.session.commit()
        return redirect(url_for("PeoplePage.role", role_id=role.id))

    @expose("/roles/<int:role_id>")
    def role(self, role_id: int) -> str:
        """What a role may do: area × record × verb, and its steps."""
        role = self._role(role_id)
        rows = db.session.scalars(select(RoleScope).where(RoleScope.role_id == role.id))
        scopes = {(row.record, row.verb): row.scope for row in rows}
        records = sorted(
            (record for record in registry if not issubclass(record, Line)),
            key=lambda record: (record.panel.menu.area if record.panel.menu else "~", str(record.__tablename__)),
        )
        return render_template(
            "people/role.html",
            role=role,
            records=records,
            verbs_of=permissions.verbs_of,
            fields_of=fields_of,
            pages=[(page, page_label(page)) for page in permissions.PAGES],
            profiles=list(registry.profiles),
            held=permissions.holds(db.session, role),
            scopes=scopes,
            Scope=Scope,
        )

    @expose("/roles/<int:role_id>", methods=["POST"])
    def change_role(self, role_id: int) -> Response:
        """Give and take permissions; obeyed at once by screens, API and exports of every process."""
        role = self._role(role_id)
        known = permissions.grantable()
        records = {"", *(record for _verb, record in known)}
        wanted = {
            (verb, record) for text in request.form.getlist("grant") for verb, _s, record in [text.partition("|")]
        }
        given, taken = permissions.set_grants(db.session, role, wanted & known)
        for field, raw in request.form.items():
            sort, _s, place = field.partition("|")
            record, _s, verb = place.partition("|")
            if sort == "scope" and (record in records if not verb else (verb, record) in known):
                scope = Scope(int(raw)) if raw in {"1", "2", "3"} else None
                if scope is not None or record:
                    permissions.set_scope(db.session, role, record, scope, verb)
        db.session.commit()
        flash(_("%(given)d permissions given, %(taken)d taken.", given=given, taken=taken), "success")
        return redirect(url_for("PeoplePage.role", role_id=role_id))

    def _user(self, user_id: int) -> User:
        user = db.session.get(User, user_id)
        if user is None:
            raise NotFound("There is no such user.")
        return user

    def _role(self, role_id: int) -> Role:
        role = db.session.get(Role, role_id)
        if role is None:
            raise NotFound("There is no such role.")
        return role

    def _form(self, user: User | None, typed: dict[str, Any], problems: dict[str, str]) -> str:
        roles = db.session.scalars(select(Role).order_by(Role.name)).all()
        locked = any(
            limits.locked_until(db.session, guess, datetime.now(UTC))
            for guess in ([limits.of_name(user.username), limits.of_factor(user.id)] if user else [])
        )
        signed_in = len(sessions.open_sessions(db.session, user.id)) if user else 0
        return render_template(
            "people/form.html",
            user=user,
            roles=roles,
            typed=typed,
            problems=problems,
            locked=locked,
            signed_in=signed_in,
            owns=warned(user.id) if user and user.active else None,
            second=user is not None and factors.enrolled(db.session, user.id),
        )

    def _save(self, user: User, notice: str | None) -> Any:
        """Fill a user from the form; on a problem show the form again with everything typed."""
        typed = {name: request.form.get(name, "").strip() for name in ("username", "first_name", "last_name", "email")}
        problems = {name: _("This is needed.") for name, value in typed.items() if not value}
        if typed["email"] and "@" not in typed["email"]:
            problems["email"] = _("write an e-mail address, such as li@example.cn")
        with db.session.no_autoflush:
            for name in ("username", "email"):
                taken = select(User.id).where(getattr(User, name) == typed[name], User.id != (user.id or 0))
                if typed[name] and db.session.scalar(taken):
                    problems[name] = _("Another user has this already.")
        chosen = request.form.getlist("role")
        ids = set(filter(None, map(natural, chosen)))
        roles = db.session.scalars(select(Role).where(Role.id.in_(ids))).all()
        if len(roles) < len(set(chosen)):
            problems["roles"] = _("Choose from the roles there are; nothing was saved.")
        if problems:
            form = self._form(user if user.id else None, typed | {"roles": ids}, problems)
            db.session.rollback()
            return form, 422
        change = {"user": typed["username"], "roles": sorted(role.name for role in roles)}
        for name, value in typed.items():
            setattr(user, name, value)
        user.roles = list(roles)
        user.active = "active" in request.form or user.id is None
        db.session.add(user)
        summarise(db.session, "ab_user", "edit" if user.id else "add", change | {"active": user.active})
        db.session.commit()
        flash(notice or _("Saved."), "warning" if notice else "success")
        return redirect(url_for("PeoplePage.show", user_id=user.id))
