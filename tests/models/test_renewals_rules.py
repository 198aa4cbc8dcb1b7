"""Renewal: the definitions of the domain notes case by case, and what allocation promises for any floor."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.renewals.rules import (
    Allocation,
    Barred,
    Basis,
    Expiring,
    Item,
    LeftOut,
    Person,
    Rate,
    Reason,
    Successor,
    Weights,
    allocate,
    cohort_matured,
    cohort_of,
    is_renewed,
    lapses_on,
    rebalance,
    reminded_expiries,
    reminder_days,
    renewal_rate,
    successor_start_limit,
)

D = Decimal
EXPIRY = date(2026, 3, 31)


# Expiry, reminder, lapse


def test_a_successor_starts_at_the_latest_on_expiry_plus_a_day_plus_grace() -> None:
    assert successor_start_limit(EXPIRY, 0) == date(2026, 4, 1)
    assert successor_start_limit(EXPIRY, 30) == date(2026, 5, 1)
    with pytest.raises(ValueError, match="0 or more"):
        successor_start_limit(EXPIRY, -1)


def test_a_contract_lapses_the_day_after_expiry_and_grace() -> None:
    assert lapses_on(EXPIRY, 0) == date(2026, 4, 1)
    assert lapses_on(EXPIRY, 30) == date(2026, 5, 1)


@pytest.mark.parametrize(
    ("on", "offset"),
    [("2026-03-01", 30), ("2026-03-16", 15), ("2026-03-24", 7), ("2026-03-30", 1), ("2026-03-31", None),
     ("2026-03-02", None), ("2026-02-28", None), ("2026-04-05", -5)],
)  # fmt: skip
def test_reminders_fall_on_their_day_and_no_other(on: str, offset: int | None) -> None:
    assert reminder_days(EXPIRY, date.fromisoformat(on), (30, 15, 7, 1, -5)) == offset


@given(st.dates(), st.sets(st.integers(-30, 60)), st.integers(-40, 70))
def test_the_query_for_reminders_follows_the_same_rule(expires_on: date, offsets: set[int], ahead: int) -> None:
    try:
        due_on = expires_on - timedelta(days=ahead)
        expiries = reminded_expiries(due_on, offsets)
    except OverflowError:  # at the ends of the calendar
        return
    assert expiries.get(expires_on) == reminder_days(expires_on, due_on, offsets)


# Renewal rate


@pytest.mark.parametrize(
    ("starts_on", "paid", "voided", "grace", "renewed"),
    [
        (date(2026, 4, 1), True, False, 0, True),
        (date(2026, 2, 1), True, False, 0, True),  # renewed early
        (date(2026, 4, 2), True, False, 0, False),
        (date(2026, 5, 1), True, False, 30, True),
        (date(2026, 5, 2), True, False, 30, False),
        (date(2026, 4, 1), False, False, 30, False),
        (date(2026, 4, 1), True, True, 30, False),
        (None, True, False, 30, False),
    ],
)
def test_renewed(starts_on: date | None, paid: bool, voided: bool, grace: int, renewed: bool) -> None:
    assert is_renewed(EXPIRY, starts_on, paid, voided, grace) is renewed


def test_a_cohort_is_the_month_of_expiry() -> None:
    assert (cohort_of(date(2026, 3, 1)), cohort_of(EXPIRY)) == ("2026-03", "2026-03")


def test_a_cohort_matures_when_the_grace_of_its_last_day_has_passed() -> None:
    assert not cohort_matured("2026-02", 30, date(2026, 3, 30))
    assert cohort_matured("2026-02", 30, date(2026, 3, 31))
    assert cohort_matured("2025-12", 0, date(2026, 1, 1))
    assert not cohort_matured("2025-12", 0, date(2025, 12, 31))


IN_TIME = Successor(date(2026, 4, 1), D(1500), paid=True)
LATE = Successor(date(2026, 4, 20), D(900), paid=True)
COHORT = (
    Expiring("Chen", EXPIRY, D(1000), IN_TIME),
    Expiring("Chen", EXPIRY, D(500)),
    Expiring("Liu", EXPIRY, D(800), LATE),
    Expiring("Wu", EXPIRY, D(700), replace(IN_TIME, paid=False)),
    Expiring("Sun", EXPIRY, D(9999), IN_TIME, LeftOut.CANCELLED),
    Expiring("He", EXPIRY, D(9999), None, LeftOut.OBJECT_GONE),
    Expiring("Qi", EXPIRY, D(9999), None, LeftOut.CANCELLED),
)


@pytest.mark.parametrize(
    ("basis", "grace", "numerator", "denominator", "shown"),
    [
        (Basis.COUNT, 30, 2, 4, "50.00 %"),
        (Basis.COUNT, 0, 1, 4, "25.00 %"),
        (Basis.CUSTOMER, 30, 2, 3, "66.67 %"),
        (Basis.CUSTOMER, 0, 1, 3, "33.33 %"),
        (Basis.PREMIUM, 30, 2400, 3000, "80.00 %"),
        (Basis.PREMIUM, 0, 1500, 3000, "50.00 %"),
    ],
)
def test_the_rate_by_basis(basis: Basis, grace: int, numerator: int, denominator: int, shown: str) -> None:
    rate = renewal_rate(COHORT, basis, grace)
    assert (rate.numerator, rate.denominator, str(rate)) == (D(numerator), D(denominator), shown)
    assert rate.left_out == {LeftOut.CANCELLED: 2, LeftOut.OBJECT_GONE: 1}


def test_by_premium_a_rate_may_pass_100() -> None:
    assert renewal_rate(COHORT[:1], Basis.PREMIUM, 30).percent == D("150.00")


@pytest.mark.parametrize("basis", Basis)
def test_an_empty_cohort_has_no_rate_rather_than_0(basis: Basis) -> None:
    for cohort in ((), COHORT[4:]):
        rate = renewal_rate(cohort, basis, 30)
        assert rate.percent is None
        assert str(rate) == "—"
    assert str(Rate(D(0), D(5))) == "0.00 %"


@pytest.mark.parametrize(
    ("renewed", "due", "shown"), [(1308, 9134, "14.32 %"), (756, 4898, "15.43 %"), (1, 800, "0.13 %")]
)
def test_a_rate_is_shown_to_a_hundredth_of_a_per_cent(renewed: int, due: int, shown: str) -> None:
    assert str(Rate(D(renewed), D(due))) == shown


# Allocation

BY_COUNT = Weights(D(1), D(0), D(0), tolerance=D(0))
BY_VALUE = Weights(D(0), D(1), D(0), tolerance=D(0))
MIXED = Weights(D(1), D(1), D("0.5"), tolerance=D("0.1"))
AN, BO, CI = (Person(key, D(160)) for key in ("An", "Bo", "Ci"))


def held_by(result: Allocation) -> dict[str | int, str | int | None]:
    return {assignment.item: assignment.person for assignment in result.assignments}


def reasons(result: Allocation) -> dict[str | int, Reason]:
    return {assignment.item: assignment.reason for assignment in result.assignments}


def valued(*premiums: int, owner: str | None = None) -> list[Item]:
    return [Item(n, D(premium), owner=owner) for n, premium in enumerate(premiums)]


def test_allocation_is_fair_by_value_not_only_by_count() -> None:
    result = allocate(valued(900, 300, 300, 300), [AN, BO], BY_VALUE)
    assert held_by(result) == {0: "An", 1: "Bo", 2: "Bo", 3: "Bo"}
    assert [(p.person, p.items, p.value) for p in result.portions] == [("An", 1, D(900)), ("Bo", 3, D(900))]
    assert result.max_min_ratio == D("1.00")


def test_load_weighs_count_premium_and_difficulty() -> None:
    items = [Item(1, D(300), D(2)), Item(2, D(100), D(0))]
    result = allocate(items, [AN], Weights(D("0.5"), D(2), D("0.25"), D(0)))
    # the mean premium is 200: 0.5 + 2·1.5 + 0.25·2 and 0.5 + 2·0.5
    assert [(a.item, a.load) for a in result.assignments] == [(1, D(4)), (2, D("1.5"))]


def test_capacity_is_hours_times_skill() -> None:
    people = [AN, replace(BO, hours=D(80)), replace(CI, skill=D("1.5"))]
    result = allocate(valued(*[100] * 90), people, BY_COUNT)
    assert [p.items for p in result.portions] == [30, 15, 45]
    assert {p.ratio for p in result.portions} == {D("0.1875")}


def test_of_people_equally_loaded_the_greatest_capacity_comes_first_then_the_key() -> None:
    assert held_by(allocate(valued(100), [AN, replace(BO, hours=D(170))], BY_COUNT)) == {0: "Bo"}
    assert held_by(allocate(valued(100), [BO, AN], BY_COUNT)) == {0: "An"}


def test_what_is_on_the_desk_already_counts() -> None:
    result = allocate(valued(100, 100, 100), [replace(AN, carried=D(3)), BO], BY_COUNT)
    assert [p.items for p in result.portions] == [0, 3]
    assert result.max_min_ratio == D("1.00")


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (replace(BO, hours=D(0)), Barred.ABSENT),
        (replace(BO, licensed=False), Barred.UNLICENSED),
        (replace(BO, examined=False), Barred.UNEXAMINED),
    ],
)
def test_the_barred_get_nothing(person: Person, why: Barred) -> None:
    result = allocate(valued(100, 100, owner="Bo"), [AN, person], MIXED)
    assert set(held_by(result).values()) == {"An"}
    assert set(reasons(result).values()) == {Reason.OWNER_BARRED}
    assert [(p.items, p.ratio, p.barred) for p in result.portions][1] == (0, None, why)


def test_an_hour_present_is_enough_to_be_given_something() -> None:
    assert held_by(allocate(valued(100), [replace(AN, hours=D("0.5"))], MIXED)) == {0: "An"}


def test_without_anybody_items_stay_unassigned_and_say_so() -> None:
    for people in ([], [replace(AN, hours=D(0))]):
        result = allocate(valued(100), people, MIXED)
        assert result.assignments == ((0, None, D(2), Reason.NOBODY),)
        assert result.max_min_ratio is None


def test_no_ratio_where_somebody_has_nothing() -> None:
    assert allocate(valued(100), [AN, BO], BY_COUNT).max_min_ratio is None


def test_the_previous_owner_keeps_within_the_tolerance_and_not_beyond() -> None:
    items = [*valued(*[100] * 18, owner="Bo"), Item(18, D(100)), Item(19, D(100), owner="gone")]
    result = allocate(items, [AN, BO], replace(BY_COUNT, tolerance=D("0.2")))
    # the fair share is 10 items, so Bo takes his next one while at most 2 ahead of An
    keeps, ahead = Reason.OWNER_KEEPS, Reason.OWNER_AHEAD
    assert [reasons(result)[n] for n in range(8)] == [keeps, keeps, keeps, ahead, keeps, ahead, keeps, ahead]
    assert (reasons(result)[18], reasons(result)[19]) == (Reason.LOWEST_LOAD, Reason.OWNER_BARRED)
    assert [p.items for p in result.portions] == [10, 10]


def test_without_tolerance_an_owner_keeps_only_what_is_even() -> None:
    result = allocate(valued(*[100] * 10, owner="Bo"), [AN, BO], BY_COUNT)
    assert [p.items for p in result.portions] == [5, 5]


def test_items_without_premium_weigh_the_same() -> None:
    result = allocate(valued(0, 0), [AN, BO], BY_VALUE)
    assert [a.load for a in result.assignments] == [0, 0]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="two items"):
        allocate([Item(1, D(1)), Item(1, D(2))], [AN], MIXED)
    with pytest.raises(ValueError, match="two people"):
        allocate(valued(1), [AN, AN], MIXED)
    with pytest.raises(ValueError, match="item 0 would weigh"):
        allocate(valued(-500, 1000), [AN], MIXED)
    with pytest.raises(ValueError, match="start at 0"):
        replace(MIXED, tolerance=D("-0.1"))
    with pytest.raises(ValueError, match="say who works it"):
        Item(1, D(1), touched=True)


# Rebalancing


def test_rebalancing_evens_out_with_as_few_moves_as_will_do() -> None:
    items = [*valued(*[100] * 9, owner="An"), Item(9, D(100), owner="Bo")]
    result = rebalance(items, [AN, BO], BY_COUNT)
    assert [p.items for p in result.portions] == [5, 5]
    assert sorted(reasons(result).values()) == ["owner_ahead"] * 4 + ["owner_keeps"] * 6


def test_one_move_of_the_right_item_beats_many() -> None:
    result = rebalance(valued(400, 300, 200, 100, owner="An"), [AN, BO], BY_VALUE)
    assert sorted(p.value for p in result.portions) == [500, 500]
    assert list(held_by(result).values()).count("Bo") <= 2


def test_the_item_handed_over_is_the_one_nearest_to_what_evens_out() -> None:
    half_day = replace(BO, hours=D(80))
    by_capacity = rebalance(valued(300, 200, 100, owner="An"), [AN, half_day], BY_VALUE)
    assert held_by(by_capacity) == {0: "An", 1: "Bo", 2: "An"}
    rather_too_much = rebalance(valued(400, 260, 10, owner="An"), [AN, BO], BY_VALUE)
    assert held_by(rather_too_much) == {0: "Bo", 1: "An", 2: "An"}


def test_an_item_that_would_only_change_desks_stays() -> None:
    assert held_by(rebalance(valued(100, owner="An"), [AN, BO], BY_COUNT)) == {0: "An"}


def test_items_without_load_stay_and_do_not_hide_the_others() -> None:
    result = rebalance([*valued(300, 200, 0, owner="An"), Item(3, D(100), owner="Bo")], [AN, BO], BY_VALUE)
    assert held_by(result) == {0: "An", 1: "Bo", 2: "An", 3: "Bo"}


def test_the_tolerance_is_of_what_there_is_to_share() -> None:
    shared = [Item(n, D(100), owner="An" if n < 11 else "Bo") for n in range(20)]
    held_elsewhere = [Item(n, D(100), owner="Ci", touched=True) for n in range(20, 120)]
    people = [AN, BO, replace(CI, hours=D(0))]
    result = rebalance([*shared, *held_elsewhere], people, replace(BY_COUNT, tolerance=D("0.1")))
    assert [p.items for p in result.portions] == [10, 10, 100]


def test_touched_items_count_in_what_there_is_to_share() -> None:
    items = [Item(n, D(100), owner="An" if n < 54 else "Bo", touched=n >= 14) for n in range(100)]
    result = rebalance(items, [AN, BO], replace(BY_COUNT, tolerance=D("0.2")))
    assert [p.items for p in result.portions] == [54, 46]  # 8 apart, and a fifth of the fair share is 10


def test_touched_items_stay_even_with_the_barred() -> None:
    items = [Item(n, D(100), owner="An", touched=n < 8) for n in range(9)] + [Item(9, D(100), owner="Ci", touched=True)]
    result = rebalance(items, [AN, BO, replace(CI, hours=D(0))], BY_COUNT)
    assert [n for n in range(10) if held_by(result)[n] == "Bo"] == [8]
    assert (held_by(result)[9], reasons(result)[9], reasons(result)[8]) == (
        "Ci",
        Reason.TOUCHED,
        Reason.OWNER_AHEAD,
    )


def test_what_the_barred_and_nobody_hold_is_given_out() -> None:
    items = [Item(1, D(100), owner="Bo"), Item(2, D(100)), Item(3, D(100), owner="gone")]
    result = rebalance(items, [AN, replace(BO, licensed=False)], MIXED)
    assert set(held_by(result).values()) == {"An"}
    assert reasons(result) == {1: Reason.OWNER_BARRED, 2: Reason.LOWEST_LOAD, 3: Reason.OWNER_BARRED}


def test_a_floor_within_the_tolerance_is_left_alone() -> None:
    items = [Item(n, D(100), owner="An" if n < 11 else "Bo") for n in range(20)]
    result = rebalance(items, [AN, BO], replace(BY_COUNT, tolerance=D("0.2")))
    assert set(reasons(result).values()) == {Reason.OWNER_KEEPS}
    assert [p.items for p in result.portions] == [11, 9]


# What holds for any floor

amounts = st.decimals(0, 99999, places=2)
owners = st.none() | st.sampled_from(["p0", "p1", "p2", "p9"])


@st.composite
def floors(draw: st.DrawFn) -> tuple[list[Item], list[Person], Weights]:
    items = [
        Item(
            key,
            draw(amounts),
            draw(st.decimals(0, 5, places=1)),
            owner,
            owner is not None and draw(st.booleans()),
        )
        for key in range(draw(st.integers(0, 40)))
        for owner in [draw(owners)]
    ]
    people = [
        Person(f"p{n}", D(draw(st.integers(0, 200))), D(draw(st.sampled_from(["0.5", "1", "1.3"]))),
               licensed=draw(st.booleans()) or draw(st.booleans()))
        for n in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    base, premium, difficulty, tolerance = (D(draw(st.integers(0, most))) / 10 for most in (30, 30, 30, 5))
    return items, people, Weights(base, premium, difficulty, tolerance)


Floor = tuple[list[Item], list[Person], Weights]


def band(items: Sequence[Item], people: Sequence[Person], weights: Weights, result: Allocation) -> Decimal:
    """The tolerance per capacity, and a hair for the rounding of published ratios."""
    capacity = sum((person.capacity for person in people if not person.barred), D(0))
    shared = {person.key for person in people if not person.barred} | {None}
    load = sum((a.load for a in result.assignments if a.person in shared), D(0))
    return weights.tolerance * load / capacity + D("0.00001")


def spread(result: Allocation) -> Decimal:
    ratios = [portion.ratio for portion in result.portions if portion.ratio is not None]
    return max(ratios) - min(ratios) if ratios else D(0)


@pytest.mark.parametrize("share_out", [allocate, rebalance])
@given(floors(), st.randoms())
def test_the_order_of_items_and_people_does_not_matter(share_out, floor: Floor, random) -> None:  # type: ignore[no-untyped-def]
    items, people, weights = floor
    first = share_out(items, people, weights)
    random.shuffle(items)
    random.shuffle(people)
    with localcontext(prec=5):  # nor does the caller's precision
        assert share_out(items, people, weights) == first


@pytest.mark.parametrize("share_out", [allocate, rebalance])
@given(floors())
def test_every_item_is_shared_out_once_and_the_parts_sum_to_the_whole(share_out, floor: Floor) -> None:  # type: ignore[no-untyped-def]
    items, people, weights = floor
    result = share_out(items, people, weights)
    assert sorted(a.item for a in result.assignments) == sorted(item.key for item in items)
    here = [item for item in items if held_by(result)[item.key] in {person.key for person in people}]
    assert sum(p.items for p in result.portions) == len(here)
    assert sum(p.value for p in result.portions) == sum(item.premium for item in here)
    for person in people:
        given_now = [a for a in result.assignments if a.person == person.key and a.reason is not Reason.TOUCHED]
        assert not (person.barred and given_now)


@given(floors())
def test_allocation_leaves_nobody_ahead_by_more_than_the_tolerance_and_one_item(floor: Floor) -> None:
    items, people, weights = floor
    result = allocate(items, people, weights)
    able = [person.capacity for person in people if not person.barred]
    if able and items:
        heaviest = max(a.load for a in result.assignments)
        assert spread(result) <= band(items, people, weights, result) + heaviest / min(able)


@given(floors())
def test_rebalancing_moves_only_untouched_items_and_never_makes_it_worse(floor: Floor) -> None:
    items, people, weights = floor
    allocated = allocate(items, people, weights)
    owned = [replace(i, owner=held_by(allocated)[i.key], touched=False) for i in items if people]
    frozen = [replace(i, touched=i.owner is not None and n % 2 == 0) for n, i in enumerate(owned)]
    result = rebalance(frozen, people, weights)
    for item in frozen:
        assert not item.touched or held_by(result)[item.key] == item.owner
    assert spread(result) <= spread(allocated)


@given(floors())
def test_rebalancing_ends_within_the_tolerance_or_with_nothing_that_fits(floor: Floor) -> None:
    items, people, weights = floor
    items = [replace(item, touched=False) for item in items]
    result = rebalance(items, people, weights)
    able = {person.key: person.capacity for person in people if not person.barred}
    if not able or spread(result) <= band(items, people, weights, result):
        return
    ratio = {p.person: p.ratio for p in result.portions if p.ratio is not None}
    low = min(ratio, key=lambda key: ratio[key])
    high = max(ratio, key=lambda key: ratio[key])
    gap = ratio[high] - ratio[low]
    for a in result.assignments:
        if a.person == high and a.load:
            assert a.load >= (gap - D("0.00001")) * min(able[low], able[high])


@given(floors())
def test_rebalancing_twice_moves_nothing_more(floor: Floor) -> None:
    items, people, weights = floor
    once = held_by(rebalance(items, people, weights))
    settled = [replace(item, owner=once[item.key], touched=item.touched) for item in items]
    assert held_by(rebalance(settled, people, weights)) == once
