"""Renewal: what counts as renewed, the renewal rate, reminders and lapse, and who works which contract.

Source: domain notes, "Renewal rate" and "Allocation". Pure: days are those of the house's clock.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from heapq import heappop, heappush
from typing import NamedTuple

from app.schema.kinds import Choice
from models.contracts.rules import add_months, half_up

DASH = "—"

# Expiry, reminder, lapse


def successor_start_limit(expires_on: date, grace_days: int) -> date:
    """The last day on which a successor may start and still renew: expiry + 1 day + grace."""
    if grace_days < 0:
        raise ValueError(f"{grace_days} days of grace: give 0 or more")
    return expires_on + timedelta(days=1 + grace_days)


def lapses_on(expires_on: date, grace_days: int) -> date:
    """The day on which a contract without successor lapses: the day after expiry + grace."""
    return successor_start_limit(expires_on, grace_days)


def reminder_days(expires_on: date, due_on: date, offsets: Collection[int]) -> int | None:
    """Which of `offsets`, in days before expiry, falls on `due_on`; None if none does.

    An offset below 0 reminds after expiry.
    """
    before = (expires_on - due_on).days
    return before if before in offsets else None


def reminded_expiries(due_on: date, offsets: Collection[int]) -> dict[date, int]:
    """The days of expiry reminded of on `due_on`, each with its offset: the same rule, fit for a query."""
    return {due_on + timedelta(days=offset): offset for offset in sorted(offsets)}


# Renewal rate


def is_renewed(
    expires_on: date,
    successor_starts_on: date | None,
    successor_paid: bool,
    successor_voided: bool,
    grace_days: int,
) -> bool:
    """Whether a successor is linked (has a start), paid, not voided, and in time; grace 0 is on time."""
    if successor_starts_on is None or successor_voided or not successor_paid:
        return False
    return successor_starts_on <= successor_start_limit(expires_on, grace_days)


def cohort_of(expires_on: date) -> str:
    """The month of expiry, such as 2026-03, whenever it was paid."""
    return expires_on.isoformat()[:7]


def cohort_matured(cohort: str, grace_days: int, on: date) -> bool:
    """Whether the grace of the month's last day has passed before `on`: the rate will rise no more."""
    last_expiry = add_months(date.fromisoformat(f"{cohort}-01"), 1) - timedelta(days=1)
    return on >= lapses_on(last_expiry, grace_days)


class LeftOut(Choice):
    """Why an expiring contract is no case for renewal; such are left out of the rate and listed apart."""

    CANCELLED = "cancelled"
    OBJECT_GONE = "object_gone"
    NOT_RENEWABLE = "not_renewable"
    DECLINED_BY_US = "declined_by_us"


class Basis(StrEnum):
    """By what a renewal rate counts."""

    COUNT = "count"
    CUSTOMER = "customer"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class Successor:
    """The contract linked as the continuation of an expiring one."""

    starts_on: date
    premium: Decimal
    paid: bool
    voided: bool = False


@dataclass(frozen=True, slots=True)
class Expiring:
    """A contract of the cohort."""

    customer: Hashable
    expires_on: date
    premium: Decimal
    successor: Successor | None = None
    left_out: LeftOut | None = None

    def renewed(self, grace_days: int) -> bool:
        """Whether it counts as renewed."""
        new = self.successor
        return new is not None and is_renewed(self.expires_on, new.starts_on, new.paid, new.voided, grace_days)


@dataclass(frozen=True)
class Rate:
    """A renewal rate with the figures behind it; `left_out` counts contracts by reason, on every basis."""

    numerator: Decimal
    denominator: Decimal
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)

    @property
    def percent(self) -> Decimal | None:
        """100 · numerator / denominator to 0.01; None for an empty cohort. By premium it may pass 100."""
        return half_up(100 * Fraction(self.numerator) / Fraction(self.denominator)) if self.denominator else None

    def __str__(self) -> str:
        """Such as ``14.32 %``; a long dash, never 0, for an empty cohort."""
        return DASH if self.percent is None else f"{self.percent} %"


