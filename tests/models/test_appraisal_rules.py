"""Appraisal: scores, totals and bonus as the domain notes define them, and what holds for any figures."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.appraisal.rules import (
    Band,
    Grade,
    Line,
    Total,
    annual_period,
    banded,
    bonus,
    grade_of,
    higher_is_better,
    lower_is_better,
    monthly_period,
    shrunk,
    total,
)

D = Decimal


# Scores


@pytest.mark.parametrize(
    ("actual", "target", "score"),
    [("45", "50", "90.00"), ("50", "50", "100.00"), ("0", "50", "0.00"), ("-5", "50", "0.00"),
     ("60", "50", "120.00"), ("75", "50", "120.00"), ("1", "3", "33.33"), ("2", "3", "66.67"),
     ("0.0005", "10", "0.01")],
)  # fmt: skip
def test_higher_is_better(actual: str, target: str, score: str) -> None:
    assert higher_is_better(D(actual), D(target)).amount == D(score)


@pytest.mark.parametrize(
    ("actual", "target", "score"),
    [("5", "5", "100.00"), ("4", "5", "120.00"), ("0", "5", "120.00"), ("6", "5", "80.00"), ("10", "5", "0.00"),
     ("12", "5", "0.00"), ("7", "6", "83.33")],
)  # fmt: skip
def test_lower_is_better(actual: str, target: str, score: str) -> None:
    assert lower_is_better(D(actual), D(target)).amount == D(score)


def test_a_score_shows_its_formula_and_whether_it_was_clamped() -> None:
    assert higher_is_better(D(45), D(50)) == ("higher is better", "100 × 45/50", D("90.00"))
    assert higher_is_better(D(75), D(50)).formula == "min(120, 100 × 75/50)"
    assert lower_is_better(D(12), D(5)).formula == "max(0, 100 × (2 − 12/5))"
    assert higher_is_better(D(60), D(50)).formula == "100 × 60/50"  # at the cap, not beyond
    assert lower_is_better(D(10), D(5)).formula == "100 × (2 − 10/5)"


def test_a_cap_of_the_departments_own() -> None:
    assert higher_is_better(D(75), D(50), cap=D(150)).amount == D("150.00")
    assert lower_is_better(D(0), D(5), cap=D(100)).amount == D("100.00")


@pytest.mark.parametrize("target", ["0", "-3"])
def test_a_target_lies_above_zero(target: str) -> None:
    for score in (higher_is_better, lower_is_better):
        with pytest.raises(ValueError, match="by bands"):
            score(D(5), D(target))


COMPLAINTS = (
    Band(None, D(110)),
    Band(D(1), D(100)),
    Band(D(3), D(60)),
    Band(D(6), D(-10)),
    Band(D(0), D(130)),
)


@pytest.mark.parametrize(
    ("actual", "score", "formula"),
    [("-1", "110.00", "-1 below all bands"), ("0", "120.00", "min(120, 0 ≥ 0)"),
     ("0.99", "120.00", "min(120, 0.99 ≥ 0)"),
     ("1", "100.00", "1 ≥ 1"), ("5", "60.00", "5 ≥ 3"), ("9", "0.00", "max(0, 9 ≥ 6)")],
)  # fmt: skip
def test_banded(actual: str, score: str, formula: str) -> None:
    assert banded(D(actual), COMPLAINTS) == ("banded", formula, D(score))


@pytest.mark.parametrize(
    "bands", [(), (Band(D(0), D(1)),), (Band(None, D(1)), Band(None, D(2))),
              (Band(None, D(1)), Band(D(0), D(1)), Band(D("0.0"), D(2)))]
)  # fmt: skip
def test_bands_cover_every_actual_once(bands: tuple[Band, ...]) -> None:
    with pytest.raises(ValueError, match=r"exactly one band|same value"):
        banded(D(5), bands)


decimals = st.decimals(-(10**6), 10**6, places=3)


@given(decimals, decimals, st.decimals("0.001", 10**6, places=3), st.decimals(0, 200, places=1))
def test_scores_are_clamped_and_run_the_right_way(one: Decimal, other: Decimal, target: Decimal, cap: Decimal) -> None:
    low, high = sorted((one, other))
    rising = [higher_is_better(actual, target, cap).amount for actual in (low, high)]
    falling = [lower_is_better(actual, target, cap).amount for actual in (low, high)]
    assert 0 <= rising[0] <= rising[1] <= cap
    assert cap >= falling[0] >= falling[1] >= 0


# Few ratings


def test_few_ratings_shrink_towards_the_prior() -> None:
    assert shrunk(2, D("5"), D("4.2")) == ("shrunk", "(2 × 5 + 5 × 4.2)/(2 + 5)", D("4.43"))
    assert shrunk(0, D("0"), D("4.2")).amount == D("4.20")
    assert shrunk(95, D("5"), D("4.2")).amount == D("4.96")
    assert shrunk(3, D("5"), D("4.2"), k=0).amount == D("5.00")


@pytest.mark.parametrize(("ratings", "k"), [(0, 0), (-1, 5), (5, -1)])
def test_shrinking_needs_something_to_go_by(ratings: int, k: int) -> None:
    with pytest.raises(ValueError, match="from 0 up"):
        shrunk(ratings, D(5), D(4), k)


@given(st.integers(0, 1000), decimals, decimals, st.integers(1, 50))
def test_a_shrunk_mean_lies_between_the_mean_and_the_prior(n: int, mean: Decimal, prior: Decimal, k: int) -> None:
    value = shrunk(n, mean, prior, k).amount
    hair = D("0.005")
    assert min(mean, prior) - hair <= value <= max(mean, prior) + hair


# Total


def lines(*weighted: tuple[int, str | None]) -> list[Line]:
    return [Line(f"k{n}", D(w), None if s is None else D(s)) for n, (w, s) in enumerate(weighted)]


def test_the_total_is_weighted() -> None:
    result = total(lines((50, "90"), (30, "110.5"), (20, "70")))
    assert result.score == D("92.15")
    assert result.formula == "(50 × 90 + 30 × 110.5 + 20 × 70)/(50 + 30 + 20)"
    assert not result.rescaled


def test_a_kpi_without_cases_is_left_out_and_shown_so() -> None:
    result = total(lines((50, "90"), (20, None), (10, "60"), (20, "75")))
    assert result.score == D("82.50")
    assert result.rescaled
    assert [line.counts for line in result.lines] == [D("62.50"), None, D("12.50"), D("25.00")]
    assert [line.weight for line in result.lines] == [D(50), D(20), D(10), D(20)]
    assert result.formula == "(50 × 90 + 10 × 60 + 20 × 75)/(50 + 10 + 20)"


def test_without_any_case_there_is_no_total() -> None:
    result = total(lines((60, None), (40, None)))
    assert (result.score, result.formula, result.rescaled) == (None, "—", True)


def test_the_total_is_rounded_once_from_the_weights_as_set() -> None:
    result = total(lines((20, "0"), (40, "119.99"), (40, None)))
    assert [line.counts for line in result.lines] == [D("33.33"), D("66.67"), None]
    assert result.score == D("79.99")  # with the weights shown it would be 80.00


def test_weights_that_do_not_sum_to_100_say_by_how_much() -> None:
    with pytest.raises(ValueError, match=r"sum to 95, not 100; change them by \+5"):
        total(lines((50, "90"), (45, "80")))
    with pytest.raises(ValueError, match=r"change them by -10"):
        total(lines((60, "90"), (50, None)))
    with pytest.raises(ValueError, match="sum to 0"):
        total([])
    with pytest.raises(ValueError, match="k1: give a weight above 0"):
        total(lines((100, "90"), (0, "80")))


@st.composite
def appraisals(draw: st.DrawFn) -> Total:
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=8)))
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    score = st.none() | st.decimals(0, 120, places=2)
    return total([Line(f"k{n}", D(weight), draw(score)) for n, weight in enumerate(weights)])


@given(appraisals())
def test_the_total_lies_among_the_scores_and_the_weights_that_count_sum_to_100(result: Total) -> None:
    scores = [line.score for line in result.lines if line.score is not None]
    counts = [line.counts for line in result.lines if line.counts is not None]
    assert len(scores) == len(counts)
    if not scores:
        assert result.score is None
        return
    assert result.score is not None
    assert min(scores) <= result.score <= max(scores)
    assert sum(counts) == 100
    if not result.rescaled:
        assert counts == [line.weight for line in result.lines]


# Grade and bonus

GRADES = (Grade("B", D(80), D("1.0")), Grade("A", D(95), D("1.235")), Grade("C", D(0), D("0.5")))


@pytest.mark.parametrize(("score", "name"), [("120", "A"), ("95", "A"), ("94.99", "B"), ("80", "B"), ("0", "C")])
def test_grades(score: str, name: str) -> None:
    assert grade_of(D(score), GRADES).name == name


def test_a_total_below_all_grades_says_what_to_add() -> None:
    with pytest.raises(ValueError, match="add one from 0"):
        grade_of(D(79), GRADES[:2])


def test_bonus() -> None:
    assert bonus(D("3000.50"), GRADES[1]) == ("bonus", "3000.50 × 1.235 (A)", D("3705.62"))


# Period


@pytest.mark.parametrize(
    ("due", "first", "last"),
    [("2026-03-02", "2026-02-01", "2026-02-28"), ("2024-03-01", "2024-02-01", "2024-02-29"),
     ("2026-01-04", "2025-12-01", "2025-12-31"), ("2026-07-31", "2026-06-01", "2026-06-30")],
)  # fmt: skip
def test_the_monthly_period_is_the_month_before(due: str, first: str, last: str) -> None:
    assert monthly_period(date.fromisoformat(due)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_the_annual_period_is_the_year_before() -> None:
    assert annual_period(date(2026, 1, 4)) == (date(2025, 1, 1), date(2025, 12, 31))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_months_follow_one_another_without_a_gap(due: date) -> None:
    period = monthly_period(due)
    assert period.last + timedelta(days=1) == due.replace(day=1)
    assert monthly_period(period.first).last == period.first - timedelta(days=1)


def test_a_moment_is_not_taken_for_the_day_due() -> None:
    for period in (monthly_period, annual_period):
        with pytest.raises(TypeError, match="house's clock"):
            period(datetime(2026, 1, 1, tzinfo=UTC))
