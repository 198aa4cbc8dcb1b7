"""Behind a figure: the rows it was drawn from, as far as the viewer may see them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from sqlalchemy import func, select

from app.extensions import db
from app.kernel import measuring
from app.kernel.access import find, may
from app.kernel.actor import current_actor
from app.kernel.clock import house_day
from app.panel.cells import cell
from app.panel.fields import columns_of, field_of
from app.panel.labels import translated
from app.panel.titles import Read, Reading
from app.schema.errors import Invalid
from app.schema.measure import AnyMeasure, Figure
from app.schema.registry import registry
from models.appraisal import AppraisalLine, MeasureAlert
from models.appraisal.operations import rows_behind as rows_of_line
from views.page import Page

SHOWN = 200
MONTHS = 6
"""Months a measure is drawn over."""


class FiguresPage(Page):
    """Open to whoever sees the appraisal, or the record measured; rows are narrowed to the viewer's own reach."""

    route_base = "/figures"

    @expose("/of/<name>")
    def behind(self, name: str) -> str:
        """A measure over the days of the address, with its months up to then and the rows behind it.

        ``whose=me`` are the present person's own, a user's id that person's, else all that he or she sees.
        """
        measure, (first, last) = measuring.measure_named(name), _period()
        whose = measuring.whose(db.session, measure, request.args.get("whose", measuring.ALL))
        record: Any = measure.of
        rows = record.id.in_(measure.rows(whose, first, last).with_only_columns(record.id))
        return render_template(
            "figures/measure.html",
            measure=measure,
            first=first,
            last=last,
            value=measure.in_words(measure.reading(measure.figure(db.session, whose, first, last))),
            chart=_chart(measure, measure.trend(db.session, whose, _months_before(last), last)),
            alert=MeasureAlert if may(current_actor(), "add", MeasureAlert) else None,
            record=record,
            **rows_behind(record, rows),
        )

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """The figure of one appraisal line, how it was scored, and its rows."""
        line: Any = find(db.session, AppraisalLine, key)
        measure = registry.measures[line.measure]
        record: Any = measure.of
        behind = record.id.in_(rows_of_line(db.session, line).with_only_columns(record.id))
        return render_template(
            "figures/show.html",
            line=line,
            measure=measure,
            record=record,
            cell=cell,
            field=lambda name: field_of(AppraisalLine, name),
            read=Read(line, {}, line.title),
            **rows_behind(record, behind),
        )


def rows_behind(record: Any, behind: Any) -> dict[str, Any]:
    """The rows behind a figure for the templates: the first of them, and how many there are."""
    columns = columns_of(record)
    reading = Reading(record, columns)
    found = db.session.execute(reading.statement.where(behind).order_by(record.id).limit(SHOWN))
    count = db.session.scalar(select(func.count(record.id)).where(behind))
    return {"columns": columns, "reads": [reading.read(row) for row in found], "count": count, "shown": SHOWN}


def _period() -> tuple[date, date]:
    """The days of the address; the current month so far where they say nothing, or no period."""
    today = house_day(datetime.now(UTC))
    try:
        return measuring.period(request.args.get("first"), request.args.get("last"), today)
    except Invalid:
        return today.replace(day=1), today


def _months_before(last: date) -> date:
    """The first day of the months up to that of `last` which are drawn."""
    first = last.replace(day=1)
    for _month in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _chart(measure: AnyMeasure, months: dict[str, Figure]) -> dict[str, Any]:
    values = [measure.reading(figure) for figure in months.values()]
    series = {"name": translated(measure.label), "rate": measure.unit == "%"}
    drawn = [None if value is None else round(float(value), 2) for value in values]
    return {"labels": list(months), "series": [series | {"values": drawn}]}
