"""Behind a figure: the rows an appraisal's figure was drawn from, as far as the viewer may see them."""

from typing import Any

from flask import render_template
from flask_appbuilder import expose
from sqlalchemy import func, select

from app.extensions import db
from app.kernel.access import find
from app.panel.cells import cell
from app.panel.fields import columns_of, field_of
from app.panel.titles import Read, Reading
from app.schema.registry import registry
from models.appraisal import AppraisalLine
from models.appraisal.operations import rows_behind
from views.page import Page

SHOWN = 200


class FiguresPage(Page):
    """Open to whoever sees the appraisal; the rows are narrowed to the viewer's own reach."""

    route_base = "/figures"

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """The figure of one appraisal line, how it was scored, and its rows."""
        line: Any = find(db.session, AppraisalLine, key)
        measure = registry.measures[line.measure]
        record = registry[measure.record]
        behind = record.id.in_(rows_behind(db.session, line).with_only_columns(record.id))
        columns = columns_of(record)
        reading = Reading(record, columns)
        found = db.session.execute(reading.statement.where(behind).order_by(record.id).limit(SHOWN))
        return render_template(
            "figures/show.html",
            line=line,
            measure=measure,
            record=record,
            columns=columns,
            reads=[reading.read(row) for row in found],
            count=db.session.scalar(select(func.count(record.id)).where(behind)),
            shown=SHOWN,
            cell=cell,
            field=lambda name: field_of(AppraisalLine, name),
            read=Read(line, {}, line.title),
        )