def renewal_rate(cohort: Iterable[Expiring], basis: Basis, grace_days: int) -> Rate:
    """The renewal rate of `cohort`; with grace 0 the on-time rate.

    A customer counts as renewed with at least one contract renewed. By premium, it is what the successors of
    renewed contracts cost over what all cases did.
    """
    cohort = list(cohort)
    left_out = Counter(case.left_out for case in cohort if case.left_out)
    cases = [case for case in cohort if not case.left_out]
    renewed = [case for case in cases if case.renewed(grace_days)]
    if basis is Basis.PREMIUM:
        kept = sum((case.successor.premium for case in renewed if case.successor), Decimal(0))
        return Rate(kept, sum((case.premium for case in cases), Decimal(0)), left_out)
    if basis is Basis.CUSTOMER:
        customers = {case.customer for case in cases}
        return Rate(Decimal(len({case.customer for case in renewed})), Decimal(len(customers)), left_out)
    return Rate(Decimal(len(renewed)), Decimal(len(cases)), left_out)


# Allocation

Key = str | int
EXACT = Context(prec=34, rounding=ROUND_HALF_UP)
MICRO = Decimal("0.000001")
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Weights:
    """α, β and γ of Load = α + β · premium/mean + γ · difficulty.

    `tolerance` is how far above the lowest load per capacity an owner may stand and keep an item, as a share
    of the fair load per capacity.
    """

    base: Decimal
    premium: Decimal
    difficulty: Decimal
    tolerance: Decimal

    def __post_init__(self) -> None:
        """Refuse weights below 0."""
        if min(self.base, self.premium, self.difficulty, self.tolerance) < 0:
            raise ValueError(f"{self}: weights and tolerance start at 0")


@dataclass(frozen=True, slots=True)
class Item:
    """An expiring contract to be worked.

    `owner` is who worked it last, or works it now when rebalancing; it is `touched` once the owner has begun.
    """

    key: Key
    premium: Decimal
    difficulty: Decimal = Decimal(0)
    owner: Key | None = None
    touched: bool = False

    def __post_init__(self) -> None:
        """Refuse an item touched by nobody."""
        if self.touched and self.owner is None:
            raise ValueError(f"item {self.key} is touched but has no owner; say who works it")


