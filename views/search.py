"""The search palette's answers: a fragment of rows, pages and commands to choose from."""

from flask import render_template, request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from app.extensions import db
from app.panel import palette
from app.panel.search import tidy
from views.page import Page


class SearchPage(Page):
    """Open to everybody signed in: it finds what the person may open anyway."""

    route_base = "/search"

    @expose("/palette")
    def palette(self) -> str:
        """What is found for ``q``; without it the rows opened last, named by ``recent``, as far as they are seen."""
        written = tidy(request.args.get("q"))
        found = palette.found(db.session, written) if written else palette.recent(db.session, _places())
        return render_template("search/results.html", found=found, said=_said(found, written))


def _places() -> list[str]:
    return request.args.getlist("recent")[: palette.RECENT]


def _said(found: palette.Found, written: str) -> str:
    """What whoever does not see the list is told of it."""
    if found.stopped:
        return _("This took too long and was stopped: write more of it.")
    if found.count:
        return ngettext("%(num)d result", "%(num)d results", found.count)
    if written and not palette.long_enough(written):
        return _("Write at least two letters.")
    return _("Nothing found") if written else ""
