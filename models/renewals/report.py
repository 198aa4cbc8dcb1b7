"""The renewal report: due, renewed and the rates of cohorts, by the definition of the domain notes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, distinct, func, select
from sqlalchemy.orm import Session

from app.kernel.clock import house_day
from app.kernel.settings import setting_value
from app.schema.kinds import Choice
from app.schema.report import Months, Report, report
from models.contracts import Contract
from models.contracts.rules import half_up
from models.people import Person
from models.products import Product
from models.renewals.definition import counted, renewed
from models.renewals.renewal import Renewal
from models.renewals.rules import DASH, cohort_matured
from models.renewals.settings import GRACE_DAYS

ALL = "all"
COLUMNS = {
    "cut": "Cohort",
    "due": "Due",
    "renewed": "Renewed",
    "rate": "Renewal rate, %",
    "on_time_rate": "On time, %",
    "customer_rate": "By customer, %",
    "premium_expiring": "Premium expiring",
    "premium_renewed": "Premium renewed",
    "premium_rate": "By premium, %",
    "left_out": "Left out",
    "immature": "Immature",
}


def figures(session: Session, by: str, today: date, months: Months = (None, None)) -> list[dict[str, Any]]:
    """The report cut by `by`, the total first, of the renewals the current actor sees that expire in `months`.

    `due` leaves out, and `left_out` counts, what is no case for renewal. A rate without cases is None, never 0.
    `immature` says that some expiry's grace has not passed by `today`, so that the rates may still rise.
    """
    grace = setting_value(session, GRACE_DAYS)
    lines = [Line(ALL, *counted(session, _sums(grace, months))[0]), *_cut(session, by, grace, months)]
    return [line.shown(grace, today) for line in lines]


@dataclass(frozen=True)
class Line:
    """The sums of one line of the report."""

    cut: str
    due: int
    left_out: int
    renewed: int
    on_time: int
    customers: int
    customers_renewed: int
    premium_expiring: Decimal | None
    premium_renewed: Decimal | None
    last_cohort: str | None

    def shown(self, grace: int, today: date) -> dict[str, Any]:
        """The line as the report gives it."""
        expiring, kept = self.premium_expiring or Decimal("0.00"), self.premium_renewed or Decimal("0.00")
        return {
            "cut": self.cut,
            "due": self.due,
            "renewed": self.renewed,
            "rate": percent(self.renewed, self.due),
            "on_time_rate": percent(self.on_time, self.due),
            "customer_rate": percent(self.customers_renewed, self.customers),
            "premium_expiring": expiring,
            "premium_renewed": kept,
            "premium_rate": percent(kept, expiring),
            "left_out": self.left_out,
            "immature": self.last_cohort is not None and not cohort_matured(self.last_cohort, grace, today),
        }


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """100 · part / whole to 0.01, half-up; None without cases."""
    return half_up(100 * Decimal(part) / Decimal(whole)) if whole else None


def _sums(grace: int, months: Months) -> Select[Any]:
    kept = renewed(grace)
    first, last = months
    within = [Renewal.cohort >= first] if first else []
    within += [Renewal.cohort <= last] if last else []
    case_ = Renewal.left_out.is_(None)
    counts = case_ & kept.c.renewal_id.is_not(None)

    def where(condition: ColumnElement[bool], value: Any) -> Any:
        return case((condition, value))

    return (
        select(
            func.count(where(case_, 1)),
            func.count(where(~case_, 1)),
            func.count(where(counts, 1)),
            func.count(where(counts & (kept.c.on_time == 1), 1)),
            func.count(distinct(where(case_, Renewal.customer_id))),
            func.count(distinct(where(counts, Renewal.customer_id))),
            func.sum(where(case_, Renewal.premium)),
            func.sum(where(counts, kept.c.premium)),
            func.max(where(case_, Renewal.cohort)),
        )
        .select_from(Renewal)
        .outerjoin(kept, kept.c.renewal_id == Renewal.id)
        .where(*within)
    )


_CUTS: dict[str, tuple[Any, Any]] = {
    "expiry_month": (Renewal.cohort, Renewal.cohort),
    "channel": (Renewal.channel, Renewal.channel),
    "owner": (Renewal.credited_to_id, Person.name),
    "product": (Product.id, Product.name),
}
"""What each dimension groups by, and how a group is called."""


def _cut(session: Session, by: str, grace: int, months: Months) -> Iterator[Line]:
    key, name = _CUTS[by]
    cut = _sums(grace, months).add_columns(name).group_by(key, name).order_by(name, key)
    if by == "owner":
        cut = cut.outerjoin(Person, Person.user_id == Renewal.credited_to_id)
    elif by == "product":
        cut = cut.join(Contract, Contract.id == Renewal.contract_id).join(Product, Product.id == Contract.product_id)
    for *sums, called in counted(session, cut):
        yield Line(DASH if called is None else called.label if isinstance(called, Choice) else called, *sums)


def _rows(session: Session, by: str, months: Months) -> list[dict[str, Any]]:
    return figures(session, by, house_day(datetime.now(UTC)), months)


report(Report("renewals", "Renewal rate", tuple(_CUTS), COLUMNS, _rows))
