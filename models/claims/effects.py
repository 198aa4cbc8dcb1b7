"""What holds a step of a claim up, and what it does besides moving the state, in the same transaction."""

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, object_session

from app.kernel.actor import on_behalf
from app.kernel.clock import house_day
from app.schema.workflow import Move
from models.claims.paper import Paper
from models.claims.payout import Payout
from models.claims.required_paper import RequiredPaper
from models.claims.states import SurveyState
from models.claims.survey import Survey
from models.contracts import Contract
from models.people.ownership import take

if TYPE_CHECKING:
    from models.claims.claim import Claim


def _session(claim: "Claim") -> Session:
    session = object_session(claim)
    if session is None:
        raise RuntimeError(f"claim {claim.number} belongs to no session: add it to one before asking about it")
    return session


# Guards: each answers None or why not.


def gaps(claim: "Claim") -> str | None:
    """Papers are examined before the claim is."""
    papers = _session(claim).scalars(select(Paper).where(Paper.claim_id == claim.id, Paper.required.is_(True)))
    if all(paper.accepted for paper in papers):
        return None
    return "A required paper is missing, or not found authentic, complete and relevant yet."


def undecidable(claim: "Claim") -> str | None:
    """Whether liability and amount can be settled at all."""
    session = _session(claim)
    with on_behalf("a rule looks at all of a claim"):
        if _surveys_open(session, claim):
            return "A survey is not reported yet."
        if not _covered(session, claim):
            return "The loss does not lie within the term of the contract: refuse the claim."
        paid = _paid(session, claim)
    if not (claim.payee and claim.payee_account):
        return "Enter the payee and the account first."
    if claim.approved is None:
        return None
    if claim.approved <= 0:
        return "Approve an amount above 0, or refuse the claim."
    if paid + claim.approved > claim.claimed:
        return "With what was paid before, this is more than was claimed."
    return None


def with_earlier_rounds(claim: "Claim") -> Decimal:
    """The amount an approval is about: a limit covers the claim with all that was paid for it before."""
    with on_behalf("a rule looks at all of a claim"):
        return _paid(_session(claim), claim) + (claim.approved or 0)


def _surveys_open(session: Session, claim: "Claim") -> bool:
    open_ = Survey.state.in_((SurveyState.ASSIGNED, SurveyState.ON_SITE))
    return session.scalar(select(Survey.id).where(Survey.claim_id == claim.id, open_).limit(1)) is not None


def _covered(session: Session, claim: "Claim") -> bool:
    contract = session.scalars(select(Contract).where(Contract.id == claim.contract_id)).one()
    if contract.voided_on is not None or not contract.starts_on <= claim.occurred_on <= contract.expires_on:
        return False
    return contract.cancelled_on is None or claim.occurred_on < contract.cancelled_on


def _paid(session: Session, claim: "Claim") -> Decimal:
    total = select(func.coalesce(func.sum(Payout.amount), Decimal(0))).where(Payout.claim_id == claim.id)
    return session.scalars(total).one()


# Effects


def accept(claim: "Claim", move: Move) -> None:
    """A specialist takes the claim; the customer is asked for the papers of this product and loss."""
    take(claim, move)
    move.session.flush()
    with on_behalf("a claim was accepted"):
        product = move.session.scalar(select(Contract.product_id).where(Contract.id == claim.contract_id))
        asked = select(RequiredPaper.name).where(
            RequiredPaper.archived_at.is_(None),
            or_(RequiredPaper.cause.is_(None), RequiredPaper.cause == claim.cause),
            or_(RequiredPaper.product_id.is_(None), RequiredPaper.product_id == product),
        )
        for name in move.session.scalars(asked.order_by(RequiredPaper.code)).all():
            move.session.add(Paper(claim_id=claim.id, name=name))
        move.session.flush()


def approve(claim: "Claim", move: Move) -> None:
    """The claim is covered, the amount settled."""
    claim.decided_on = house_day(move.at)


def refuse(claim: "Claim", move: Move) -> None:
    """The claim is not covered."""
    claim.decided_on, claim.approved = house_day(move.at), None


def pay(claim: "Claim", move: Move) -> None:
    """Write the payout; the database lets one pass for each round of a claim."""
    move.session.flush()
    with on_behalf("an approved claim was paid"):
        move.session.add(
            Payout(
                claim_id=claim.id,
                round=claim.round,
                amount=claim.approved,
                payee=claim.payee,
                payee_account=claim.payee_account,
                method=claim.method,
                paid_on=house_day(move.at),
                owner_id=claim.owner_id,
                unit_id=claim.unit_id,
            )
        )
        move.session.flush()


def reopen(claim: "Claim", move: Move) -> None:
    """A closed claim is looked at again, in a new round; its clock begins anew as well."""
    claim.round += 1
