"""Every limit the department sets, with its default, the value in force, and who set it when; unset ones first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.brand import ACCENT_KIND, BRAND_LOGO, LARGEST, keep_logo
from app.kernel.clock import house_day
from app.kernel.currency import house_currency
from app.kernel.settings import changes_of_settings, clear_setting, set_setting, setting_value
from app.kernel.tables import AuditEntry, Clock, SettingValue
from app.kernel.working_time import ENTERED_THROUGH, unknown_years
from app.panel import texts
from app.panel.forms import Input
from app.panel.labels import said, translated
from app.schema.brand import ACCENTS
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.kinds import CURRENCY, MONEY, BadValue, Kind
from app.schema.kinds.numbers import CURRENCIES
from app.schema.record import words
from app.schema.registry import registry
from app.schema.settings import Setting
from views.page import Page

KEPT = 10
"""Changes of a setting that its history shows."""


@dataclass
class Shown:
    """A setting on the page: its input, what is in force, what the default is, and what was changed by whom."""

    setting: Setting
    input: Input
    set: SettingValue | None
    default: str
    past: list[tuple[AuditEntry, str, str]]
    unit: str = ""
    endless: int = 0
    """How many clocks run without end because it is not set."""


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
        """Set one, or go back to its default; a value that does not hold is shown again with what is wrong."""
        declared = registry.settings.get(name)
        if declared is None:
            raise NotFound("There is no such setting.")
        if not _open(declared):
            raise NotPermitted("Your roles do not allow this change.")
        raw = request.form.get("value", "")
        try:
            if request.form.get("seen", "") != _seen(db.session.get(SettingValue, name)):
                raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.")
            if "default" in request.form:
                clear_setting(db.session, declared)
            elif declared is BRAND_LOGO:
                sent = request.files.get("value")
                set_setting(db.session, declared, keep_logo(db.session, sent.read(LARGEST + 1) if sent else b""))
            else:
                set_setting(db.session, declared, raw)
            db.session.commit()
        except (BadValue, Refusal) as error:
            db.session.rollback()
            return self._page({name: raw}, {name: said(error)}), getattr(error, "status", 422)
        flash(_("Saved."), "success")
        return redirect(url_for("SettingsPage.list", _anchor=name), 303)

    def _page(self, typed: dict[str, str], problems: dict[str, str]) -> str:
        found = {value.name: value for value in db.session.scalars(select(SettingValue))}
        past, endless = changes_of_settings(db.session), _endless()
        shown = []
        for declared in filter(_open, registry.settings):
            kept = found.get(declared.name)
            asked = _input(declared, typed.get(declared.name), problems.get(declared.name, ""))
            changes = [(entry, _words(old), _words(new)) for entry, (old, new) in past.get(declared.name, [])[:KEPT]]
            default = _words(declared.default, declared.kind)
            unit = translated(house_currency() if declared.kind is MONEY and not declared.unit else declared.unit)
            shown.append(Shown(declared, asked, kept, default, changes, unit, endless.get(declared.name, 0)))
        unset = [each for each in shown if setting_value(db.session, each.setting) is None]
        areas = groupby(sorted(shown, key=_place), key=lambda each: _area(each.setting))
        sections = [(_("Not set: nothing limits these"), unset)] if unset else []
        sections += [(area, rest) for area, its in areas if (rest := [s for s in its if s not in unset])]
        return render_template(
            "settings/list.html",
            sections=sections,
            seen=_seen,
            plain=texts.plain,
            unknown=unknown_years(db.session, house_day(datetime.now(UTC))),
            entered_through=ENTERED_THROUGH,
            may_enter=may(current_actor(), "add", registry["working_day"]),
        )


def _open(declared: Setting) -> bool:
    """Whether the setting is the present person's to see and to change."""
    return not declared.permission or bool(current_actor().scope("open", declared.permission))


def _seen(kept: SettingValue | None) -> str:
    """What tells one state of a setting from the next."""
    return kept.set_at.isoformat() if kept is not None else ""


def _area(declared: Setting) -> str:
    return translated(words(declared.name.partition(".")[0]))


def _place(each: Shown) -> tuple[str, bool, str]:
    """By area; those nobody has set come first."""
    return _area(each.setting), each.set is not None, each.setting.name


def _input(declared: Setting, typed: str | None, problem: str) -> Input:
    """The input that suits the kind of a setting, with the value in force or what was typed."""
    kind = declared.kind
    control = {"checkbox": "select"}.get(kind.input, kind.input)
    made = Input("value", translated(declared.label), control, problem=problem, longest=kind.longest)
    if kind is ACCENT_KIND:
        made.required, made.options = True, [(name, translated(name.capitalize())) for name in ACCENTS]
    if kind is CURRENCY:
        made.control, made.required, made.options = "select", True, [(c, f"{c} {translated(c)}") for c in CURRENCIES]
    if kind.input == "checkbox":
        made.required, made.options = True, [("yes", _("yes")), ("no", _("no"))]
    value = setting_value(db.session, declared)
    if typed is not None:
        made.value = typed
    elif value is not None:
        made.value = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else kind.write(value)
    return made


def _words(value: Any, kind: Kind | None = None) -> str:
    return _("not set") if value in (None, "") else texts.plain(value, kind)


def _endless() -> dict[str, int]:
    """How many clocks run without end, by the settings that are to limit them."""
    running = (Clock.stopped_at.is_(None), Clock.due.is_(None), Clock.promised.is_(False))
    counts: dict[str, int] = {}
    for limits, count in db.session.execute(select(Clock.limits, func.count()).where(*running).group_by(Clock.limits)):
        for name in limits.split(","):
            counts[name] = counts.get(name, 0) + count
    return counts
