"""Measures: a KPI declared once gives its figure, its drill-down and its appraisal line."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.schema.registry import registry


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
    """A KPI over the period from `first` to `last` day inclusive, for one person or, with None, for all.

    `figure` computes it in SQL by sets: ``(session, user_id, first, last) -> Figure``. `rows` gives the
    statement of the rows behind it: ``(user_id, first, last) -> Select``, of record `record`; it is run under
    the viewer's own access.
    """

    name: str
    label: str
    record: str
    unit: str
    figure: Callable[[Any, int | None, date, date], Figure]
    rows: Callable[[int | None, date, date], Any]
    higher_is_better: bool = True


def measure(declared: Measure) -> Measure:
    """Enter a measure in the registry."""
    registry.measures.add(declared.name, declared)
    return declared
