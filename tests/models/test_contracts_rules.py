"""Earning, refunds and instalments: the checks of the domain notes, and what must hold for any figures."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contracts.rules import (
    Cancellation,
    Method,
    RefundTerms,
    ShortRateRow,
    Term,
    add_months,
    by_mileage,
    by_table,
    earned,
    half_up,
    instalments,
    months_begun,
    pro_rata,
    refund,
    reverse_78,
    rule_of_78,
    short_rate,
)

D = Decimal
YEAR = Term(date(2026, 1, 1), date(2026, 12, 31))
AFTER_150_DAYS = date(2026, 5, 31)
FIVE_YEARS = Term(date(2021, 3, 10), date(2026, 3, 9))
AFTER_28_M_16_D = date(2023, 7, 26)
CASE = Cancellation(D(500), YEAR, AFTER_150_DAYS)
PRO_RATA = RefundTerms(Method.PRO_RATA)

money = st.decimals(0, 10**9, places=2)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
terms = st.builds(lambda start, length: Term(start, start + timedelta(days=length)), days, st.integers(0, 4000))
curves = st.sampled_from([Method.PRO_RATA, Method.RULE_OF_78, Method.REVERSE_78])


# Rounding


@given(st.decimals(-(10**9), 10**9, places=4))
def test_rounding_is_half_up_like_decimals_own(amount: Decimal) -> None:
    assert half_up(amount) == amount.quantize(D("0.01"), ROUND_HALF_UP)


def test_fractions_are_rounded_exactly() -> None:
    assert half_up(Fraction(1, 200)) == D("0.01")
    assert half_up(Fraction(1, 200) - Fraction(1, 10**40)) == D("0.00")
    assert half_up(Fraction(-1, 200)) == D("-0.01")
    with pytest.raises(ValueError, match="NaN"):
        half_up(D("NaN"))


# The term


def test_months_are_clamped_to_the_months_end_from_the_anchor() -> None:
    assert [add_months(date(2024, 1, 31), n) for n in (0, 1, 2, 3, 13, -2)] == [
        date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2025, 2, 28),
        date(2023, 11, 30),
    ]  # fmt: skip


def test_a_part_month_counts_as_used() -> None:
    start = date(2026, 1, 15)
    ends = {date(2026, 1, 15): 0, date(2026, 1, 16): 1, date(2026, 2, 15): 1, date(2026, 2, 16): 2}
    assert {end: months_begun(start, end) for end in ends} == ends


@given(days, days)
def test_months_begun_is_the_fewest_months_that_reach(one: date, other: date) -> None:
    start, end = sorted((one, other))
    months = months_begun(start, end)
    assert add_months(start, months) >= end
    assert months == 0 or add_months(start, months - 1) < end


def test_a_term_counts_both_its_first_and_its_last_day() -> None:
    assert (YEAR.days, YEAR.months) == (365, 12)
    assert FIVE_YEARS.months == 60
    assert Term(date(2026, 1, 1), date(2026, 1, 1)).days == 1
    with pytest.raises(ValueError, match="before it starts"):
        Term(date(2026, 1, 2), date(2026, 1, 1))


def test_what_is_used_stays_within_the_term() -> None:
    assert YEAR.days_used(AFTER_150_DAYS) == 150
    assert FIVE_YEARS.months_used(AFTER_28_M_16_D) == 29
    assert (YEAR.days_used(date(2025, 6, 1)), YEAR.months_used(date(2025, 6, 1))) == (0, 0)
    assert (YEAR.days_used(date(2028, 6, 1)), YEAR.months_used(date(2028, 6, 1))) == (365, 12)


# Shares, with the checks of the domain notes


def test_pro_rata_and_short_rate_of_150_days() -> None:
    assert half_up(500 * pro_rata(150, 365).value) == D("294.52")
    assert half_up(500 * short_rate(150, 365, D("0.9")).value) == D("265.07")


def test_rule_of_78_after_28_months_and_16_days() -> None:
    assert rule_of_78(29, 60).value == Fraction(496, 1830)
    assert half_up(400 * rule_of_78(29, 60).value) == D("108.42")


def test_reverse_78_earns_late() -> None:
    assert reverse_78(29, 60).value == 1 - Fraction(29 * 30, 60 * 61)
    assert reverse_78(29, 60).value > pro_rata(29, 60).value > rule_of_78(29, 60).value


def test_a_short_rate_table_is_read_by_its_first_row_that_reaches() -> None:
    table = (ShortRateRow(90, D("0.6")), ShortRateRow(30, D("0.8")))
    assert [by_table(used, table).value for used in (0, 30, 31, 90, 91)] == [
        Fraction(4, 5), Fraction(4, 5), Fraction(3, 5), Fraction(3, 5), 0,
    ]  # fmt: skip


def test_mileage_is_never_below_zero() -> None:
    assert by_mileage(25_000, 100_000).value == Fraction(3, 4)
    assert by_mileage(120_000, 100_000).value == 0
    assert by_mileage(0, 1).value == 1
    for driven, allowed in ((0, 0), (-1, 100)):
        with pytest.raises(ValueError, match="above 0"):
            by_mileage(driven, allowed)


@given(curves, terms, money)
def test_earning_runs_from_nothing_to_all(curve: Method, term: Term, premium: Decimal) -> None:
    assert earned(premium, curve, term, term.starts_on) == 0
    assert earned(premium, curve, term, term.expires_on + timedelta(days=1)) == premium


@given(curves, terms, money, days, st.integers(0, 500))
def test_earning_never_runs_back(curve: Method, term: Term, premium: Decimal, on: date, later: int) -> None:
    assert earned(premium, curve, term, on) <= earned(premium, curve, term, on + timedelta(days=later))


def test_earned_and_refunded_sum_to_the_premium() -> None:
    assert earned(D(500), Method.PRO_RATA, YEAR, AFTER_150_DAYS) + D("294.52") == 500
    assert earned(D(400), Method.RULE_OF_78, FIVE_YEARS, AFTER_28_M_16_D) + D("108.42") == 400


def test_a_short_rate_is_no_way_to_earn() -> None:
    with pytest.raises(ValueError, match="another curve"):
        earned(D(500), Method.SHORT_RATE, YEAR, AFTER_150_DAYS)


# Refunds


@pytest.mark.parametrize(
    ("case", "product", "amount"),
    [
        (CASE, PRO_RATA, "294.52"),
        (CASE, RefundTerms(Method.SHORT_RATE), "265.07"),
        (CASE, RefundTerms(Method.SHORT_RATE, short=(ShortRateRow(180, D("0.5")),)), "250.00"),
        (Cancellation(D(400), FIVE_YEARS, AFTER_28_M_16_D), RefundTerms(Method.RULE_OF_78), "108.42"),
        (Cancellation(D(400), FIVE_YEARS, AFTER_28_M_16_D), RefundTerms(Method.REVERSE_78), "304.92"),
        (replace(CASE, claims_paid=D(100)), RefundTerms(Method.PRO_RATA, fee=D("20.50")), "174.02"),
        (replace(CASE, claims_paid=D(290)), RefundTerms(Method.PRO_RATA, fee=D(20)), "0.00"),
        (replace(CASE, claims_paid=D(300)), PRO_RATA, "0.00"),
        # ended by us: pro rata, whatever the method
        (replace(CASE, ended_by_us=True), RefundTerms(Method.SHORT_RATE), "294.52"),
        # mileage: the worse of the two
        (replace(CASE, driven=90_000), RefundTerms(Method.PRO_RATA, mileage_allowed=100_000), "50.00"),
        (replace(CASE, driven=10_000), RefundTerms(Method.PRO_RATA, mileage_allowed=100_000), "294.52"),
        # free look: all of it, no fee, but not after a claim nor a day late
        (replace(CASE, free_look_until=AFTER_150_DAYS), RefundTerms(Method.SHORT_RATE, fee=D(20)), "500.00"),
        (replace(CASE, free_look_until=AFTER_150_DAYS, claimed=True), PRO_RATA, "294.52"),
        (replace(CASE, free_look_until=AFTER_150_DAYS, claims_paid=D("0.50")), PRO_RATA, "294.02"),
        (replace(CASE, free_look_until=AFTER_150_DAYS - timedelta(days=1)), PRO_RATA, "294.52"),
    ],
)
def test_refund(case: Cancellation, product: RefundTerms, amount: str) -> None:
    assert refund(case, product).amount == D(amount)


def test_a_refund_shows_how_it_came_about() -> None:
    case = Cancellation(D(400), FIVE_YEARS, AFTER_28_M_16_D, claims_paid=D(100))
    assert refund(case, RefundTerms(Method.RULE_OF_78, fee=D(20))).trace == (
        ("unearned", "400.00 × 31·32/(60·61)", D("108.42")),
        ("claims paid", "max(0, 108.42 − 100.00)", D("8.42")),
        ("fee", "max(0, 8.42 − 20.00)", D("0.00")),
    )
    assert refund(CASE, PRO_RATA).trace[0].formula == "500.00 × 215/365"
    assert refund(CASE, RefundTerms(Method.REVERSE_78)).trace[0].formula == "500.00 × (1 − 5·6/(12·13))"
    assert refund(replace(CASE, free_look_until=AFTER_150_DAYS), PRO_RATA).trace == (
        ("free look", "≤ 2026-05-31", D("500.00")),
    )


cases = st.builds(
    Cancellation,
    money,
    terms,
    days,
    money,
    st.booleans(),
    st.integers(0, 10**6),
    st.none() | days,
    st.booleans(),
)
products = st.builds(RefundTerms, st.sampled_from(Method), st.just(D("0.9")), money, st.none() | st.integers(1, 10**6))


@given(cases, products)
def test_a_refund_lies_between_nothing_and_what_was_paid(case: Cancellation, product: RefundTerms) -> None:
    result = refund(case, product)
    assert 0 <= result.amount <= case.paid
    assert result.amount == result.trace[-1].amount == half_up(result.amount)


def test_a_cover_limited_by_distance_asks_for_the_distance() -> None:
    with pytest.raises(ValueError, match="enter the distance"):
        refund(CASE, RefundTerms(Method.PRO_RATA, mileage_allowed=100_000))


@pytest.mark.parametrize("wrong", [D("1.1"), D("-0.1"), (), (ShortRateRow(30, D(2)),)])
def test_short_rates_are_shares(wrong: Decimal | tuple[ShortRateRow, ...]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        RefundTerms(Method.SHORT_RATE, wrong)


@pytest.mark.parametrize(("nothing_or_all", "amount"), [(D(0), "0.00"), (D(1), "294.52")])
def test_a_short_rate_may_be_nothing_or_all(nothing_or_all: Decimal, amount: str) -> None:
    assert refund(CASE, RefundTerms(Method.SHORT_RATE, nothing_or_all)).amount == D(amount)


def test_amounts_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        RefundTerms(Method.PRO_RATA, fee=D(-1))
    with pytest.raises(ValueError, match="from 0 up"):
        replace(CASE, paid=D(-1))
    with pytest.raises(ValueError, match="from 0 up"):
        replace(CASE, claims_paid=D(-1))


# Instalments


def test_odd_cents_go_to_the_last_instalment() -> None:
    parts = instalments(D("100.00"), 3, date(2026, 1, 31))
    assert parts == (
        (1, date(2026, 1, 31), D("33.33")),
        (2, date(2026, 2, 28), D("33.33")),
        (3, date(2026, 3, 31), D("33.34")),
    )


def test_quarterly_instalments() -> None:
    parts = instalments(D("400.00"), 4, date(2025, 11, 30), every_months=3)
    assert [part.due_on for part in parts] == [
        date(2025, 11, 30), date(2026, 2, 28), date(2026, 5, 30), date(2026, 8, 30),
    ]  # fmt: skip


@given(money, st.integers(1, 400), days, st.integers(1, 12))
def test_instalments_sum_to_the_whole(total: Decimal, count: int, anchor: date, every: int) -> None:
    parts = instalments(total, count, anchor, every)
    amounts = [part.amount for part in parts]
    assert sum(amounts) == total
    assert len(set(amounts[:-1])) <= 1
    assert 0 <= amounts[-1] - amounts[0] < D("0.01") * count
    assert [part.due_on for part in parts] == [add_months(anchor, i * every) for i in range(count)]


@pytest.mark.parametrize(("total", "count", "every"), [("100", 0, 1), ("100", 3, 0), ("-100", 3, 1), ("100.005", 3, 1)])
def test_what_cannot_be_paid_in_parts_is_refused(total: str, count: int, every: int) -> None:
    with pytest.raises(ValueError, match=r"at least 1|whole cents"):
        instalments(D(total), count, date(2026, 1, 1), every)
