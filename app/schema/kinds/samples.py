"""Words that believable samples are made of, in Chinese and English. Nothing here is anybody's."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FAMILIES = tuple("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏")
GIVEN = ("伟", "芳", "娜", "敏", "静", "秀英", "丽", "强", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "霞")
SURNAMES = ("Li", "Wang", "Zhang", "Chen", "Smith", "Garcia", "Novak", "Okafor", "Tanaka", "Martin", "Silva", "Khan")
FORENAMES = ("Anna", "Ben", "Chloe", "David", "Emma", "Felix", "Grace", "Hugo", "Iris", "Jonas", "Lena", "Marco")
PLACES = (
    ("北京市", "朝阳区", "建国路", "110105", "京"),
    ("天津市", "南开区", "卫津路", "120104", "津"),
    ("河北省石家庄市", "长安区", "中山东路", "130102", "冀"),
    ("山西省太原市", "小店区", "长风街", "140105", "晋"),
    ("山东省济南市", "历下区", "泉城路", "370102", "鲁"),
    ("广东省广州市", "天河区", "体育西路", "440106", "粤"),
    ("广东省深圳市", "南山区", "科苑路", "440305", "粤"),
    ("福建省厦门市", "思明区", "湖滨南路", "350203", "闽"),
)
"""City, district, street, code of the district, sign on its number plates."""
TOWNS = (
    ("12 Station Road", "Leeds LS1 4DY"),
    ("48 Harbour Street", "Bristol BS1 5TY"),
    ("7 Mill Lane", "Cambridge CB2 1AB"),
    ("230 Park Avenue", "New York, NY 10169"),
)
THINGS = (
    ("汽车延保", "Car warranty"),
    ("家电延保", "Appliance warranty"),
    ("商业车险", "Motor cover"),
    ("住院医疗", "Hospital cover"),
    ("家庭财产", "Home contents"),
)
DEEDS = (
    (
        "客户来电询问续保价格，已约定下周回复。",
        "The customer asked what renewal would cost; an answer is promised for next week.",
    ),
    ("材料齐全，待核实维修发票。", "The papers are complete; the repair invoice is still to be checked."),
    ("对服务满意，希望保持同一位专员。", "Content with the service and would like to keep the same contact."),
    ("需要与家人商量后再决定。", "Wants to talk it over with the family before deciding."),
)


def chinese(language: str) -> bool:
    """Whether a language is Chinese."""
    return language.startswith("zh")


def nth(choices: Sequence[T], number: int) -> T:
    """The `number`-th of some choices, which begin again when they are exhausted."""
    return choices[number % len(choices)]


def scattered(number: int, below: int) -> int:
    """A number below `below` that depends on `number` alone and hides that neighbours are neighbours.

    Different numbers below `below` give different results as long as `below` shares no factor with the step.
    """
    step = 7_368_787  # a prime
    return number * step % below


def person(number: int, language: str) -> str:
    """The name of a person."""
    if chinese(language):
        return nth(FAMILIES, number) + nth(GIVEN, number // len(FAMILIES) + number)
    return f"{nth(FORENAMES, number)} {nth(SURNAMES, number // len(FORENAMES) + number)}"
