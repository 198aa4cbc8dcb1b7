"""Reports: a table and a chart of figures by a dimension."""

from typing import Any

from flask import render_template, request
from flask_appbuilder import expose

from app.extensions import db
from app.kernel.access import may, require
from app.kernel.actor import current_actor
from app.panel.labels import translated
from app.panel.texts import plain
from app.schema.errors import NotFound
from app.schema.kinds import MONTH, BadValue
from app.schema.record import words
from app.schema.registry import registry
from app.schema.report import Months, Report
from views.figures import rows_behind
from views.page import Page


class ReportsPage(Page):
    """Every declared report."""

    route_base = "/reports"
    permission = "page:reports"

    @expose("/")
    def list(self) -> str:
        """The reports there are."""
        actor = current_actor()
        readable = [r for r in registry.reports if all(may(actor, "read", registry[name]) for name in r.needs)]
        return render_template("reports/list.html", reports=readable)

    @expose("/<name>")
    def show(self, name: str) -> str:
        """One report, cut by one of its dimensions; only what the viewer may see is counted."""
        report, by, months = _asked(name)
        rows = report.rows(db.session, by, months)
        return render_template(
            "reports/show.html",
            report=report,
            by=by,
            months=months,
            rows=rows,
            charts=[_chart(report, rows, drawn) for drawn in report.charts or (tuple(report.columns)[1:4],)],
            shown=_shown,
            words=_words,
            opens=_openings(report),
        )

    @expose("/<name>/<column>")
    def behind(self, name: str, column: str) -> str:
        """The rows behind one figure of a report, as far as the viewer may see them; `line` is the key of its line."""
        report, by, months = _asked(name)
        if report.behind is None or column not in _openings(report):
            raise NotFound("This figure opens no rows.")
        record: Any = registry[report.opens[column]]
        key = request.args.get("line", "all")
        line = next((line for line in report.rows(db.session, by, months) if line["key"] == key), None)
        if line is None:
            raise NotFound("This report has no such line.")
        rows = report.behind(by, key, column, months).with_only_columns(record.id)
        return render_template(
            "reports/behind.html",
            report=report,
            by=by,
            months=months,
            column=column,
            line=_shown(line[next(iter(report.columns))]),
            figure=_shown(line[column]),
            words=_words,
            record=record,
            **rows_behind(record, record.id.in_(rows)),
        )


def _asked(name: str) -> tuple[Report, str, Months]:
    """The report, the dimension and the months of the address."""
    report = registry.reports.get(name)
    if report is None:
        raise NotFound("There is no such report.")
    for needed in report.needs:
        require(current_actor(), "read", registry[needed])
    by = request.args.get("by", report.dimensions[0])
    if by not in report.dimensions:
        raise NotFound("This report is not cut that way.")
    return report, by, (_month(request.args.get("from")), _month(request.args.get("to")))


def _openings(report: Report) -> set[str]:
    """The columns whose figures open rows of a record the viewer may read."""
    actor = current_actor()
    return {column for column, record in report.opens.items() if may(actor, "read", registry[record])}


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


def _chart(report: Report, rows: list[dict[str, Any]], drawn: tuple[str, ...]) -> dict[str, Any]:
    """Counts and money as bars, percentages as lines, without the total."""
    label = next(iter(report.columns))
    series = [
        {
            "name": translated(report.columns[key]),
            "rate": "%" in report.columns[key],
            "values": [None if line[key] is None else float(line[key]) for line in rows[1:]],
        }
        for key in drawn
    ]
    return {"labels": [_shown(line[label]) for line in rows[1:]], "series": series}
