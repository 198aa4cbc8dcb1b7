"""Money over a contract's term: what is earned, what goes back, what is due when. Pure.

Source: domain notes, "Earning and refund" and, for instalments, "Premium". Shares are exact fractions; money
is rounded half-up to 0.01 once per stored step, and every refund keeps its trace.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

ZERO = Decimal("0.00")


def half_up(amount: Decimal | Fraction) -> Decimal:
    """`amount` to 0.01, a half away from zero; exact also for fractions. Raises for NaN and infinity."""
    above, below = amount.as_integer_ratio()
    cents = (200 * abs(above) + below) // (2 * below)
    return Decimal(cents if above >= 0 else -cents).scaleb(-2)


class Traced(NamedTuple):
    """A step of a computation, to be shown: what was done, with which figures, and what came of it."""

    step: str
    formula: str
    amount: Decimal


# The term


def add_months(anchor: date, months: int) -> date:
    """`anchor` + `months`, the day clamped to the month's end: 31 January + 1 is 28 or 29 February."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def months_begun(start: date, end: date) -> int:
    """Months from `start` to `end`; a part month counts as a whole one."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months + (add_months(start, months) < end)


@dataclass(frozen=True)
class Term:
    """The days of cover, `expires_on` being the last. `on` is always the first day no longer covered."""

    starts_on: date
    expires_on: date

    def __post_init__(self) -> None:
        """Refuse a term that ends before it starts."""
        if self.expires_on < self.starts_on:
            raise ValueError(f"the term expires on {self.expires_on}, before it starts on {self.starts_on}")

    @property
    def days(self) -> int:
        """N, the days of the whole term."""
        return (self.expires_on - self.starts_on).days + 1

    @property
    def months(self) -> int:
        """n, the months of the whole term, a part month counting as one."""
        return months_begun(self.starts_on, self.expires_on + timedelta(days=1))

    def days_used(self, on: date) -> int:
        """d, the days of cover before `on`, within 0…N."""
        return min(max((on - self.starts_on).days, 0), self.days)

    def months_used(self, on: date) -> int:
        """k, the months begun before `on`, within 0…n."""
        return min(max(months_begun(self.starts_on, on), 0), self.months)


# Shares not yet earned


class Share(NamedTuple):
    """A share of the price, exact, and how it came about."""

    value: Fraction
    formula: str


class Method(StrEnum):
    """How cover is earned over the term, or a refund reckoned; the two are separate settings of a product."""

    PRO_RATA = "pro_rata"
    SHORT_RATE = "short_rate"
    RULE_OF_78 = "rule_of_78"
    REVERSE_78 = "reverse_78"


class ShortRateRow(NamedTuple):
    """Of a short-rate table: when at most `days` are used, the share `refund` (0…1) goes back."""

    days: int
    refund: Decimal


def pro_rata(days_used: int, days: int) -> Share:
    """U = (N−d)/N."""
    return Share(Fraction(days - days_used, days), f"{days - days_used}/{days}")


def short_rate(days_used: int, days: int, factor: Decimal) -> Share:
    """U = factor · (N−d)/N, by default of the trade 0.9."""
    value, formula = pro_rata(days_used, days)
    return Share(Fraction(factor) * value, f"{factor} × {formula}")


def by_table(days_used: int, table: tuple[ShortRateRow, ...]) -> Share:
    """The share of the first row that reaches `days_used`; nothing after the last."""
    for row in sorted(table):
        if days_used <= row.days:
            return Share(Fraction(row.refund), f"{row.refund} (≤ {row.days} d)")
    return Share(Fraction(0), f"0 (> {max(row.days for row in table)} d)")


def rule_of_78(months_used: int, months: int) -> Share:
    """U = r(r+1) / (n(n+1)) with r = n−k: early months earn most."""
    left = months - months_used
    formula = f"{left}·{left + 1}/({months}·{months + 1})"
    return Share(Fraction(left * (left + 1), months * (months + 1)), formula)


def reverse_78(months_used: int, months: int) -> Share:
    """U = 1 − k(k+1) / (n(n+1)): late months earn most, as an extended warranty is used."""
    earned_part = Fraction(months_used * (months_used + 1), months * (months + 1))
    return Share(1 - earned_part, f"(1 − {months_used}·{months_used + 1}/({months}·{months + 1}))")


def by_mileage(driven: int, allowed: int) -> Share:
    """The share of the allowed distance not yet driven, never below 0; both in the same unit."""
    if allowed <= 0 or driven < 0:
        raise ValueError(f"{driven} driven of {allowed} allowed: give a distance allowed above 0, driven from 0")
    left = max(allowed - driven, 0)
    return Share(Fraction(left, allowed), f"{left}/{allowed}")


def unearned(method: Method, term: Term, on: date, short: Decimal | tuple[ShortRateRow, ...]) -> Share:
    """U, the share of the term not yet earned when cover ends on `on`.

    `short` is used by `SHORT_RATE` alone: a factor on pro rata, or a table.
    """
    match method:
        case Method.PRO_RATA:
            return pro_rata(term.days_used(on), term.days)
        case Method.RULE_OF_78:
            return rule_of_78(term.months_used(on), term.months)
        case Method.REVERSE_78:
            return reverse_78(term.months_used(on), term.months)
        case Method.SHORT_RATE if isinstance(short, Decimal):
            return short_rate(term.days_used(on), term.days, short)
        case Method.SHORT_RATE:
            return by_table(term.days_used(on), short)


def earned(premium: Decimal, curve: Method, term: Term, on: date) -> Decimal:
    """The premium earned before `on`, to 0.01; the rest of `premium` is its reserve: the two sum to it."""
    if curve is Method.SHORT_RATE:
        raise ValueError("a short rate is a deduction from refunds, not a way to earn; choose another curve")
    return half_up(premium) - half_up(Fraction(premium) * unearned(curve, term, on, ()).value)


# Refund


@dataclass(frozen=True)
class RefundTerms:
    """What the product says of cancelling: method, short rate, fee, and the distance allowed if any."""

    method: Method
    short: Decimal | tuple[ShortRateRow, ...] = Decimal("0.9")
    fee: Decimal = ZERO
    mileage_allowed: int | None = None

    def __post_init__(self) -> None:
        """Refuse shares outside 0…1, an empty table and a negative fee."""
        shares = (self.short,) if isinstance(self.short, Decimal) else tuple(row.refund for row in self.short)
        if not shares or not all(0 <= share <= 1 for share in shares):
            raise ValueError("give the short rate as a factor or table rows, with shares from 0 to 1")
        if self.fee < 0:
            raise ValueError(f"the fee {self.fee} is negative; a fee is taken off, so write it above zero")


@dataclass(frozen=True)
class Cancellation:
    """The facts of one case.

    `on` is the day of cancelling, the first no longer covered; `free_look_until` the last day of the
    free-look period; `claimed` whether there is any claim, paid or not; `driven` the distance so far, in the
    unit of `mileage_allowed`.
    """

    paid: Decimal
    term: Term
    on: date
    claims_paid: Decimal = ZERO
    claimed: bool = False
    driven: int | None = None
    free_look_until: date | None = None
    ended_by_us: bool = False

    def __post_init__(self) -> None:
        """Refuse amounts below zero."""
        if self.paid < 0 or self.claims_paid < 0:
            raise ValueError(f"paid {self.paid}, claims paid {self.claims_paid}: give both from 0 up")


class Refund(NamedTuple):
    """What goes back to the customer, and the steps that led there."""

    amount: Decimal
    trace: tuple[Traced, ...]


def refund(case: Cancellation, terms: RefundTerms) -> Refund:
    """max(0, P·U − claims paid − fee), U from the worse of time and mileage.

    Within the free-look period all that was paid goes back, if nothing was claimed. When we end the contract,
    U is pro rata whatever the product says.
    """
    paid = half_up(case.paid)
    claimed = case.claimed or case.claims_paid > 0
    if case.free_look_until and case.on <= case.free_look_until and not claimed:
        return Refund(paid, (Traced("free look", f"≤ {case.free_look_until}", paid),))
    method = Method.PRO_RATA if case.ended_by_us else terms.method
    share = unearned(method, case.term, case.on, terms.short)
    if terms.mileage_allowed is not None:
        if case.driven is None:
            raise ValueError("the cover is limited by distance: enter the distance driven")
        share = min(share, by_mileage(case.driven, terms.mileage_allowed), key=lambda share: share.value)
    amount = half_up(Fraction(paid) * share.value)
    trace = [Traced("unearned", f"{paid} × {share.formula}", amount)]
    for step, less in (("claims paid", half_up(case.claims_paid)), ("fee", half_up(terms.fee))):
        if less:
            left = max(amount - less, ZERO)
            trace.append(Traced(step, f"max(0, {amount} − {less})", left))
            amount = left
    return Refund(amount, tuple(trace))


# Instalments


class Instalment(NamedTuple):
    """One part of a price: its number from 1, the day it is due, the amount."""

    number: int
    due_on: date
    amount: Decimal


def instalments(total: Decimal, count: int, anchor: date, every_months: int = 1) -> tuple[Instalment, ...]:
    """`total` in `count` parts, the first due on `anchor`; odd cents go to the last.

    Days are clamped to the month's end from the anchor, so that a 31st comes back after February.
    """
    if count < 1 or every_months < 1:
        raise ValueError(f"{count} parts, one every {every_months} months: give at least 1 of each")
    if total < 0 or total != half_up(total):
        raise ValueError(f"{total} cannot be paid: give an amount from 0 up in whole cents")
    cents, odd = divmod(int(total * 100), count)
    parts = [cents] * (count - 1) + [cents + odd]
    return tuple(
        Instalment(i + 1, add_months(anchor, i * every_months), Decimal(part).scaleb(-2))
        for i, part in enumerate(parts)
    )