class Barred(StrEnum):
    """Why a person is given nothing."""

    ABSENT = "absent"
    UNLICENSED = "unlicensed"
    UNEXAMINED = "unexamined"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone to work the items.

    `hours` are the working hours present, 0 when absent; `carried` is load already on the desk that is not
    among the items.
    """

    key: Key
    hours: Decimal
    skill: Decimal = Decimal(1)
    carried: Decimal = Decimal(0)
    licensed: bool = True
    examined: bool = True

    @property
    def capacity(self) -> Decimal:
        """Working hours present × skill."""
        return self.hours * self.skill

    @property
    def barred(self) -> Barred | None:
        """The first reason to give this person nothing, if there is one."""
        if self.capacity <= 0:
            return Barred.ABSENT
        if not self.licensed:
            return Barred.UNLICENSED
        return None if self.examined else Barred.UNEXAMINED


class Reason(StrEnum):
    """Why an item is where it is."""

    OWNER_KEEPS = "owner_keeps"
    LOWEST_LOAD = "lowest_load"
    OWNER_BARRED = "owner_barred"
    OWNER_AHEAD = "owner_ahead"
    TOUCHED = "touched"
    NOBODY = "nobody"


class Assignment(NamedTuple):
    """Who gets an item, with which load and why; no person when there is nobody to give it to."""

    item: Key
    person: Key | None
    load: Decimal
    reason: Reason


class Portion(NamedTuple):
    """What one person holds of the items, and the load per capacity with what was carried; None if barred."""

    person: Key
    items: int
    value: Decimal
    ratio: Decimal | None
    barred: Barred | None


@dataclass(frozen=True)
class Allocation:
    """Assignments by falling load, and their balance, fit to be published."""

    assignments: tuple[Assignment, ...]
    portions: tuple[Portion, ...]

    @property
    def max_min_ratio(self) -> Decimal | None:
        """The highest load per capacity over the lowest; None when somebody, or everybody, has none."""
        ratios = [portion.ratio for portion in self.portions if portion.ratio is not None]
        lowest = min(ratios, default=NOTHING)
        return half_up(max(ratios) / lowest) if lowest else None


def allocate(items: Sequence[Item], people: Sequence[Person], weights: Weights) -> Allocation:
    """Give every item to somebody, fairly by load.

    The heaviest goes first, each to the lowest load per capacity (of equal ones the greatest capacity, then
    the first key), unless the previous owner stands within the tolerance of it. The same for any order of
    `items` and `people`. Raises ValueError for keys used twice and loads below 0.
    """
    with localcontext(EXACT):
        ordered = _by_load(items, weights)
        floor = _Floor(people, sum((load for _, load in ordered), NOTHING), weights.tolerance)
        return _published([_given(floor, item, load) for item, load in ordered], items, people, floor)


def rebalance(items: Sequence[Item], people: Sequence[Person], weights: Weights) -> Allocation:
    """Even out what people hold now, moving few items, and only untouched ones.

    Items of nobody, or of somebody barred, are given out first; then the most loaded hands over to the least,
    until they are within the tolerance or nothing fits. Touched items stay, even with somebody barred.
    """
    with localcontext(EXACT):
        ordered = _by_load(items, weights)
        working = {person.key for person in people if not person.barred}
        to_share = sum((load for item, load in ordered if not item.touched or item.owner in working), NOTHING)
        floor = _Floor(people, to_share, weights.tolerance)
        held: dict[Key, Assignment] = {}
        for item, load in ordered:
            if item.owner in working:
                floor.put(item.owner, load)
            if item.touched or item.owner in working:
                reason = Reason.TOUCHED if item.touched else Reason.OWNER_KEEPS
                held[item.key] = Assignment(item.key, item.owner, load, reason)
        for item, load in ordered:
            if item.key not in held:
                held[item.key] = _given(floor, item, load)
        owners = {item.key: item.owner for item in items}
        for key, person in _handed_over(floor, held.values()):
            reason = held[key].reason
            if person == owners[key]:
                reason = Reason.OWNER_KEEPS
            elif reason is Reason.OWNER_KEEPS:
                reason = Reason.OWNER_AHEAD
            held[key] = held[key]._replace(person=person, reason=reason)
        return _published([held[item.key] for item, _ in ordered], items, people, floor)


class _Floor:
    """The load per capacity of those who may work, as it changes, and the tolerance in the same unit."""

    def __init__(self, people: Sequence[Person], to_share: Decimal, tolerance: Decimal) -> None:
        if len({person.key for person in people}) < len(people):
            raise ValueError("two people have the same key; hand in each person once")
        working = [person for person in people if not person.barred]
        self.capacity = {person.key: person.capacity for person in working}
        self._load = {person.key: person.carried for person in working}
        self.ratio = {person.key: person.carried / person.capacity for person in working}
        self.band = tolerance * sum(self._load.values(), to_share) / (sum(self.capacity.values()) or 1)
        self._heap = sorted((self.ratio[key], -self.capacity[key], key) for key in self.ratio)

    def lowest(self) -> Key:
        """Who has the lowest load per capacity."""
        while self._heap[0][0] != self.ratio[self._heap[0][2]]:  # an entry from before a change
            heappop(self._heap)
        return self._heap[0][2]

    def put(self, key: Key, load: Decimal) -> None:
        """Add `load` to a person's; a negative one takes it off."""
        self._load[key] += load
        self.ratio[key] = self._load[key] / self.capacity[key]
        heappush(self._heap, (self.ratio[key], -self.capacity[key], key))


