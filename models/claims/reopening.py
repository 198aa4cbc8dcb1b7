"""A claim that is opened again comes before those reported after it, where they share a limit.

Later approvals that are not paid yet go back to review; once the reopened claim is approved, what later claims come to
is worked out anew, and who works one that was paid already is told if it was paid too much by today's figures.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.actor import on_behalf
from app.kernel.outbox import tell
from app.kernel.workflow import advance
from app.schema.notices import topic
from models.claims import settling
from models.claims.claim_line import ClaimLine
from models.claims.states import OPEN, ClaimState
from models.contracts import ContractCoverage

if TYPE_CHECKING:
    from models.claims.claim import Claim

WHY = "Claim {number} is open again and comes first."
OVERPAID = topic(
    "claims.overpaid",
    "A paid claim of mine was paid too much",
    "Claim %(claim)s was paid %(paid)s; since claim %(earlier)s was decided anew it comes to %(due)s.",
)


def goes_before(session: Session, claim: "Claim") -> str | None:
    """The number of a claim that is open again and comes before this one; None if there is none."""
    record: Any = type(claim)
    first = select(record.number).where(
        record.round > 1,
        record.state.in_(OPEN),
        or_(
            record.reported_at < claim.reported_at, and_(record.reported_at == claim.reported_at, record.id < claim.id)
        ),
        _shares(record, claim),
    )
    return session.scalar(first.order_by(record.id).limit(1))


def call_back_later(session: Session, claim: "Claim") -> None:
    """Take back what was approved and not paid of later claims on the same limits."""
    with on_behalf("an earlier claim was opened again"):
        for later in _later(session, claim, ClaimState.APPROVED):
            advance(session, later, "take_back", answers={"reason": WHY.format(number=claim.number)})


def work_out_later(session: Session, claim: "Claim", at: datetime) -> None:
    """Work out anew what later claims on the same limits come to."""
    with on_behalf("an earlier claim was decided anew"):
        session.flush()
        for later in _later(session, claim, *OPEN):
            settling.work_out(session, later, at)
        session.flush()
        for later in _later(session, claim, ClaimState.PAID):
            due = settling.due(session, later)
            if due is not None and due < 0 and later.owner_id is not None:
                paid = settling.paid_before(session, later)
                places: dict[str, Any] = {
                    "claim": later.number,
                    "earlier": claim.number,
                    "paid": paid,
                    "due": paid + due,
                }
                key = f"claims.overpaid/{later.number}/{claim.number}/{claim.round}"
                tell(session, key, later.owner_id, OVERPAID.says(**places), row=later)


def _later(session: Session, claim: "Claim", *states: Any) -> Iterator[Any]:
    """Claims reported after this one that share a limit with it. One that is being worked on at this very moment is
    left out: it works everything out itself, once it gets hold of the limit.
    """
    record: Any = type(claim)
    after = select(record).where(
        record.state.in_(states),
        or_(
            record.reported_at > claim.reported_at, and_(record.reported_at == claim.reported_at, record.id > claim.id)
        ),
        _shares(record, claim),
    )
    yield from session.scalars(after.order_by(record.id).with_for_update(skip_locked=True)).all()


def _shares(record: Any, claim: "Claim") -> ColumnElement[bool]:
    """Whether a claim has a line under a coverage with an aggregate limit that this claim has one under as well."""
    mine, its = aliased(ClaimLine), aliased(ClaimLine)
    shared = (
        select(its.claim_id)
        .join(mine, mine.contract_coverage_id == its.contract_coverage_id)
        .join(ContractCoverage, ContractCoverage.id == mine.contract_coverage_id)
        .where(mine.claim_id == claim.id, ContractCoverage.aggregate.is_not(None))
    )
    return and_(record.contract_id == claim.contract_id, record.id != claim.id, record.id.in_(shared))
