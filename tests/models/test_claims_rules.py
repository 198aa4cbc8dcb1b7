"""The payout waterfall: the domain notes' figures, the product's order, and what holds for any loss."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.claims.rules import DEFAULT_ORDER, Cover, Earlier, Loss, LossItem, Stage, payout

D = Decimal
NONE_YET = Earlier()
TEN_THOUSAND = Loss((LossItem(D(10_000)),))
SHARED = Cover(deductible=D(500), share=D("0.8"))
SHARE_FIRST = tuple(
    {Stage.DEDUCTIBLE: Stage.SHARE, Stage.SHARE: Stage.DEDUCTIBLE}.get(stage, stage) for stage in DEFAULT_ORDER
)


def paid(loss: Loss, cover: Cover, earlier: Earlier = NONE_YET) -> Decimal:
    return payout(loss, cover, earlier).amount


def test_the_order_of_deductible_and_share_matters() -> None:
    assert paid(TEN_THOUSAND, SHARED) == D("7600.00")
    assert paid(TEN_THOUSAND, replace(SHARED, order=SHARE_FIRST)) == D("7500.00")


def test_a_payout_shows_how_it_came_about() -> None:
    assert payout(TEN_THOUSAND, SHARED, NONE_YET).trace == (
        ("loss", "10000.00", D("10000.00")),
        (Stage.DEDUCTIBLE, "max(0, 10000.00 − 500.00)", D("9500.00")),
        (Stage.SHARE, "9500.00 × 0.8", D("7600.00")),
    )


def test_stages_without_terms_are_not_shown() -> None:
    assert payout(TEN_THOUSAND, Cover(), NONE_YET).trace == (("loss", "10000.00", D("10000.00")),)


def test_every_stage_in_the_default_order() -> None:
    loss = Loss(
        (LossItem(D(6000), limit=D(5000), depreciation=D("0.1")), LossItem(D(3000))),
        salvage=D(500), third_party=D(1000), value_at_risk=D(100_000),
    )  # fmt: skip
    cover = Cover(sum_insured=D(80_000), deductible=D(500), share=D("0.9"), per_claim=D(4000), aggregate=D(9000))
    result = payout(loss, cover, Earlier(deductible=D(300), paid=D(4000), reserved=D("1500.50")))
    assert result.trace == (
        ("loss", "6000.00 + 3000.00", D("9000.00")),
        ("item limit", "min(6000.00, 5000) + 3000.00", D("8000.00")),
        ("depreciation", "5000.00 × (1 − 0.1) + 3000.00", D("7500.00")),
        ("salvage", "max(0, 7500.00 − 500)", D("7000.00")),
        ("third party", "max(0, 7000.00 − 1000)", D("6000.00")),
        ("under-insurance", "6000.00 × 80000/100000", D("4800.00")),
        ("deductible", "max(0, 4800.00 − 200)", D("4600.00")),
        ("share", "4600.00 × 0.9", D("4140.00")),
        ("limits", "max(0, min(4140.00, 4000, 9000 − 4000 − 1500.50))", D("3499.50")),
    )
    assert (result.amount, result.deductible) == (D("3499.50"), D("200.00"))


def test_depreciation_before_the_item_limit_if_the_product_says_so() -> None:
    loss = Loss((LossItem(D(6000), limit=D(5000), depreciation=D("0.1")),))
    order = (Stage.DEPRECIATION, Stage.ITEM_LIMIT, *DEFAULT_ORDER[2:])
    assert paid(loss, Cover()) == D("4500.00")
    assert paid(loss, Cover(order=order)) == D("5000.00")


@pytest.mark.parametrize(
    ("loss", "cover", "earlier", "amount"),
    [
        (TEN_THOUSAND, Cover(), NONE_YET, "10000.00"),
        (TEN_THOUSAND, Cover(per_claim=D(0)), NONE_YET, "0.00"),
        (TEN_THOUSAND, Cover(aggregate=D(8000)), Earlier(paid=D(5000), reserved=D(4000)), "0.00"),
        (TEN_THOUSAND, Cover(aggregate=D(8000)), Earlier(paid=D(5000)), "3000.00"),
        (TEN_THOUSAND, Cover(deductible=D(20_000)), NONE_YET, "0.00"),
        (TEN_THOUSAND, SHARED, Earlier(deductible=D(500)), "8000.00"),
        (TEN_THOUSAND, SHARED, Earlier(deductible=D(900)), "8000.00"),  # used up more: gives nothing back
        (TEN_THOUSAND, Cover(share=D(0)), NONE_YET, "0.00"),
        (replace(TEN_THOUSAND, salvage=D(12_000)), SHARED, NONE_YET, "0.00"),
        # insured in full, or over: no more than the loss
        (replace(TEN_THOUSAND, value_at_risk=D(50_000)), Cover(sum_insured=D(50_000)), NONE_YET, "10000.00"),
        (replace(TEN_THOUSAND, value_at_risk=D(50_000)), Cover(sum_insured=D(60_000)), NONE_YET, "10000.00"),
        (replace(TEN_THOUSAND, value_at_risk=D(30_000)), Cover(sum_insured=D(10_000)), NONE_YET, "3333.33"),
        (replace(TEN_THOUSAND, value_at_risk=D(0)), Cover(sum_insured=D(0)), NONE_YET, "10000.00"),
        (TEN_THOUSAND, Cover(sum_insured=D(1)), NONE_YET, "10000.00"),
        (Loss(()), Cover(), NONE_YET, "0.00"),
        (Loss((LossItem(D("0.01")),)), Cover(share=D("0.5")), NONE_YET, "0.01"),  # half-up
    ],
)
def test_payout(loss: Loss, cover: Cover, earlier: Earlier, amount: str) -> None:
    assert paid(loss, cover, earlier) == D(amount)


def test_only_what_was_taken_uses_up_the_deductible() -> None:
    small = Loss((LossItem(D(300)),))
    first = payout(small, SHARED, NONE_YET)
    assert (first.amount, first.deductible) == (D("0.00"), D("300.00"))
    second = payout(small, SHARED, Earlier(deductible=first.deductible))
    assert (second.amount, second.deductible) == (D("80.00"), D("200.00"))


@pytest.mark.parametrize(
    "order", [DEFAULT_ORDER[:-1], (*DEFAULT_ORDER, Stage.SHARE), (*DEFAULT_ORDER[:-1], Stage.SHARE)]
)
def test_an_order_names_each_stage_once(order: tuple[Stage, ...]) -> None:
    with pytest.raises(ValueError, match="each stage once"):
        Cover(order=order)


def test_stages_by_item_come_first() -> None:
    with pytest.raises(ValueError, match="put them first"):
        Cover(order=(Stage.SALVAGE, *(stage for stage in DEFAULT_ORDER if stage is not Stage.SALVAGE)))


def test_amounts_below_zero_and_shares_above_one_are_refused() -> None:
    with pytest.raises(ValueError, match="amount is -1"):
        LossItem(D(-1))
    with pytest.raises(ValueError, match="salvage is -1"):
        Loss((), salvage=D(-1))
    with pytest.raises(ValueError, match="deductible is NaN"):
        Cover(deductible=D("NaN"))
    with pytest.raises(ValueError, match="paid is -1"):
        Earlier(paid=D(-1))
    with pytest.raises(ValueError, match="from 0 to 1"):
        Cover(share=D("1.01"))
    with pytest.raises(ValueError, match="from 0 to 1"):
        LossItem(D(1), depreciation=D("1.01"))


money = st.decimals(0, 10**7, places=2)
share = st.decimals(0, 1, places=3)
orders = st.tuples(st.sampled_from(list(permutations(DEFAULT_ORDER[:2]))), st.permutations(DEFAULT_ORDER[2:])).map(
    lambda halves: (*halves[0], *halves[1])
)
losses = st.builds(
    Loss,
    st.lists(st.builds(LossItem, money, st.none() | money, share), max_size=4).map(tuple),
    money, money, st.none() | money,
)  # fmt: skip
covers = st.builds(Cover, st.none() | money, money, share, st.none() | money, st.none() | money, orders)
earlier_claims = st.builds(Earlier, money, money, money)


@given(losses, covers, earlier_claims)
def test_a_payout_keeps_within_loss_and_limits(loss: Loss, cover: Cover, earlier: Earlier) -> None:
    result = payout(loss, cover, earlier)
    assert 0 <= result.amount <= result.trace[0].amount
    assert result.amount <= (cover.per_claim if cover.per_claim is not None else result.amount)
    if cover.aggregate is not None:
        assert result.amount <= max(cover.aggregate - earlier.paid - earlier.reserved, D(0))
    assert 0 <= result.deductible <= max(cover.deductible - earlier.deductible, D(0))


@given(losses, covers, earlier_claims)
def test_the_trace_only_falls_and_holds_whole_cents(loss: Loss, cover: Cover, earlier: Earlier) -> None:
    amounts = [step.amount for step in payout(loss, cover, earlier).trace]
    assert amounts == sorted(amounts, reverse=True)
    assert all(amount == amount.quantize(D("0.01")) for amount in amounts)
