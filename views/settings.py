"""Every limit the department sets, with its default, the value in force, and who set it when; unset ones first."""

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.settings import set_setting
from app.kernel.tables import SettingValue
from app.schema.errors import NotFound
from app.schema.kinds import BadValue
from app.schema.registry import registry
from views.page import Page


class SettingsPage(Page):
    """Limits and defaults."""

    route_base = "/settings"
    permission = "page:settings"

    @expose("/")
    def list(self) -> str:
        """All settings."""
        return self._page({}, {})

    @expose("/<name>", methods=["POST"])
    def change(self, name: str) -> Response | tuple[str, int]:
        """Set one; a value that does not hold is shown again with what is wrong."""
        declared = registry.settings.get(name)
        if declared is None:
            raise NotFound("There is no such setting.")
        raw = request.form.get("value", "")
        try:
            set_setting(db.session, declared, raw)
            db.session.commit()
        except BadValue as error:
            db.session.rollback()
            return self._page({name: raw}, {name: _(error.msgid) % error.args_ if error.args_ else _(error.msgid)}), 422
        flash(_("Saved."), "success")
        return redirect(url_for("SettingsPage.list", _anchor=name))

    def _page(self, typed: dict[str, str], problems: dict[str, str]) -> str:
        rows = select(SettingValue, User).outerjoin(User, User.id == SettingValue.set_by_id)
        found = {value.name: (value, user) for value, user in db.session.execute(rows)}
        settings = sorted(registry.settings, key=lambda s: (s.name in found, s.name))
        return render_template("settings/list.html", settings=settings, found=found, typed=typed, problems=problems)
