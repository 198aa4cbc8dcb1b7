"""Writes claims_100.csv: invented claims as another system hands them over, with all that is wrong with such files.

Two-digit years in five spellings, amounts with and without signs, blank cells, that system's own codes, columns nobody
knows, lines twice; and lines that cannot be taken, each with a mended twin. The same file comes out of every run on
every machine. Run: python -m tests.data.make_claims
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from tests.data.make_renewals import Draw

HERE = Path(__file__).parent
HEADER = """
    序号 保单号 赔案号 出险日期 报案日期 结案日期 支付日期 出险原因 出险地点 索赔金额 核定金额 赔付金额 领款人 支付方式
    状态 经办人 备注 机构 定损员 身份证号
"""
COLUMNS = tuple(HEADER.split())
CAUSES = (
    "01",
    "碰撞",
    "追尾",
    "02",
    "被盗",
    "03",
    "火灾",
    "水淹",
    "涉水",
    "暴雨",
    "06",
    "三者",
    "疾病",
    "意外",
    "99",
    "",
)
STATES = ("已结案", "已结案", "已结案", "已赔付", "结案", "9", "拒赔", "8", "销案", "撤案", "待支付", "处理中", "未决")
PAID, OPEN, DECIDED = {"已结案", "已赔付", "结案", "9"}, {"处理中", "未决"}, {"拒赔", "8", "待支付"}
HANDLERS = ("Claims Tester", "Claims Tester", "Claims2 Tester", "赵无极", "")
CONTRACTS = 400


class Sold(NamedTuple):
    """A contract the claims are under."""

    number: str
    product: str
    starts_on: date
    expires_on: date
    premium: Decimal


class Line(NamedTuple):
    """A line of the file and, where it cannot be taken, what is wrong with it and how it should have been."""

    cells: dict[str, str]
    fault: str = ""
    mended: dict[str, str] | None = None


def contracts(count: int = CONTRACTS, seed: int = 19980701) -> Iterator[Sold]:
    """The contracts, from 1998 to 2024, a year each."""
    draw = Draw(seed)
    for n in range(count):
        starts_on = date(1998, 1, 1) + timedelta(days=draw.below(9800))
        expires_on = starts_on + timedelta(days=364)
        premium = Decimal(40_000 + draw.below(800_000)).scaleb(-2)
        yield Sold(f"OLD-{n:05}", draw.one("MOTOR", "MOTOR", "HOME", "HEALTH"), starts_on, expires_on, premium)


def lines(count: int = 5000, seed: int = 20261127) -> Iterator[Line]:
    """The lines of the file: one in twenty cannot be taken, and every fiftieth stands there twice."""
    draw, sold = Draw(seed), list(contracts())
    made = 0
    while made < count:
        cells = _claim(draw, made, sold[draw.below(len(sold))])
        yield from (several := [*_faulty(draw, cells)][: count - made] if made % 20 == 7 else [Line(cells)])
        made += len(several)
        if made % 50 == 0 and made < count:
            yield several[-1]
            made += 1


def _claim(draw: Draw, n: int, contract: Sold) -> dict[str, str]:
    loss = contract.starts_on + timedelta(days=draw.below(365))
    notice, decision = loss + timedelta(days=draw.below(9)), loss + timedelta(days=9 + draw.below(60))
    payment = decision + timedelta(days=draw.below(15))
    state, claimed = draw.one(*STATES), 1 + draw.below(9_000_000)
    assessed = 1 + draw.below(claimed)
    paid, decided = state in PAID, state in PAID | DECIDED
    values = (
        str(n + 1),
        contract.number,
        f"PA{n:07}",
        _day(draw, loss),
        _day(draw, notice) if draw.below(10) else "",
        _day(draw, decision) if decided or (state not in OPEN and draw.below(2)) else "",
        _day(draw, payment) if paid and draw.below(4) else "",
        draw.one(*CAUSES),
        draw.one("北京朝阳区", "广州天河", "深圳", "", "沪宁高速K32"),
        _amount(draw, claimed),
        _amount(draw, assessed) if state not in OPEN else "",
        _amount(draw, assessed) if paid else draw.one("", "0", "0.00"),
        draw.one("李娜", "王强", "中远汽修厂") if paid else "",
        draw.one("转账", "转账", "支票", "抵扣", ""),
        state,
        draw.one(*HANDLERS),
        draw.one("", "", "客户催办", "资料齐全，当场确认"),
        draw.one("一分部", "二分部", ""),
        draw.one("老周", "", ""),
        "110101199001011237",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _day(draw: Draw, day: date) -> str:
    short = f"{day.year % 100:02}"
    return draw.one(
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{short}-{day.month}-{day.day}",
        f"{short}/{day.month:02}/{day.day:02}",
        f"{short}.{day.month}.{day.day}",
        f"{short}年{day.month}月{day.day}日",
    )


def _amount(draw: Draw, cents: int) -> str:
    amount = Decimal(cents).scaleb(-2)
    wide = str(amount).translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789."})
    return draw.one(str(amount), str(amount), f"{amount:,}", f"￥{amount:,}", f"{amount}元", wide)


FAULTS = (
    ("unknown contract", {"保单号": "OLD-99999"}),
    ("loss to come", {"出险日期": "69-1-1"}),
    ("loss before the contract", {"出险日期": "75年1月1日"}),
    ("no claim number", {"赔案号": ""}),
    ("nothing claimed", {"索赔金额": ""}),
    ("no such day", {"出险日期": "21-2-30"}),
    ("unknown state", {"状态": "归档"}),
    ("unknown cause", {"出险原因": "外星人"}),
    ("negative", {"索赔金额": "-5.00"}),
    ("not a number", {"索赔金额": "约五千"}),
    ("paid, but not by its state", {"状态": "处理中", "结案日期": "", "赔付金额": "12.50"}),
    ("paid nothing", {"状态": "已结案", "结案日期": "24-12-31", "赔付金额": "0"}),
)
"""What may be wrong with a line by itself, and the cells that make it so."""


def _faulty(draw: Draw, cells: dict[str, str]) -> Iterator[Line]:
    """A line that cannot be taken, or two that contradict each other."""
    kind = draw.below(len(FAULTS) + 1)
    if kind < len(FAULTS):
        fault, wrong = FAULTS[kind]
        yield Line(cells | wrong, fault, cells)
    else:
        yield Line(cells, "contradiction", cells)
        yield Line(cells | {"索赔金额": "1.23"}, "contradiction", cells)


def text(lines_: Iterator[Line]) -> str:
    """The file as that system writes it."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(line.cells for line in lines_)
    return out.getvalue()


if __name__ == "__main__":
    (HERE / "claims_100.csv").write_text(text(lines(100)), encoding="utf-8", newline="")
