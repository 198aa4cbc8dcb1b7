"""Attention to a row: looking at it beside its list, watching it, and who has it open just now."""

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from babel.lists import format_list
from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import looking, watching
from app.kernel.database import impatient, read_write
from app.panel import showing
from app.panel.base import RecordView
from app.panel.identity import entering
from app.panel.neighbours import came_from
from app.panel.saving import saving
from app.schema.errors import Conflict


class Attending(RecordView):
    """Whoever sees a row may look at it and watch it, and is told who else has it open."""

    @expose("/<int:key>/beside")
    def beside(self, key: int) -> str:
        """The row in short, to stand beside its list; a step taken there leads back to the list."""
        shown = showing.glance(db.session, self.record, key)
        carried = parse_qsl(came_from().get("from", ""))
        back = url_for(f"{self.record.__tablename__}.list") + (f"?{urlencode(carried)}" if carried else "")
        return render_template("panel/beside.html", **shown, back=back)

    @expose("/<int:key>/watch", methods=["POST"])
    def watch(self, key: int) -> Response:
        """Watch the row, or with ``act=stop`` watch it no longer."""
        row, stops = self.row(key), request.form.get("act") == "stop"
        with saving(db.session):
            (watching.unwatch if stops else watching.watch)(db.session, row)
        flash(_("You watch this no longer.") if stops else _("You will be told what others do to it."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key, **came_from()), 303)

    @expose("/<int:key>/looking", methods=["POST"])
    def looking(self, key: int) -> Response:
        """Mark that the row is open, or with ``act=leave`` that it is no more; answers who else has it open, in words.

        Who sees the panel as somebody else leaves no mark: neither would be true.
        """
        self.row(key)
        now, here = datetime.now(UTC), entering.presence()
        if here is None or here.behind is None:
            self._mark(key, now, request.form.get("act", ""))
        return jsonify(said=in_words(looking.others(db.session, self.record, key, now)))

    def _mark(self, key: int, now: datetime, act: str) -> None:
        """In a transaction of its own that waits for nobody; the request itself only reads."""
        db.session.rollback()
        with suppress(Conflict), read_write(), impatient(looking.PATIENCE), saving(db.session):
            if act == "leave":
                looking.leave(db.session, self.record, key)
            else:
                looking.mark(db.session, self.record, key, now, editing=act == "edit")


def in_words(others: looking.Others) -> str:
    """Who else has a row open; empty for nobody."""
    found = list(others.looking)
    if others.unknown:
        found.append(ngettext("somebody else", "%(num)s others", others.unknown))
    said = []
    if others.editing:
        who = _listed(others.editing)
        said.append(ngettext("%(who)s is editing it.", "%(who)s are editing it.", len(others.editing), who=who))
    if found:
        several = len(found) + max(others.unknown - 1, 0)
        said.append(ngettext("%(who)s is looking at it.", "%(who)s are looking at it.", several, who=_listed(found)))
    return " ".join(each[:1].upper() + each[1:] for each in said)


def _listed(names: list[str]) -> str:
    return str(format_list(names, locale=get_locale() or "en"))