def _by_load(items: Sequence[Item], weights: Weights) -> list[tuple[Item, Decimal]]:
    """The items with their loads, heaviest first, equal ones by key."""
    if len({item.key for item in items}) < len(items):
        raise ValueError("two items have the same key; hand in each item once")
    mean = sum((item.premium for item in items), NOTHING) / (len(items) or 1)
    loads = []
    for item in items:
        by_value = weights.premium * item.premium / mean if mean else NOTHING
        load = (weights.base + by_value + weights.difficulty * item.difficulty).quantize(MICRO)
        if load < 0:
            raise ValueError(f"item {item.key} would weigh {load}; premium and difficulty start at 0")
        loads.append((item, load))
    return sorted(loads, key=lambda weighed: (-weighed[1], weighed[0].key))


def _given(floor: _Floor, item: Item, load: Decimal) -> Assignment:
    """Give one item to its owner within the tolerance, else to the least loaded."""
    if not floor.ratio:
        return Assignment(item.key, None, load, Reason.NOBODY)
    person = floor.lowest()
    if item.owner is None:
        reason = Reason.LOWEST_LOAD
    elif item.owner not in floor.ratio:
        reason = Reason.OWNER_BARRED
    elif floor.ratio[item.owner] <= floor.ratio[person] + floor.band:
        person, reason = item.owner, Reason.OWNER_KEEPS
    else:
        reason = Reason.OWNER_AHEAD
    floor.put(person, load)
    return Assignment(item.key, person, load, reason)


def _handed_over(floor: _Floor, held: Iterable[Assignment]) -> Iterator[tuple[Key, Key]]:
    """The moves, item and new owner, that bring the most and the least loaded within the tolerance.

    Each takes the item nearest to what would make the two equal, and leaves neither beyond where the other
    was: so the spread only shrinks, and the moves come to an end.
    """
    stock: dict[Key, list[tuple[Decimal, Key]]] = {key: [] for key in floor.ratio}
    for item, person, load, reason in held:
        if person in stock and reason is not Reason.TOUCHED and load:
            stock[person].append((load, item))
    for entries in stock.values():
        entries.sort()
    givers = set(stock)
    while givers:
        high, low = max(givers, key=lambda key: (floor.ratio[key], key)), floor.lowest()
        gap = floor.ratio[high] - floor.ratio[low]
        if gap <= floor.band:
            return
        here, there = floor.capacity[high], floor.capacity[low]
        at = _nearest(stock[high], wanted=gap * here * there / (here + there), below=gap * min(here, there))
        if at is None:
            givers.remove(high)
            continue
        load, item = stock[high].pop(at)
        insort(stock[low], (load, item))
        floor.put(high, -load)
        floor.put(low, load)
        yield item, low


def _nearest(entries: list[tuple[Decimal, Key]], wanted: Decimal, below: Decimal) -> int | None:
    """Where, among entries of rising load, the one nearest to `wanted` is; None if it would not be below `below`."""
    after = bisect_right(entries, wanted, key=lambda entry: entry[0])
    near = [at for at in (after - 1, after) if 0 <= at < len(entries) and entries[at][0] < below]
    return min(near, key=lambda at: abs(entries[at][0] - wanted), default=None)


def _published(
    assignments: list[Assignment], items: Sequence[Item], people: Sequence[Person], floor: _Floor
) -> Allocation:
    premium = {item.key: item.premium for item in items}
    count = Counter(assignment.person for assignment in assignments)
    value = dict.fromkeys((person.key for person in people), NOTHING)
    for assignment in assignments:
        if assignment.person in value:
            value[assignment.person] += premium[assignment.item]
    portions = []
    for person in sorted(people, key=lambda person: person.key):
        ratio = floor.ratio[person.key].quantize(MICRO) if person.key in floor.ratio else None
        portions.append(Portion(person.key, count[person.key], value[person.key], ratio, person.barred))
    return Allocation(tuple(assignments), tuple(portions))
