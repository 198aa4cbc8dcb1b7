"""Appraisal: scores of single KPIs, their weighted total, grade and bonus, and the period appraised. Pure.

Source: domain notes, "Appraisal". Scores are Decimal on a scale where 100 is the target, rounded half-up to
0.01 once per stored step. Actuals and targets may have any unit, the same for both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from models.contracts.rules import Traced, half_up

CAP = Decimal(120)
WHOLE = Decimal(100)
DASH = "—"

# Scores


def higher_is_better(actual: Decimal, target: Decimal, cap: Decimal = CAP) -> Traced:
    """100·a/t, clamped to 0…cap."""
    score = 100 * Fraction(actual) / _positive(target)
    return _clamped("higher is better", score, f"100 × {actual}/{target}", cap)


def lower_is_better(actual: Decimal, target: Decimal, cap: Decimal = CAP) -> Traced:
    """100·(2 − a/t), clamped to 0…cap."""
    score = 100 * (2 - Fraction(actual) / _positive(target))
    return _clamped("lower is better", score, f"100 × (2 − {actual}/{target})", cap)


class Band(NamedTuple):
    """The score of actuals from `at_least` up to the next band; None begins below all others."""

    at_least: Decimal | None
    score: Decimal


def banded(actual: Decimal, bands: Sequence[Band], cap: Decimal = CAP) -> Traced:
    """The score of the band that holds `actual`, clamped to 0…cap.

    Raises ValueError unless exactly one band is open below and no two begin at the same value.
    """
    starts = [band.at_least for band in bands]
    if starts.count(None) != 1:
        raise ValueError("give exactly one band without a lower bound, for all that lies below the others")
    if len(set(starts)) < len(starts):
        raise ValueError("two bands begin at the same value; keep one of them")
    reached = [(band.at_least, band.score) for band in bands if band.at_least is not None and band.at_least <= actual]
    if not reached:
        below = next(band for band in bands if band.at_least is None)
        return _clamped("banded", Fraction(below.score), f"{actual} below all bands", cap)
    start, score = max(reached)
    return _clamped("banded", Fraction(score), f"{actual} ≥ {start}", cap)


def _positive(target: Decimal) -> Fraction:
    if target <= 0:
        raise ValueError(f"the target is {target}: set one above 0, or score this KPI by bands")
    return Fraction(target)


def _clamped(step: str, score: Fraction, formula: str, cap: Decimal) -> Traced:
    if score < 0:
        return Traced(step, f"max(0, {formula})", half_up(Fraction(0)))
    if score > cap:
        return Traced(step, f"min({cap}, {formula})", half_up(cap))
    return Traced(step, formula, half_up(score))


def shrunk(ratings: int, mean: Decimal, prior: Decimal, k: int = 5) -> Traced:
    """(n·x̄ + k·μ)/(n + k): the mean of few customer ratings, drawn to `prior` as if k more had said so."""
    if ratings < 0 or k < 0 or ratings + k == 0:
        raise ValueError(f"{ratings} ratings with k = {k}: give both from 0 up, and at least one of them above 0")
    value = (ratings * Fraction(mean) + k * Fraction(prior)) / (ratings + k)
    return Traced("shrunk", f"({ratings} × {mean} + {k} × {prior})/({ratings} + {k})", half_up(value))


# Total


@dataclass(frozen=True)
class Line:
    """A KPI of the template, with its weight in per cent and its score; None when there were no cases."""

    kpi: str
    weight: Decimal
    score: Decimal | None


class Weighed(NamedTuple):
    """A KPI in the total: its weight as set, and as it counts (None: no cases, left out)."""

    kpi: str
    weight: Decimal
    counts: Decimal | None
    score: Decimal | None


@dataclass(frozen=True)
class Total:
    """Σws/Σw of the KPIs with cases, None when there are none; with the lines as they were weighed."""

    score: Decimal | None
    lines: tuple[Weighed, ...]

    @property
    def rescaled(self) -> bool:
        """Whether a KPI was left out, which is to be shown beside the total."""
        return any(line.counts is None for line in self.lines)

    @property
    def formula(self) -> str:
        """The total as a sum, with the weights as set; a long dash without cases."""
        scored = [line for line in self.lines if line.score is not None]
        above = " + ".join(f"{line.weight} × {line.score}" for line in scored)
        return f"({above})/({' + '.join(str(line.weight) for line in scored)})" if scored else DASH


def total(lines: Sequence[Line]) -> Total:
    """The total of an appraisal. Raises ValueError unless the weights are above 0 and sum to 100."""
    if wrong := [line.kpi for line in lines if line.weight <= 0]:
        raise ValueError(f"{', '.join(wrong)}: give a weight above 0, or take the KPI out of the template")
    weights = sum((line.weight for line in lines), Decimal(0))
    if weights != WHOLE:
        raise ValueError(f"the weights sum to {weights}, not 100; change them by {WHOLE - weights:+} in all")
    counted = [(line.weight, line.score) for line in lines if line.score is not None]
    sum_of_weights = sum(weight for weight, _ in counted)
    counts = iter(_rescaled([weight for weight, _ in counted]))
    weighed = tuple(
        Weighed(line.kpi, line.weight, None if line.score is None else next(counts), line.score) for line in lines
    )
    if not counted:
        return Total(None, weighed)
    points = sum(Fraction(weight) * Fraction(score) for weight, score in counted)
    return Total(half_up(points / Fraction(sum_of_weights)), weighed)


def _rescaled(weights: list[Decimal]) -> list[Decimal]:
    """The weights to a sum of 100; the last takes what rounding leaves."""
    shares = [half_up(100 * Fraction(weight) / Fraction(sum(weights))) for weight in weights[:-1]]
    return [*shares, half_up(WHOLE - sum(shares))] if weights else []


# Grade and bonus


class Grade(NamedTuple):
    """A grade for totals of `at_least` and more, with the coefficient of its bonus."""

    name: str
    at_least: Decimal
    coefficient: Decimal


def grade_of(score: Decimal, grades: Sequence[Grade]) -> Grade:
    """The highest grade that `score` reaches."""
    reached = [grade for grade in grades if grade.at_least <= score]
    if not reached:
        raise ValueError(f"no grade begins at or below {score}; add one from 0")
    return max(reached, key=lambda grade: grade.at_least)


def bonus(base: Decimal, grade: Grade) -> Traced:
    """Base × coefficient of the grade."""
    return Traced("bonus", f"{base} × {grade.coefficient} ({grade.name})", half_up(base * grade.coefficient))


# Period


class Period(NamedTuple):
    """The days appraised, both inclusive."""

    first: date
    last: date


def monthly_period(due: date) -> Period:
    """The month before the month of `due`, a day on the house's clock."""
    last = _day(due).replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)


def annual_period(due: date) -> Period:
    """The year before the year of `due`, a day on the house's clock."""
    year = _day(due).year - 1
    return Period(date(year, 1, 1), date(year, 12, 31))


def _day(due: date) -> date:
    if isinstance(due, datetime):  # in UTC the first of a month may still be the last of the month before
        raise TypeError(f"{due!r} is a moment; hand in the day on the house's clock")
    return due
