"""The claims report: frequency, severity, cost, both loss ratios of the claims reported in some months, cut five ways.

Every figure of a line is of the same claims, whenever they were decided or paid: those reported in the months looked at
and not withdrawn. What is outstanding of them today is all its change, for before their notice it was nothing. Against
them stand the days on risk and the premium of the same months. Where a cut divides claims but not contracts, as cause
and handler do, each line is set against all contracts, so that its ratios are its part of the total.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, literal, or_, select
from sqlalchemy.orm import Session

from app.kernel.clock import house_day
from app.kernel.days import HouseDay, MonthOf
from app.schema.report import Months, Report, report
from models.claims.amounts import NOTHING, noticed, of, outstanding, paid, recovered
from models.claims.claim import Claim
from models.claims.payout import Payout
from models.claims.recovery import Recovery
from models.claims.states import LossCause, RecoveryState
from models.contracts import Contract
from models.contracts.earning import ON_RISK, Volume, first_day, monthly, on_risk_in, up_to_today, volumes, written_in
from models.contracts.rules import half_up
from models.people import Person, Unit
from models.products import Product

ALL, DASH = "all", "—"
COLUMNS = {
    "cut": "Group",
    "claims": "Claims",
    "exposure": "Contract-years on risk",
    "frequency": "Claim frequency, %",
    "paid_claims": "Claims paid for",
    "severity": "Paid per claim",
    "paid": "Paid",
    "recovered": "Recovered",
    "cost": "Net paid",
    "outstanding": "Outstanding",
    "premium_earned": "Premium earned",
    "loss_ratio_earned": "Loss ratio (earned), %",
    "premium_written": "Premium written",
    "loss_ratio_simple": "Loss ratio (simple), %",
    "on_time_rate": "Decided on time, %",
}
OPENS = {
    "claims": "claim",
    "exposure": "contract",
    "frequency": "claim",
    "paid_claims": "claim",
    "severity": "payout",
    "paid": "payout",
    "recovered": "recovery",
    "cost": "claim",
    "outstanding": "claim",
    "premium_earned": "contract",
    "loss_ratio_earned": "claim",
    "premium_written": "contract",
    "loss_ratio_simple": "claim",
    "on_time_rate": "claim",
}
NOTES = (
    "Claims are those reported in the months and not withdrawn; every figure of a line is of the same claims.",
    "Net paid is what was paid less what came back.",
    "Frequency: claims per hundred contract-years on risk in the months.",
    "Loss ratio (earned): net paid and the change of what is outstanding, of the premium earned by days in the months.",
    "Loss ratio (simple): paid and outstanding, of the premium of contracts that began in the months.",
    "By cause and by handler each line is set against all contracts: its ratios are its part of the total.",
)
MONTH = MonthOf(HouseDay(Claim.reported_at))


class Cut(NamedTuple):
    """What a dimension groups claims by and, where it divides contracts too, contracts; how a group is called."""

    claims: Any
    contracts: Any = None
    named: Any = None


CUTS = {
    "product": Cut(Contract.product_id, Contract.product_id, (Product.id, Product.name)),
    "cause": Cut(Claim.cause),
    "region": Cut(Claim.unit_id, Contract.unit_id, (Unit.id, Unit.name)),
    "handler": Cut(Claim.owner_id, None, (Person.user_id, Person.name)),
    "notice_month": Cut(MONTH),
}


@dataclass(frozen=True)
class Sums:
    """What is summed of the claims of a line."""

    claims: int = 0
    paid_claims: int = 0
    paid: Decimal = Decimal("0.00")
    recovered: Decimal = Decimal("0.00")
    outstanding: Decimal = Decimal("0.00")
    decided: int = 0
    on_time: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Sums)))


def figures(session: Session, by: str, months: Months = (None, None)) -> list[dict[str, Any]]:
    """The report cut by `by`, the total first, of the claims and contracts the current actor sees.

    A rate without cases is None, never 0.
    """
    first, last = _days(months)
    sums = _sums(session, by, first, last)
    total = sum(sums.values(), Sums())
    against = _volumes(session, by, first, last, sums)
    whole = against.pop(ALL, None) or sum(against.values(), Volume())
    lines = [_line(ALL, ALL, total, whole)]
    names = _names(session, by, sums.keys() | against.keys())
    for key in sorted(names, key=lambda key: (key is None, names[key], str(key))):
        volume = against.get(key, Volume()) if against else whole
        lines.append(_line(names[key], _written(key), sums.get(key, Sums()), volume))
    return lines


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """100 · part / whole to 0.01, half-up; None without cases."""
    return half_up(100 * Decimal(part) / Decimal(whole)) if whole else None


def _line(cut: str, key: str, sums: Sums, volume: Volume) -> dict[str, Any]:
    net = sums.paid - sums.recovered
    return {
        "key": key,
        "cut": cut,
        "claims": sums.claims,
        "exposure": half_up(volume.years),
        "frequency": percent(sums.claims, volume.years),
        "paid_claims": sums.paid_claims,
        "severity": half_up(sums.paid / sums.paid_claims) if sums.paid_claims else None,
        "paid": sums.paid,
        "recovered": sums.recovered,
        "cost": net,
        "outstanding": sums.outstanding,
        "premium_earned": volume.earned,
        "loss_ratio_earned": percent(net + sums.outstanding, volume.earned),
        "premium_written": volume.written,
        "loss_ratio_simple": percent(sums.paid + sums.outstanding, volume.written),
        "on_time_rate": percent(sums.on_time, sums.decided),
    }


def _days(months: Months) -> tuple[date | None, date]:
    """The first and the last day looked at; nothing is looked at ahead of today."""
    first, last = (None if month is None else date.fromisoformat(f"{month}-01") for month in months)
    return first, up_to_today(last and last.replace(day=monthrange(last.year, last.month)[1]))


def _sums(session: Session, by: str, first: date | None, last: date) -> dict[Any, Sums]:
    spent, back, owed, key = paid(), recovered(), outstanding(house_day(datetime.now(UTC))), CUTS[by].claims
    limited = Claim.decided_on.is_not(None) & Claim.decide_by.is_not(None)
    grouped = (
        select(
            key,
            func.count(),
            func.count(spent.c.claim_id),
            func.sum(of(spent)),
            func.sum(of(back)),
            func.sum(of(owed)),
            func.count(case((limited, 1))),
            func.count(case((limited & (Claim.decided_on <= Claim.decide_by), 1))),
        )
        .select_from(Claim)
        .join(Contract, Contract.id == Claim.contract_id)
        .outerjoin(spent, spent.c.claim_id == Claim.id)
        .outerjoin(back, back.c.claim_id == Claim.id)
        .outerjoin(owed, owed.c.claim_id == Claim.id)
        .where(noticed(first, last))
        .group_by(key)
    )
    return {at: Sums(*sums) for at, *sums in session.execute(grouped)}


def _volumes(session: Session, by: str, first: date | None, last: date, sums: dict[Any, Sums]) -> dict[Any, Volume]:
    """By the keys of the cut or, where it does not divide contracts, all under `ALL`."""
    if by == "notice_month":
        begun = [*([first] if first else []), *(_first_of(month) for month in sums)]
        if first is None and (day := first_day(session)) is not None:
            begun.append(day.replace(day=1))
        at = min((day for day in begun if day <= last), default=None)
        return monthly(session, _firsts(at, last), last) if at else {}
    key = CUTS[by].contracts
    found = volumes(session, first, last, key)
    return found if key is not None else {ALL: found[None]}


def _first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _firsts(at: date, last: date) -> Iterator[date]:
    while at <= last:
        yield at
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)


def _names(session: Session, by: str, keys: set[Any]) -> dict[Any, str]:
    named = CUTS[by].named
    if named is None:
        return {key: key.label if isinstance(key, LossCause) else key for key in keys}
    key, name = named
    found = {row[0]: row[1] for row in session.execute(select(key, name).where(key.in_(keys - {None})))}
    return {key: found.get(key, DASH) for key in keys}


# Rows behind


def behind(by: str, key: str, column: str, months: Months) -> Select[Any]:
    """The rows behind a figure: of the line with that key, in that column."""
    first, last = _days(months)
    if OPENS[column] == "contract":
        return _contracts(by, key, column, first, last)
    claims = select(Claim).join(Contract, Contract.id == Claim.contract_id).where(noticed(first, last))
    if key != ALL:
        claims = claims.where(_is(CUTS[by].claims, by, key))
    many: Any = {"payout": Payout, "recovery": Recovery}.get(OPENS[column])
    if many is not None:
        rows = select(many).where(many.claim_id.in_(claims.with_only_columns(Claim.id)))
        return rows if many is Payout else rows.where(Recovery.state == RecoveryState.RECEIVED)
    if column == "on_time_rate":
        return claims.where(Claim.decided_on.is_not(None), Claim.decide_by.is_not(None))
    if column in ("claims", "frequency"):
        return claims
    spent, back, owed = paid(), recovered(), outstanding(house_day(datetime.now(UTC)))
    for sums in (spent, back, owed):
        claims = claims.outerjoin(sums, sums.c.claim_id == Claim.id)
    moved = {
        "paid_claims": (of(spent),),
        "cost": (of(spent), of(back)),
        "outstanding": (of(owed),),
        "loss_ratio_earned": (of(spent), of(back), of(owed)),
    }.get(column, (of(spent), of(owed)))
    return claims.where(or_(*(amount != NOTHING for amount in moved)))


def _contracts(by: str, key: str, column: str, first: date | None, last: date) -> Select[Any]:
    if by == "notice_month" and key != ALL:
        month = _days((key, key))
        first, last = max(filter(None, (first, month[0]))), min(last, month[1])
    rows = select(Contract).where(ON_RISK)
    rows = rows.where(written_in(first, last) if column == "premium_written" else on_risk_in(first, last))
    divided = CUTS[by].contracts
    return rows.where(_is(divided, by, key)) if divided is not None and key != ALL else rows


def _written(key: Any) -> str:
    """A key as an address holds it."""
    return DASH if key is None else str(key.value if isinstance(key, LossCause) else key)


def _is(column: Any, by: str, key: str) -> Any:
    if key == DASH:
        return column.is_(None)
    if by == "cause":
        return column == key if key in {cause.value for cause in LossCause} else literal(False)
    if by == "notice_month":
        return column == key
    return column == int(key) if key.isdecimal() and len(key) < 10 else literal(False)


report(
    Report(
        "claims",
        "Claims analysis",
        tuple(CUTS),
        COLUMNS,
        figures,
        opens=OPENS,
        behind=behind,
        needs=("claim", "payout", "recovery"),
        charts=(("claims", "frequency"), ("cost", "outstanding"), ("loss_ratio_earned",), ("loss_ratio_simple",)),
        notes=NOTES,
    )
)
