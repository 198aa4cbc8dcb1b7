"""What stands out about a claim: whether the loss is covered at all, and what is a reason to look twice."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.settings import setting_value
from app.schema.settings import Setting
from models.claims import settings
from models.claims.claim_line import ClaimLine
from models.claims.states import ClaimState, Flag, Lane
from models.contracts import Contract, ContractCoverage, Instalment
from models.contracts.rules import add_months
from models.contracts.settings import INSTALMENT_GRACE
from models.products import Coverage, Exclusion, ProductVersion

if TYPE_CHECKING:
    from models.claims.claim import Claim

OUTSIDE = "The loss does not lie within the term of the contract: refuse the claim."
WAITING = "The loss lies within the waiting period of its coverage: refuse the claim."
OWED = "An instalment was owed for too long when the loss occurred: refuse the claim."
EXCLUDED = "The product excludes losses of this cause: refuse the claim."
REASONS = {
    Flag.NOT_IN_FORCE: OUTSIDE,
    Flag.WAITING_PERIOD: WAITING,
    Flag.INSTALMENT_OWED: OWED,
    Flag.EXCLUDED_CAUSE: EXCLUDED,
}
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


class Finding(NamedTuple):
    """Something that stands out, and the fact it stands on: a number, a day, a clause."""

    flag: Flag
    fact: str


def findings(session: Session, claim: "Claim", lines: list[ClaimLine]) -> list[Finding]:
    """All that stands out about a claim at the time of its loss."""
    contract = _contract(session, claim)
    if contract is None:
        return []
    return [
        *_barring(session, contract, claim, lines),
        *_history(session, claim),
        *_early(contract, claim.occurred_on, setting_value(session, settings.EARLY_DAYS) or 0),
        *_outlier(session, contract, claim),
    ]


def barred(session: Session, claim: "Claim", lines: list[ClaimLine]) -> str | None:
    """Why the loss is not covered, as the contract stands now; None if nothing says so."""
    contract = _contract(session, claim)
    found = _barring(session, contract, claim, lines) if contract is not None else iter(())
    return next((REASONS[each.flag] for each in found), None)


def _contract(session: Session, claim: "Claim") -> Contract | None:
    return session.scalars(select(Contract).where(Contract.id == claim.contract_id)).one_or_none()


def _barring(session: Session, contract: Contract, claim: "Claim", lines: list[ClaimLine]) -> Iterator[Finding]:
    yield from _not_in_force(contract, claim.occurred_on)
    yield from _waiting(session, contract, claim.occurred_on, lines)
    yield from _owed(session, contract, claim.occurred_on)
    yield from _excluded(session, contract, claim)


def lane_of(session: Session, claim: "Claim") -> Lane:
    """The way a claim is worked, by its amount, its product and what stands out about it."""
    most, least = setting_value(session, settings.FAST_LIMIT), setting_value(session, settings.NAMED_FROM)
    if least is not None and claim.claimed >= least:
        return Lane.NAMED
    if most is None or claim.claimed > most or claim.flags:
        return Lane.STANDARD
    slow = select(ProductVersion.id).join(Contract, Contract.product_version_id == ProductVersion.id)
    kept_slow = slow.where(Contract.id == claim.contract_id, ProductVersion.fast_lane.is_(False))
    return Lane.STANDARD if session.scalar(kept_slow) is not None else Lane.FAST


def promised(claim: "Claim") -> Setting:
    """The limit the customer is promised a decision within: each lane has its own."""
    lanes = {Lane.FAST: settings.FAST_PROMISE, Lane.NAMED: settings.NAMED_PROMISE}
    return lanes.get(claim.lane, settings.PROMISE)


def _not_in_force(contract: Contract, on: date) -> Iterator[Finding]:
    end = contract.expires_on
    if contract.cancelled_on is not None:
        end = min(end, contract.cancelled_on - DAY)
    if contract.voided_on is not None or not contract.starts_on <= on <= end:
        yield Finding(Flag.NOT_IN_FORCE, f"{contract.starts_on} – {contract.voided_on or end}")


def _waiting(session: Session, contract: Contract, on: date, lines: list[ClaimLine]) -> Iterator[Finding]:
    """A contract that continues another one waits for nothing."""
    if contract.predecessor_id is not None or contract.product_version_id is None:
        return
    waits = (
        select(func.max(Coverage.waiting_days))
        .join(ContractCoverage)
        .where(ContractCoverage.contract_id == contract.id)
    )
    under = {line.contract_coverage_id for line in lines} - {None}
    days = session.scalar(waits.where(ContractCoverage.id.in_(under)) if under else waits) if under or not lines else 0
    if days and contract.starts_on <= on < contract.starts_on + days * DAY:
        yield Finding(Flag.WAITING_PERIOD, f"{contract.starts_on} + {days}")


def _owed(session: Session, contract: Contract, on: date) -> Iterator[Finding]:
    grace = setting_value(session, INSTALMENT_GRACE) or 0
    owed = select(Instalment.due_on).where(
        Instalment.contract_id == contract.id,
        Instalment.due_on < on - grace * DAY,
        Instalment.paid_on.is_(None) | (Instalment.paid_on > on),
    )
    if (since := session.scalar(owed.order_by(Instalment.due_on).limit(1))) is not None:
        yield Finding(Flag.INSTALMENT_OWED, str(since))


def _excluded(session: Session, contract: Contract, claim: "Claim") -> Iterator[Finding]:
    clauses = select(Exclusion.clause).where(
        Exclusion.product_version_id == contract.product_version_id, Exclusion.cause == claim.cause
    )
    if contract.product_version_id is not None and (clause := session.scalar(clauses.limit(1))) is not None:
        yield Finding(Flag.EXCLUDED_CAUSE, clause)


def _history(session: Session, claim: "Claim") -> Iterator[Finding]:
    """Other claims under the contract: perhaps the same loss told twice, or one loss too many."""
    record = type(claim)
    others = select(record.number, record.occurred_on, record.cause).where(
        record.contract_id == claim.contract_id,
        record.state != ClaimState.WITHDRAWN,
        record.occurred_on.between(claim.occurred_on - YEAR, claim.occurred_on + YEAR),
    )
    if claim.id is not None:
        others = others.where(record.id != claim.id)
    found = session.execute(others.order_by(record.id)).all()
    near = (setting_value(session, settings.DUPLICATE_DAYS) or 0) * DAY
    for number, occurred_on, cause in found:
        if cause == claim.cause and abs(occurred_on - claim.occurred_on) <= near:
            yield Finding(Flag.POSSIBLE_DUPLICATE, number)
            break
    most, earlier = setting_value(session, settings.REPEATED), [each for each in found if each[1] <= claim.occurred_on]
    if most and len(earlier) + 1 >= most:
        yield Finding(Flag.REPEATED_LOSS, ", ".join(each.number for each in earlier[-5:]))


def _early(contract: Contract, on: date, days: int) -> Iterator[Finding]:
    if contract.predecessor_id is None and contract.starts_on <= on < contract.starts_on + days * DAY:
        yield Finding(Flag.EARLY_LOSS, str(contract.starts_on))


def _outlier(session: Session, contract: Contract, claim: "Claim") -> Iterator[Finding]:
    """Far above the average of what was claimed for the same product and cause in the three years before."""
    factor, least = setting_value(session, settings.OUTLIER_FACTOR), setting_value(session, settings.OUTLIER_CASES)
    if factor is None or least is None:
        return
    record = type(claim)
    alike = (
        select(func.count(record.id), func.sum(record.claimed))
        .join(Contract, Contract.id == record.contract_id)
        .where(
            Contract.product_id == contract.product_id,
            record.cause == claim.cause,
            record.occurred_on.between(add_months(claim.occurred_on, -36), claim.occurred_on),
            record.id != (claim.id or 0),
        )
    )
    count, total = session.execute(alike).one()
    if count >= max(least, 1) and claim.claimed * count > factor * Decimal(total):
        yield Finding(Flag.OUTLIER, f"{Decimal(total) / count:.2f} × {factor.normalize():f}")
