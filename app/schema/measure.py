"""Measures: a KPI declared once gives its figure, its drill-down and its appraisal line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.schema.registry import registry

Figures = Mapping[int | None, "Figure"]
"""Figures by user id; what is credited to nobody stands under None."""


@dataclass(frozen=True)
class Figure:
    """A measured value: `numerator` over `denominator` (1 for a plain count). No cases means no value."""

    numerator: Decimal
    denominator: Decimal

    @property
    def value(self) -> Decimal | None:
        """Numerator / denominator, unrounded; None without cases."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Measure:
    """A KPI over the period from `first` to `last` day inclusive.

    `figures` computes it for everybody in one grouped statement: ``(session, first, last) -> {user_id: Figure}``.
    `rows` gives the statement of the rows behind it, of record `record`: ``(user_id, first, last) -> Select``,
    all people's with None; it is run under the viewer's own access. `unit` is how its value is read; in "%" it is
    a hundred times the quotient. A plain count (`counts`) is 0 for whoever has no rows; anything else has no value.
    `definition` says in a sentence what is measured against what. Those not `prominent` are left off the front page.
    """

    name: str
    label: str
    record: str
    unit: str
    figures: Callable[[Any, date, date], Figures]
    rows: Callable[[int | None, date, date], Any]
    higher_is_better: bool = True
    counts: bool = False
    definition: str = ""
    prominent: bool = True

    def of(self, figures: Figures, user_id: int | None) -> Figure:
        """One person's figure among those of everybody or, with None, the figure of all together."""
        nothing = Figure(Decimal(0), Decimal(int(self.counts)))
        if user_id is not None:
            return figures.get(user_id, nothing)
        numerator = sum((figure.numerator for figure in figures.values()), Decimal(0))
        denominator = sum((figure.denominator for figure in figures.values()), Decimal(0))
        return Figure(numerator, nothing.denominator if self.counts else denominator)

    def figure(self, session: Any, user_id: int | None, first: date, last: date) -> Figure:
        """The figure of one person or, with None, of all together."""
        return self.of(self.figures(session, first, last), user_id)

    def reading(self, figure: Figure) -> Decimal | None:
        """The value in the measure's unit, unrounded; None without cases."""
        value = figure.value
        return value * 100 if value is not None and self.unit == "%" else value


def measure(declared: Measure) -> Measure:
    """Enter a measure in the registry."""
    registry.measures.add(declared.name, declared)
    return declared
