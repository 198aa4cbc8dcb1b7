"""Figures over the API: ``/api/v1/measures/``, ``…/<name>`` and the rows behind them at ``…/<name>/rows``.

The policy is that of the page (`app.kernel.measuring`). Numbers are decimals, written as text; users are ids.
"""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import request, url_for
from flask_appbuilder.api import BaseApi, expose
from sqlalchemy import func, select

from app.extensions import db
from app.kernel import links, measuring
from app.kernel.clock import house_day
from app.panel.answering import told
from app.panel.labels import translated
from app.panel.problems import WrongParameter
from app.panel.serving import as_json
from app.schema.errors import Invalid, Refusal
from app.schema.measure import AnyMeasure, Figure, months
from app.schema.record import many_of
from app.schema.written import natural

Said = dict[str, Any]
PERIOD = ("first", "last", "whose")
BY = ("person", "month")
PAGE = 100
"""Rows of a page."""


class MeasuresResource(BaseApi):
    """The measures whose figures the caller may see."""

    resource_name = "measures"
    version = "v1"
    csrf_exempt = False  # as of `app.panel.resource`

    @expose("/")
    @told
    def list(self) -> Said:
        """What is measured."""
        _known()
        return {"result": [_described(measure) for measure in measuring.seen()]}

    @expose("/<name>")
    @told
    def show(self, name: str) -> Said:
        """The figure of the days `first` to `last`, and with `by` those it is made of."""
        asked = _Asked(name, "by")
        return asked.described | {"result": asked.figure(), "by": asked.parts(request.args.get("by") or None)}

    @expose("/<name>/rows")
    @told
    def rows(self, name: str) -> Said:
        """The rows behind a figure, as far as the caller may see them; ``after`` as the page before gave ``next``."""
        asked = _Asked(name, "after")
        measure, after = asked.measure, natural(request.args.get("after") or "0")
        if after is None:
            raise WrongParameter({"after": "Take this from the page before or after, as it was answered there."})
        record: Any = measure.of
        behind = record.id.in_(measure.rows(asked.user, asked.first, asked.last).with_only_columns(record.id))
        rows = select(record).where(behind, record.id > after).order_by(record.id).limit(PAGE + 1)
        found = db.session.scalars(rows).unique().all()
        page = found[:PAGE]
        for field in many_of(record):
            links.load(db.session, record, page, field)
        return {
            "record": measure.record,
            "count": db.session.scalar(select(func.count(record.id)).where(behind)),
            "next": page[-1].id if len(found) > PAGE else None,
            "result": [as_json(row) for row in page],
        }


class _Asked:
    """What the address asks: a measure, of whom, over which days. Raises `WrongParameter` for what it cannot read."""

    def __init__(self, name: str, *more: str) -> None:
        _known(*PERIOD, *more)
        self.measure = measuring.measure_named(name)
        ends = request.args.get("first"), request.args.get("last")
        try:
            self.first, self.last = measuring.period(*ends, house_day(datetime.now(UTC)))
        except Invalid as invalid:
            raise WrongParameter(invalid.problems) from None
        self.user = measuring.whose(db.session, self.measure, request.args.get("whose") or measuring.ALL)

    @property
    def described(self) -> Said:
        """The question, as it was understood."""
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {"measure": self.measure.name, "unit": self.measure.unit, **days}

    def figure(self) -> Said:
        """The figure of whom was asked for."""
        figure = self.measure.figure(db.session, self.user, self.first, self.last)
        return self._told(figure, self.first, self.last, self.user)

    def parts(self, by: str | None) -> list[Said]:
        """The figures of each month, or of each person the caller may see the figures of."""
        if by is None:
            return []
        if by not in BY:
            raise WrongParameter({"by": Refusal("choose one of: %(choices)s", choices=", ".join(BY))})
        if by == "month":
            trend = self.measure.trend(db.session, self.user, self.first, self.last)
            days = {month: (first, last) for month, first, last in months(self.first, self.last)}
            return [self._told(figure, *days[month], self.user, month) for month, figure in trend.items()]
        figures = measuring.by_person(db.session, self.measure, self.first, self.last)
        people = sorted(figures, key=lambda user: (user is None, user)) if self.user is None else [self.user]
        found = ((user, figures.get(user, self.measure.nothing)) for user in people)
        return [self._told(figure, self.first, self.last, user, nobody=user is None) for user, figure in found]

    def _told(
        self, figure: Figure, first: date, last: date, user: int | None, month: str | None = None, nobody: bool = False
    ) -> Said:
        address: dict[str, Any] = {"first": first.isoformat(), "last": last.isoformat(), "whose": user or measuring.ALL}
        return {
            "user_id": user,
            "month": month,
            "numerator": str(figure.numerator),
            "denominator": str(figure.denominator),
            "value": _rounded(self.measure.reading(figure)),
            "rows": None if nobody else url_for("MeasuresResource.rows", name=self.measure.name, **address),
        }


def _described(measure: AnyMeasure) -> Said:
    return {
        "name": measure.name,
        "label": translated(measure.label),
        "definition": translated(measure.definition) if measure.definition else "",
        "unit": measure.unit,
        "record": measure.record,
        "higher_is_better": measure.higher_is_better,
        "figures": url_for("MeasuresResource.show", name=measure.name),
    }


def _rounded(value: Decimal | None) -> str | None:
    return None if value is None else str(value.quantize(Decimal("0.0001"), ROUND_HALF_UP))


def _known(*names: str) -> None:
    """A program that misspells a parameter must not be answered as if it had left it out."""
    problems = {name: Refusal("There is no such parameter.") for name in request.args.keys() - set(names)}
    if problems:
        raise WrongParameter(problems)
