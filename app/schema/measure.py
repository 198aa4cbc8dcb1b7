"""Measures: a KPI declared once gives its figure, its trend, its drill-down, its alert and its line of an appraisal."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, String, UnaryExpression, case, cast, func, select, true
from sqlalchemy.sql.operators import distinct_op

from app.schema.record import Record
from app.schema.registry import registry

ROWS = true()
"""Counts every row."""
ONE = Decimal(1)
_MONTH = "month_of_figure"


@dataclass(frozen=True)
class Figure:
    """A measured value: `numerator` over `denominator` (1 for a plain sum). No cases means no value."""

    numerator: Decimal
    denominator: Decimal

    @property
    def value(self) -> Decimal | None:
        """Numerator / denominator, unrounded; None without cases."""
        return self.numerator / self.denominator if self.denominator else None


Figures = Mapping[int | None, Figure]
"""Figures by user id; what is credited to nobody stands under None."""


@dataclass(frozen=True, eq=False)
class AnyMeasure(ABC):
    """What every KPI says of itself, and what can be asked of it, over the days from `first` to `last` inclusive.

    `of` is the record whose rows stand behind its figures. `unit` is how its value is read; in "%" it is a hundred
    times the quotient. `definition` says in a sentence what is measured against what. Those not `prominent` are left
    off the front page. Whatever is asked is narrowed to what the current actor sees.
    """

    name: str
    label: str
    _: KW_ONLY
    of: type[Record]
    unit: str
    definition: str = ""
    higher_is_better: bool = True
    prominent: bool = True

    @property
    def counts(self) -> bool:
        """Whether it is a plain sum: 0, and not without a value, for whoever has no rows."""
        return False

    @property
    def record(self) -> str:
        """The name of the record whose rows stand behind its figures."""
        return str(self.of.__tablename__)

    @property
    @abstractmethod
    def parts(self) -> tuple[Any, ...]:
        """The expressions it is made of: who may not read a field in one of them sees no figure."""

    @abstractmethod
    def figures(self, session: Any, first: date, last: date) -> Figures:
        """The figures of everybody, in one grouped statement."""

    @abstractmethod
    def rows(self, user_id: int | None, first: date, last: date) -> Any:
        """The statement of the rows behind one person's figure or, with None, behind that of all together."""

    @property
    def nothing(self) -> Figure:
        """The figure of whoever has no rows."""
        return Figure(Decimal(0), ONE if self.counts else Decimal(0))

    def among(self, figures: Figures, user_id: int | None) -> Figure:
        """One person's figure among those of everybody or, with None, what they all sum to."""
        return figures.get(user_id, self.nothing) if user_id is not None else self.together(figures.values())

    def together(self, figures: Iterable[Figure]) -> Figure:
        """What the figures of several people sum to."""
        found = list(figures)
        numerator = sum((figure.numerator for figure in found), Decimal(0))
        denominator = sum((figure.denominator for figure in found), Decimal(0))
        return Figure(numerator, ONE if self.counts else denominator)

    def figure(self, session: Any, user_id: int | None, first: date, last: date) -> Figure:
        """The figure of one person or, with None, of all together."""
        return self.among(self.figures(session, first, last), user_id)

    def trend(self, session: Any, user_id: int | None, first: date, last: date) -> dict[str, Figure]:
        """The figure by month, such as "2026-01"; of the first and the last month, of their days in the period."""
        return {month: self.figure(session, user_id, *days) for month, *days in months(first, last)}

    def reading(self, figure: Figure) -> Decimal | None:
        """The value in the measure's unit, unrounded; None without cases."""
        value = figure.value
        return value * 100 if value is not None and self.unit == "%" else value

    def in_words(self, value: Decimal | None) -> str:
        """A value in the measure's unit; a dash where there is none."""
        if value is None:
            return "—"
        rounded = value.quantize(Decimal("0.1") if self.unit in ("%", "days") else Decimal(1))
        return f"{rounded:,}" + (" %" if self.unit == "%" else "")


