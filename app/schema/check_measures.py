"""Cross checks of measures declared by their parts."""

from collections.abc import Iterator

from sqlalchemy import Date, Integer, inspect
from sqlalchemy.sql import coercions, roles

from app.schema.measure import AnyMeasure, Measure, is_condition, is_distinct
from app.schema.registry import Registry
from app.schema.types import Exact


def faults_of(measure: AnyMeasure, registry: Registry) -> Iterator[str]:
    """What is wrong with one measure's declaration, each with its cure."""
    if measure.record not in registry:
        yield f"is of {measure.record!r}, which is no record: give it of=<a record>"
    elif isinstance(measure, Measure):
        yield from _faults_of_parts(measure, measure.of.__name__)
    if measure.unit == "%" and measure.counts:
        yield "is a percentage of nothing: give it a denominator=, or another unit"


def _faults_of_parts(measure: Measure, name: str) -> Iterator[str]:
    if measure.credited is None:
        yield f"is credited to nobody, for {name} has no owner: say whose=<a user's id>"
        return
    if not isinstance(measure.on.type, Date):
        yield f"falls on {measure.on}, which is no day: give it on=<a Day of {name}>, of a moment HouseDay(…)"
    if not is_condition(measure.where):
        yield f"is where {measure.where}, which is no condition: give it where=<a comparison>"
    for place in ("numerator", "denominator"):
        part = getattr(measure, place)
        if part is not None and not (is_condition(part) or is_distinct(part) or isinstance(part.type, Exact | Integer)):
            yield f"has the {place} {part}, which nothing can be counted by: a condition, a number or distinct(…)"
    there = {measure.of.__table__, *(inspect(record).local_table for record, _met in measure.joins)}
    for part in measure.parts:
        for table in coercions.expect(roles.ExpressionElementRole, part)._from_objects:
            if table not in there:
                yield f"looks at {table}, which it does not join: give it joins=((<its record>, <how it is met>),)"
