"""Samples of kinds that make none of their own."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

_MADE: dict[str, Any] = {
    "integer": lambda n: 1 + n % 97,
    "quantity": lambda n: Decimal(1 + n % 9_973) / 10,
    "money": lambda n: Decimal(10_000 + n * 7_919 % 990_000) / 100,
    "percent": lambda n: Decimal(1 + n % 97),
    "yes/no": lambda n: n % 2 == 0,
    "day": lambda n: date(2026, 1, 1),
    "moment": lambda n: datetime(2026, 1, 1, tzinfo=UTC),
    "month": lambda n: f"{2020 + n // 12 % 8}-{n % 12 + 1:02}",
    "phone": lambda n: f"+86138{n % 10**8:08}",
    "e-mail": lambda n: f"customer{n}@example.cn",
    "identity number": lambda n: f"11010119900101{n % 10**4:04}",
    "bank account": lambda n: f"622202{n:013}",
    "plate": lambda n: f"京A{n % 10**5:05}",
    "working hours": lambda n: ("09:00-12:00 13:30-17:30", "09:30-12:00", "10:00-16:00")[n % 3],
    "vin": lambda n: f"LSVAM4187C{n % 10**7:07}",
    "json": lambda n: {},
}


def sample(kind: Any, number: int, language: str) -> Any:
    """The `number`-th believable value of a kind, in English or Chinese."""
    made = _MADE.get(kind.name)
    if made is not None:
        return made(number)
    return f"样本 {number}" if language.startswith("zh") else f"Sample {number}"
