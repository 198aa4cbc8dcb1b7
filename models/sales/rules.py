"""The price of a quote, step by step. Pure. Source: domain notes, "Premium"."""

from decimal import Decimal
from fractions import Fraction

from models.contracts.rules import Traced, half_up


def quoted_premium(
    sum_insured: Decimal, rate: Decimal, discount: Decimal = Decimal(0), minimum: Decimal = Decimal(0)
) -> tuple[Traced, ...]:
    """The premium of a term: sum insured × rate, less the discount, at least the minimum; the last step is the price.

    `rate` and `discount` are per cent. Each step is rounded half-up to 0.01. Raises ValueError for what cannot be.
    """
    if sum_insured <= 0 or rate <= 0:
        raise ValueError(f"sum insured {sum_insured} at {rate} %: give both above 0")
    if not 0 <= discount < 100:
        raise ValueError(f"a discount of {discount} %: give it from 0 up to below 100")
    if minimum < 0:
        raise ValueError(f"a minimum of {minimum}: give it from 0 up")
    base = half_up(Fraction(sum_insured) * Fraction(rate) / 100)
    steps = [Traced("base", f"{sum_insured} × {rate} %", base)]
    if discount:
        less = half_up(Fraction(base) * (100 - Fraction(discount)) / 100)
        steps.append(Traced("discount", f"{base} × (100 − {discount}) %", less))
    if minimum > steps[-1].amount:
        steps.append(Traced("minimum", f"max({steps[-1].amount}, {minimum})", half_up(minimum)))
    return tuple(steps)
