"""What is paid for a loss: a waterfall from the loss to the payout, each step shown. Pure.

Source: domain notes, "Payout". Amounts are Decimal, rounded half-up to 0.01 once per step, and never below 0.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from models.contracts.rules import Traced, half_up
from models.products.states import WaterfallOrder

ZERO = Decimal("0.00")


class Stage(StrEnum):
    """The steps of the waterfall, in the default order."""

    ITEM_LIMIT = "item limit"
    DEPRECIATION = "depreciation"
    SALVAGE = "salvage"
    THIRD_PARTY = "third party"
    UNDER_INSURANCE = "under-insurance"
    DEDUCTIBLE = "deductible"
    SHARE = "share"
    LIMITS = "limits"


DEFAULT_ORDER = tuple(Stage)
_LOSS, (_DEDUCTIBLE, _SHARE, _LIMITS) = DEFAULT_ORDER[:-3], DEFAULT_ORDER[-3:]
ORDERS = {
    WaterfallOrder.DEDUCTIBLE_FIRST: DEFAULT_ORDER,
    WaterfallOrder.SHARE_FIRST: (*_LOSS, _SHARE, _DEDUCTIBLE, _LIMITS),
    WaterfallOrder.LIMITS_FIRST: (*_LOSS, _LIMITS, _DEDUCTIBLE, _SHARE),
}
"""The orders a product may choose from."""


def _from_0_up(facts: Any) -> None:
    for fact in fields(facts):
        value = getattr(facts, fact.name)
        if isinstance(value, Decimal) and (not value.is_finite() or value < 0):
            raise ValueError(f"{fact.name} is {value}; give an amount from 0 up")


@dataclass(frozen=True)
class LossItem:
    """One thing lost: its amount, the most that is paid for it, and the part of its value (0…1) used up."""

    amount: Decimal
    limit: Decimal | None = None
    depreciation: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse amounts below 0 and more than all used up."""
        _from_0_up(self)
        if self.depreciation > 1:
            raise ValueError(f"depreciation is {self.depreciation}; give it as a share from 0 to 1")


@dataclass(frozen=True)
class Loss:
    """What happened: the things lost, what the wreck is worth, what others pay, the value at risk."""

    items: tuple[LossItem, ...]
    salvage: Decimal = ZERO
    third_party: Decimal = ZERO
    value_at_risk: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse amounts below 0."""
        _from_0_up(self)


@dataclass(frozen=True)
class Cover:
    """What the product promises; None is no limit.

    `share` (0…1) is the insurer's part, `order` the product's own. A sum insured below the value at risk pays
    in proportion.
    """

    sum_insured: Decimal | None = None
    deductible: Decimal = ZERO
    share: Decimal = Decimal(1)
    per_claim: Decimal | None = None
    aggregate: Decimal | None = None
    order: tuple[Stage, ...] = DEFAULT_ORDER

    def __post_init__(self) -> None:
        """Refuse amounts below 0, a share above 1, an order that forgets, repeats or misplaces a stage."""
        _from_0_up(self)
        if self.share > 1:
            raise ValueError(f"share is {self.share}; give the insurer's part from 0 to 1")
        if sorted(self.order) != sorted(Stage):
            raise ValueError(f"the order must name each stage once: {', '.join(Stage)}")
        if set(self.order[: len(BY_ITEM)]) != set(BY_ITEM):
            raise ValueError(f"{' and '.join(BY_ITEM)} look at single items: put them first")


@dataclass(frozen=True)
class Earlier:
    """What has been used up before: of the deductible; of the aggregate, by payouts and by what is approved and not
    paid yet; and of all limits by earlier lines of the same claim.
    """

    deductible: Decimal = ZERO
    paid: Decimal = ZERO
    reserved: Decimal = ZERO
    claim: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse amounts below 0."""
        _from_0_up(self)


class Payout(NamedTuple):
    """The amount to pay, the deductible this claim has used up, and the steps that led there."""

    amount: Decimal
    deductible: Decimal
    trace: tuple[Traced, ...]


