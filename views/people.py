"""Users: who signs in, in which unit, with which roles."""

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
from app.kernel.granting import keep_administrators
from app.kernel.history import summarise
from app.kernel.identity import factors, limits, sessions
from app.kernel.identity.passwords import hashed
from app.panel.labels import said
from app.schema.errors import NotFound, Refusal
from app.schema.written import natural
from models.people import Person, Unit
from views.leaving import warned
from views.page import Page

PAGE_SIZE = 50


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

    def _user(self, user_id: int) -> User:
        user = db.session.get(User, user_id)
        if user is None:
            raise NotFound("There is no such user.")
        return user

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
        try:
            keep_administrators(db.session)
        except Refusal as refusal:
            db.session.rollback()
            return self._form(self._user(user.id), typed | {"roles": ids}, {"roles": said(refusal)}), 422
        db.session.commit()
        flash(notice or _("Saved."), "warning" if notice else "success")
        return redirect(url_for("PeoplePage.show", user_id=user.id))
