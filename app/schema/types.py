"""Column types that keep a value exact on SQLite as well as on PostgreSQL."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Numeric, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine


class Exact(TypeDecorator[Decimal]):
    """A finite decimal of fixed scale: NUMERIC on PostgreSQL, a scaled integer on SQLite.

    SQLite has no decimal type and would keep 0.1 as a binary fraction; as integers of the
    smallest unit, sums and comparisons in SQL stay exact. Multiply only outside SQL.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        self.precision, self.scale = precision, scale
        self.quantum = Decimal(1).scaleb(-scale)
        super().__init__(precision, scale)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the carrier of the dialect."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | int | str | None, dialect: Dialect) -> Any:
        """Round half-up to the scale; refuse what is not a finite number or does not fit."""
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError(f"{value!r} is a binary float; hand in a Decimal")
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() >= self.precision - self.scale:
            raise ValueError(f"{value} does not fit in {self.precision} digits")
        number = number.quantize(self.quantum, ROUND_HALF_UP)
        return int(number.scaleb(self.scale)) if dialect.name == "sqlite" else number

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Give back a Decimal of the declared scale."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(int(value)).scaleb(-self.scale)
        return Decimal(value)


class UtcMoment(TypeDecorator[datetime]):
    """A moment, always aware; stored in UTC (without zone on SQLite, which has none)."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the carrier of the dialect."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments: whose clock would they be on?"""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Seconds(TypeDecorator[timedelta]):
    """A length of time, kept as whole seconds."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Refuse what is no whole number of seconds."""
        if value is None:
            return None
        if value.microseconds:
            raise ValueError(f"{value!r} is no whole number of seconds")
        return value.days * 86_400 + value.seconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Give back a length of time."""
        return None if value is None else timedelta(seconds=value)


class Several(TypeDecorator[tuple[Any, ...]]):
    """Several values of a closed list, each once and in its order, kept as ``|red|blue|``; none of them is NULL.

    A tuple, so that a change is a new value and is noticed as such.
    """

    impl = Text
    cache_ok = True

    def __init__(self, values: type[Enum]) -> None:
        self.values = values
        super().__init__()

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> str | None:
        """Put the values in order. Raises `ValueError` for one not in the list."""
        chosen = {self.values(each) for each in value or ()}
        return self.held([each for each in self.values if each in chosen]) if chosen else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Any, ...] | None:
        """Give back the values as a tuple."""
        return None if value is None else tuple(self.values(part) for part in value.strip("|").split("|"))

    @staticmethod
    def held(values: Iterable[Enum]) -> str:
        """The values as they are kept."""
        return f"|{'|'.join(str(each.value) for each in values)}|"
