"""Premium earned and days on risk, in SQL by sets: the twins of `rules.earned` by `Method.PRO_RATA` and of its days.

A contract is on risk from its first day to its last, or to the day before it was cancelled or what it covered was gone.
What is not yet earned then is not earned any more. Drafts and voided contracts never were on risk.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Select, case, func, literal, select, true, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.kernel.clock import house_day
from app.kernel.days import DaysBetween, Greatest, Least, MonthOf
from models.contracts.contract import Contract
from models.contracts.states import ContractState

YEAR = 365
"""Days of a contract-year."""
ON_RISK = Contract.voided_on.is_(None) & Contract.state.not_in((ContractState.DRAFT, ContractState.VOIDED))
MONEY = Contract.__table__.c.premium.type
_BOUNDS = 400


@dataclass(frozen=True)
class Volume:
    """What claims are measured against: days on risk and premium earned in a time, premium of what began in it."""

    days: int = 0
    earned: Decimal = Decimal("0.00")
    written: Decimal = Decimal("0.00")

    @property
    def years(self) -> Decimal:
        """Exposure in contract-years, unrounded."""
        return Decimal(self.days) / YEAR

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(self.days + other.days, self.earned + other.earned, self.written + other.written)


class _Unearned(FunctionElement[Decimal]):
    """``_Unearned(premium, days left, days of the term)``: premium · left / term, half-up to 0.01 as `half_up` does."""

    type = MONEY
    inherit_cache = True


@compiles(_Unearned)
def _by_numeric(element: _Unearned, compiler: Any, **kw: Any) -> str:
    premium, left, days = (f"({compiler.process(part, **kw)})" for part in element.clauses)
    return f"(div(200 * {premium} * {left} + {days}, 2 * {days}) * 0.01)"


@compiles(_Unearned, "sqlite")
def _by_cents(element: _Unearned, compiler: Any, **kw: Any) -> str:
    premium, left, days = (f"({compiler.process(part, **kw)})" for part in element.clauses)
    return f"((2 * {premium} * {left} + {days}) / (2 * {days}))"


def _term() -> ColumnElement[int]:
    return DaysBetween(Contract.expires_on, Contract.starts_on) + literal(1, Integer)


def _covered() -> ColumnElement[int]:
    """Days on risk over the whole term."""
    stopped = (Contract.cancelled_on, Contract.object_gone_on)
    until = (func.coalesce(DaysBetween(day, Contract.starts_on), _term()) for day in stopped)
    return Greatest(Least(_term(), *until), literal(0, Integer))


def days_before(on: Any) -> ColumnElement[int]:
    """Days on risk before a day, given as a date or a column of dates; None is before all time."""
    if on is None:
        return literal(0, Integer)
    day = literal(on, Date) if isinstance(on, date) else on
    return Greatest(Least(DaysBetween(day, Contract.starts_on), _covered()), literal(0, Integer))


def unearned_from(on: Any) -> ColumnElement[Decimal]:
    """The part of the premium not earned before a day."""
    return _Unearned(Contract.premium, _term() - days_before(on), _term())


def written_in(first: date | None, last: date) -> ColumnElement[bool]:
    """Whether the premium is that of contracts which began in the time."""
    began = Contract.starts_on <= last
    return began if first is None else began & (Contract.starts_on >= first)


def on_risk_in(first: date | None, last: date) -> ColumnElement[bool]:
    """Whether a contract was on risk for at least a day of the time."""
    return ON_RISK & (days_before(last + timedelta(days=1)) > days_before(first))


def up_to_today(last: date | None) -> date:
    """The end of a time looked at: nothing is earned ahead of today."""
    today = house_day(datetime.now(UTC))
    return today if last is None else min(last, today)


def volumes(session: Session, first: date | None, last: date, key: Any = None) -> dict[Any, Volume]:
    """The volumes of the contracts the current actor sees, from `first` (None: from the beginning) to `last`, by `key`.

    Without a key all stands under None.
    """
    after = last + timedelta(days=1)
    sums: Select[Any] = select(
        literal(None) if key is None else key,
        func.coalesce(func.sum(days_before(after) - days_before(first)), 0),
        func.sum(unearned_from(first) - unearned_from(after)),
        func.sum(case((written_in(first, last), Contract.premium))),
    ).where(ON_RISK)
    rows = session.execute(sums if key is None else sums.group_by(key))
    return {
        at: Volume(days, earned or Decimal("0.00"), written or Decimal("0.00")) for at, days, earned, written in rows
    }


def monthly(session: Session, months: Iterable[date], last: date) -> dict[str, Volume]:
    """The same by month: `months` are first days, one after the other; the last month is looked at up to `last`."""
    firsts = list(months)
    bounds = [*firsts, last + timedelta(days=1)]
    days: dict[date, int] = {}
    left: dict[date, Decimal] = {}
    for n in range(0, len(bounds), _BOUNDS):
        some = union_all(*(select(literal(day, Date).label("day")) for day in bounds[n : n + _BOUNDS])).subquery()
        sums = select(some.c.day, func.sum(days_before(some.c.day)), func.sum(unearned_from(some.c.day)))
        for day, used, unearned in session.execute(
            sums.select_from(Contract).join(some, true()).where(ON_RISK).group_by(some.c.day)
        ):
            days[day], left[day] = used, unearned
    began = select(MonthOf(Contract.starts_on), func.sum(Contract.premium)).where(ON_RISK, written_in(firsts[0], last))
    written = {row[0]: row[1] for row in session.execute(began.group_by(MonthOf(Contract.starts_on)))}
    nothing = Decimal("0.00")
    return {
        f"{at:%Y-%m}": Volume(
            days.get(to, 0) - days.get(at, 0),
            left.get(at, nothing) - left.get(to, nothing),
            written.get(f"{at:%Y-%m}", nothing),
        )
        for at, to in zip(firsts, bounds[1:], strict=True)
    }


def first_day(session: Session) -> date | None:
    """The first day any contract was on risk."""
    return session.scalar(select(func.min(Contract.starts_on)).where(ON_RISK))