def payout(loss: Loss, cover: Cover, earlier: Earlier) -> Payout:
    """What `cover` pays for `loss`, by the stages in the product's order; a stage without terms is skipped.

    Hold a lock on the contract while `earlier` is read and the payout approved, or two claims may both take
    what is left of the aggregate.
    """
    parts = [half_up(item.amount) for item in loss.items]
    trace = [Traced("loss", " + ".join(map(str, parts)), sum(parts, ZERO))]
    for stage in cover.order:
        if stage in BY_ITEM:
            steps = [BY_ITEM[stage](part, item) for part, item in zip(parts, loss.items, strict=True)]
            if any(steps):
                parts = [step[1] if step else part for step, part in zip(steps, parts, strict=True)]
                shown = (step[0] if step else str(part) for step, part in zip(steps, parts, strict=True))
                trace.append(Traced(stage, " + ".join(shown), sum(parts, ZERO)))
        elif step := WHOLE[stage](trace[-1].amount, loss, cover, earlier):
            trace.append(Traced(stage, *step))
    used = (before.amount - after.amount for before, after in pairwise(trace) if after.step == Stage.DEDUCTIBLE)
    return Payout(trace[-1].amount, sum(used, ZERO), tuple(trace))


class Case(NamedTuple):
    """A line of a claim: the cover it falls under, by a name of the caller's, its loss, the terms."""

    under: Hashable
    loss: Loss
    cover: Cover


def settle(cases: Iterable[Case], earlier: Mapping[Hashable, Earlier]) -> tuple[Payout, ...]:
    """What is paid for each line of a claim, one after the other: each finds deductible and limits as those before it
    have left them. `earlier` is what other claims have used up of each cover.
    """
    used, paid = dict(earlier), []
    for case in cases:
        before = used.get(case.under, Earlier())
        found = payout(case.loss, case.cover, before)
        paid.append(found)
        used[case.under] = replace(
            before, deductible=before.deductible + found.deductible, claim=before.claim + found.amount
        )
    return tuple(paid)


Step = tuple[str, Decimal] | None
"""A formula and what it gives; None where the stage has no terms."""


def _limited(part: Decimal, item: LossItem) -> Step:
    return None if item.limit is None else (f"min({part}, {item.limit})", half_up(min(part, item.limit)))


def _depreciated(part: Decimal, item: LossItem) -> Step:
    if not item.depreciation:
        return None
    return f"{part} × (1 − {item.depreciation})", half_up(part * (1 - item.depreciation))


def _less(amount: Decimal, less: Decimal) -> Step:
    return (f"max(0, {amount} − {less})", half_up(max(amount - less, ZERO))) if less else None


def _under_insured(amount: Decimal, loss: Loss, cover: Cover, earlier: Earlier) -> Step:
    insured, at_risk = cover.sum_insured, loss.value_at_risk
    if insured is None or at_risk is None or insured >= at_risk:
        return None
    return f"{amount} × {insured}/{at_risk}", half_up(Fraction(amount) * Fraction(insured) / Fraction(at_risk))


def _deductible(amount: Decimal, loss: Loss, cover: Cover, earlier: Earlier) -> Step:
    return _less(amount, max(cover.deductible - earlier.deductible, ZERO))


def _insurers_share(amount: Decimal, loss: Loss, cover: Cover, earlier: Earlier) -> Step:
    return None if cover.share == 1 else (f"{amount} × {cover.share}", half_up(amount * cover.share))


def _limits(amount: Decimal, loss: Loss, cover: Cover, earlier: Earlier) -> Step:
    bounds, shown = [amount], [str(amount)]
    if cover.per_claim is not None:
        bounds.append(cover.per_claim - earlier.claim)
        shown.append(_without(cover.per_claim, earlier.claim))
    if cover.aggregate is not None:
        bounds.append(cover.aggregate - earlier.paid - earlier.reserved - earlier.claim)
        shown.append(_without(cover.aggregate, earlier.paid, earlier.reserved, earlier.claim))
    return (f"max(0, min({', '.join(shown)}))", half_up(max(min(bounds), ZERO))) if len(bounds) > 1 else None


def _without(limit: Decimal, *used: Decimal) -> str:
    return " − ".join(map(str, (limit, *filter(None, used))))


BY_ITEM: dict[Stage, Callable[[Decimal, LossItem], Step]] = {
    Stage.ITEM_LIMIT: _limited,
    Stage.DEPRECIATION: _depreciated,
}
WHOLE: dict[Stage, Callable[[Decimal, Loss, Cover, Earlier], Step]] = {
    Stage.SALVAGE: lambda amount, loss, cover, earlier: _less(amount, loss.salvage),
    Stage.THIRD_PARTY: lambda amount, loss, cover, earlier: _less(amount, loss.third_party),
    Stage.UNDER_INSURANCE: _under_insured,
    Stage.DEDUCTIBLE: _deductible,
    Stage.SHARE: _insurers_share,
    Stage.LIMITS: _limits,
}