@dataclass(frozen=True, eq=False)
class Measure(AnyMeasure):
    """A KPI declared by its parts, each an expression over a row of `of` and of what is joined to it.

    It counts the rows which fall `on` a day of the period, that `where` holds for, to the credit of `whose` (a user's
    id; unsaid, the row's owner). `numerator` and `denominator` are a condition, of which the rows are counted that it
    holds for (`ROWS`: all of them), a number, which is summed, or ``distinct(…)``, whose different values are counted.
    Without a denominator it is a plain sum. `joins` are pairs of a record and a condition; each row of `of` meets at
    most one of theirs. Figures, trend and the rows behind them follow, each in one statement::

        measure(
            Measure(
                "claims_on_time", "Claims decided on time", of=Claim, unit="%", on=Claim.decided_on,
                where=Claim.decide_by.is_not(None), numerator=Claim.decided_on <= Claim.decide_by, denominator=ROWS,
            )
        )
    """

    _: KW_ONLY
    on: Any
    whose: Any = None
    where: Any = ROWS
    joins: tuple[tuple[Any, Any], ...] = ()
    numerator: Any = ROWS
    denominator: Any = None

    @property
    def counts(self) -> bool:
        """As the base says."""
        return self.denominator is None

    @property
    def credited(self) -> Any:
        """Whose figure a row counts in."""
        return getattr(self.of, "owner_id", None) if self.whose is None else self.whose

    @property
    def parts(self) -> tuple[Any, ...]:
        """As the base says."""
        said = (self.on, self.credited, self.where, self.numerator, self.denominator, *(met for _, met in self.joins))
        return tuple(part for part in said if part is not None)

    def figures(self, session: Any, first: date, last: date) -> Figures:
        """As the base says."""
        grouped = self._of(None, first, last, self.credited, *self._sums).group_by(self.credited)
        return {user: self._figure(*sums) for user, *sums in session.execute(grouped)}

    def figure(self, session: Any, user_id: int | None, first: date, last: date) -> Figure:
        """As the base says; of all together what differs is counted once, whoever it is credited to."""
        return self._figure(*session.execute(self._of(user_id, first, last, *self._sums)).one())

    def trend(self, session: Any, user_id: int | None, first: date, last: date) -> dict[str, Figure]:
        """As the base says, in one statement."""
        month = func.substr(cast(self.on, String), 1, 7).label(_MONTH)
        grouped = self._of(user_id, first, last, month, *self._sums).group_by(_MONTH)
        found = {at: self._figure(*sums) for at, *sums in session.execute(grouped)}
        return {at: found.get(at, self.nothing) for at, *_days in months(first, last)}

    def rows(self, user_id: int | None, first: date, last: date) -> Any:
        """As the base says."""
        return self._of(user_id, first, last, self.of)

    def _of(self, user_id: int | None, first: date, last: date, *asked: Any) -> Any:
        statement = select(*asked).select_from(self.of)
        for record, met in self.joins:
            statement = statement.join(record, met)
        statement = statement.where(self.on.between(first, last), self.where)
        return statement if user_id is None else statement.where(self.credited == user_id)

    @property
    def _sums(self) -> tuple[Any, ...]:
        return tuple(_summed(part) for part in (self.numerator, self.denominator) if part is not None)

    def _figure(self, numerator: Any, denominator: Any = ONE) -> Figure:
        return Figure(Decimal(numerator or 0), Decimal(denominator or 0))


@dataclass(frozen=True, eq=False)
class Reckoned(AnyMeasure):
    """The way out for a KPI that no statement over one record gives, such as a ratio of the sums of two.

    `reckon` gives everybody's figures, ``(session, first, last) -> {user_id: Figure}``, by sets all the same; `behind`
    the rows of `of` behind them, ``(user_id, first, last) -> Select``, all people's with None. `looks_at` are the
    fields it is made of, for who may not read one of them sees no figure. Its trend takes a statement a month.
    """

    _: KW_ONLY
    reckon: Callable[[Any, date, date], Figures]
    behind: Callable[[int | None, date, date], Any]
    looks_at: tuple[Any, ...]
    counts: bool = False

    @property
    def parts(self) -> tuple[Any, ...]:
        """As the base says."""
        return self.looks_at

    def figures(self, session: Any, first: date, last: date) -> Figures:
        """As the base says."""
        return self.reckon(session, first, last)

    def rows(self, user_id: int | None, first: date, last: date) -> Any:
        """As the base says."""
        return self.behind(user_id, first, last)


def is_condition(part: Any) -> bool:
    """Whether rows are counted by it, and not a value summed."""
    return isinstance(part.type, Boolean)


def is_distinct(part: Any) -> bool:
    """Whether its different values are counted."""
    return isinstance(part, UnaryExpression) and part.operator is distinct_op


def _summed(part: Any) -> Any:
    if part is ROWS or is_distinct(part):
        return func.count() if part is ROWS else func.count(part)
    return func.sum(case((part, 1), else_=0) if is_condition(part) else part)


def months(first: date, last: date) -> list[tuple[str, date, date]]:
    """The months of a period by name, each with its days in the period."""
    found, start = [], first
    while start <= last:
        following = (start.replace(day=1) + timedelta(days=31)).replace(day=1)
        found.append((start.isoformat()[:7], start, min(last, following - timedelta(days=1))))
        start = following
    return found


def measure(declared: AnyMeasure) -> AnyMeasure:
    """Enter a measure in the registry."""
    registry.measures.add(declared.name, declared)
    return declared
