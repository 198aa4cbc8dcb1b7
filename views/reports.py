"""Reports: a table and a chart of figures by a dimension."""

from flask import render_template, request
from flask_appbuilder import expose

from app.extensions import db
from app.schema.errors import NotFound
from app.schema.registry import registry
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
        rows = report.rows(db.session, by)
        return render_template("reports/show.html", report=report, by=by, rows=rows)
