"""The waterfall beside a slow one of its own kind: by hand, in whole cents and fractions, over ten thousand claims."""

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from models.claims.rules import ORDERS, Case, Cover, Earlier, Loss, LossItem, Stage, settle

CLAIMS = 10_000


def rounded(cents: Fraction) -> int:
    """Half-up, of an amount from 0 up."""
    whole, rest = divmod(cents.numerator, cents.denominator)
    return whole + (2 * rest >= cents.denominator)


def slow(
    lines: list[dict[str, Any]], covers: dict[str, dict[str, Any]], others: dict[str, dict[str, int]]
) -> list[int]:
    """What is paid for each line, in cents, the way a clerk would do it on paper."""
    paid: list[int] = []
    for number, line in enumerate(lines):
        cover, other = covers[line["cover"]], others[line["cover"]]
        before = [i for i in range(number) if lines[i]["cover"] == line["cover"]]
        left = line["amount"]
        for stage in cover["order"]:
            if stage == Stage.ITEM_LIMIT and line["limit"] is not None and left > line["limit"]:
                left = line["limit"]
            elif stage == Stage.DEPRECIATION:
                left = rounded(Fraction(left) * (100 - line["wear"]) / 100)
            elif stage in (Stage.SALVAGE, Stage.THIRD_PARTY):
                left = left - line[stage] if left > line[stage] else 0
            elif stage == Stage.UNDER_INSURANCE and None not in (cover["insured"], line["worth"]):
                if cover["insured"] < line["worth"]:
                    left = rounded(Fraction(left * cover["insured"], line["worth"]))
            elif stage == Stage.DEDUCTIBLE:
                still = cover["deductible"] - other["deductible"] - sum(lines[i]["bore"] for i in before)
                line["bore"] = min(left, max(still, 0))
                left -= line["bore"]
            elif stage == Stage.SHARE:
                left = rounded(Fraction(left * cover["share"], 100))
            elif stage == Stage.LIMITS:
                here = sum(paid[i] for i in before)
                room = [left]
                if cover["per_claim"] is not None:
                    room.append(cover["per_claim"] - here)
                if cover["aggregate"] is not None:
                    room.append(cover["aggregate"] - other["paid"] - other["reserved"] - here)
                left = max(0, min(room))
        paid.append(left)
    return paid


def money(cents: int | None) -> Any:
    return None if cents is None else Decimal(cents).scaleb(-2)


def perhaps(random: Random, most: int) -> int | None:
    return random.randrange(1, most) if random.random() < 0.6 else None


def a_cover(random: Random) -> dict[str, Any]:
    return {
        "insured": perhaps(random, 3_000_000),
        "deductible": perhaps(random, 80_000) or 0,
        "share": random.choice((100, 100, 90, 80, 33, 1)),
        "per_claim": perhaps(random, 1_500_000),
        "aggregate": perhaps(random, 3_000_000),
        "order": random.choice(list(ORDERS.values())),
    }


def a_line(random: Random, covers: dict[str, Any]) -> dict[str, Any]:
    return {
        "cover": random.choice(list(covers)),
        "amount": random.choice((0, random.randrange(1, 200), random.randrange(1, 2_000_000))),
        "limit": perhaps(random, 900_000),
        "wear": random.choice((0, 0, 7, 50, 100)),
        Stage.SALVAGE: perhaps(random, 90_000) or 0,
        Stage.THIRD_PARTY: perhaps(random, 90_000) or 0,
        "worth": perhaps(random, 4_000_000),
        "bore": 0,
    }


def as_case(line: dict[str, Any], cover: dict[str, Any]) -> Case:
    item = LossItem(money(line["amount"]), money(line["limit"]), Decimal(line["wear"]) / 100)
    loss = Loss((item,), money(line[Stage.SALVAGE]), money(line[Stage.THIRD_PARTY]), money(line["worth"]))
    terms = Cover(
        money(cover["insured"]), money(cover["deductible"]), Decimal(cover["share"]) / 100,
        money(cover["per_claim"]), money(cover["aggregate"]), cover["order"],
    )  # fmt: skip
    return Case(line["cover"], loss, terms)


def test_the_waterfall_agrees_with_a_slow_one_over_ten_thousand_claims() -> None:
    random = Random(38)
    for _ in range(CLAIMS):
        covers = {name: a_cover(random) for name in "ab"}
        amounts = ("deductible", "paid", "reserved")
        others = {name: {each: random.choice((0, random.randrange(400_000))) for each in amounts} for name in covers}
        lines = [a_line(random, covers) for _ in range(random.randrange(1, 6))]
        expected = slow(lines, covers, others)
        earlier = {name: Earlier(*map(money, used.values())) for name, used in others.items()}
        found = settle([as_case(line, covers[line["cover"]]) for line in lines], earlier)
        assert [each.amount for each in found] == [money(cents) for cents in expected], lines
        assert [each.deductible for each in found] == [money(line["bore"]) for line in lines], lines
        for name, cover in covers.items():
            whole = sum(each.amount for each, line in zip(found, lines, strict=True) if line["cover"] == name)
            assert 0 <= whole <= (money(cover["per_claim"]) if cover["per_claim"] is not None else whole)
            if cover["aggregate"] is not None:
                assert whole <= max(0, money(cover["aggregate"]) - earlier[name].paid - earlier[name].reserved)
