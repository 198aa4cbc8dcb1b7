"""Reports: a table and a chart of figures by a dimension."""

from typing import Any

from flask import render_template, request
from flask_appbuilder import expose

from app.extensions import db
from app.panel.labels import translated
from app.panel.texts import plain
from app.schema.errors import NotFound
from app.schema.kinds import MONTH, BadValue
from app.schema.record import words
from app.schema.registry import registry
from app.schema.report import Report
from views.page import Page


class ReportsPage(Page):
    """Every declared report."""

    route_base = "/reports"
    permission = "page:reports"

    @expose("/")
    def list(self) -> str:
        """The reports there are."""
        return render_template("reports/list.html", reports=list(registry.reports))

    @expose("/<name>")
    def show(self, name: str) -> str:
        """One report, cut by one of its dimensions; only what the viewer may see is counted."""
        report = registry.reports.get(name)
        if report is None:
            raise NotFound("There is no such report.")
        by = request.args.get("by", report.dimensions[0])
        if by not in report.dimensions:
            raise NotFound("This report is not cut that way.")
        months = (_month(request.args.get("from")), _month(request.args.get("to")))
        rows = report.rows(db.session, by, months)
        return render_template(
            "reports/show.html",
            report=report,
            by=by,
            months=months,
            rows=rows,
            chart=_chart(report, rows),
            shown=_shown,
            words=_words,
        )


def _month(written: str | None) -> str | None:
    """A month of the address; None for what is none."""
    try:
        return MONTH.read(written)
    except BadValue:
        return None


def _words(name: str) -> str:
    return translated(words(name))


def _shown(value: Any) -> str:
    """A figure as it stands in the table; a dash where there is none."""
    if value is None:
        return "—"
    return plain(value) if not isinstance(value, str) else translated(value.capitalize() if value == "all" else value)


def _chart(report: Report, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts as bars and percentages as lines, without the total: the first three columns after the label's."""
    label, *figures = report.columns
    drawn = figures[:3]
    series = [
        {
            "name": translated(report.columns[key]),
            "rate": "%" in report.columns[key],
            "values": [None if line[key] is None else float(line[key]) for line in rows[1:]],
        }
        for key in drawn
    ]
    return {"labels": [_shown(line[label]) for line in rows[1:]], "series": series}
