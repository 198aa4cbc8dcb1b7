"""What holds a step of a claim up, and what it does besides moving the state, in the same transaction."""

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.kernel.actor import on_behalf
from app.kernel.clock import house_day
from app.kernel.deriving import lines_at_hand
from app.kernel.spelling import simplified
from app.schema.errors import Refusal
from app.schema.workflow import Move
from models.claims import asking, cover, reopening, settling, telling
from models.claims.claim_line import ClaimLine
from models.claims.paper import Paper
from models.claims.payout import Payout
from models.claims.states import Lane, LineDecision, Payee, SurveyState
from models.claims.survey import Survey
from models.contracts import Contract, ContractCoverage, InsuredObject
from models.customers import Customer
from models.people.ownership import take

if TYPE_CHECKING:
    from models.claims.claim import Claim

UNREPORTED = "A survey is not reported yet."
UNSEEN = "A claim this large is surveyed first."
UNDECIDED = "Decide on each line first: approve, reduce or reject it."
FIRST = "Claim %(number)s is open again and draws on the same limit: decide it first."


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


def undecidable(claim: "Claim") -> str | Refusal | None:
    """Whether liability and amount can be settled at all."""
    session = _session(claim)
    with on_behalf("a rule looks at all of a claim"):
        if (why := _unseen(session, claim) or _unsettled(session, claim)) is not None:
            return why
        paid, due = settling.paid_before(session, claim), settling.due(session, claim)
        insured = session.scalar(
            select(Customer.name)
            .join(Contract, Contract.customer_id == Customer.id)
            .where(Contract.id == claim.contract_id)
        )
    if not (claim.payee and claim.payee_account):
        return "Enter the payee and the account first."
    if (claim.payee_is or Payee.INSURED) == Payee.INSURED and not _same(claim.payee, insured or ""):
        return "The payee is not the insured by name: enter what the payee is to the contract."
    if claim.approved is None:
        return None
    if claim.approved <= 0:
        return "Approve an amount above 0, or refuse the claim."
    if due is None and paid + claim.approved > claim.claimed:
        return "With what was paid before, this is more than was claimed."
    if due is not None and claim.approved != due:
        return Refusal(settling.CHANGED, field="approved", amount=due)
    return None


def _unsettled(session: Session, claim: "Claim") -> str | Refusal | None:
    """What about the loss, its lines or other claims has to be settled first."""
    lines = lines_at_hand(session, claim, ClaimLine)
    if (why := cover.barred(session, claim, lines)) is not None:
        return why
    if settling.lacks_lines(session, claim):
        return settling.LINELESS
    if any(line.decision == LineDecision.OPEN for line in lines):
        return UNDECIDED
    if (first := reopening.goes_before(session, claim)) is not None:
        return Refusal(FIRST, number=first)
    return None


def with_earlier_rounds(claim: "Claim") -> Decimal:
    """The amount an approval is about: a limit covers the claim with all that was paid for it before."""
    with on_behalf("a rule looks at all of a claim"):
        return settling.paid_before(_session(claim), claim) + (claim.approved or 0)


def _same(name: str, other: str) -> bool:
    """Whether two names are one, however they are spaced and in whichever characters they are written."""
    return "".join(simplified(name).split()) == "".join(simplified(other).split())


def _unseen(session: Session, claim: "Claim") -> str | None:
    """What has still to be looked at on the spot: a survey that is under way, and of a large claim one at all."""
    states = set(session.scalars(select(Survey.state).where(Survey.claim_id == claim.id)))
    if states & {SurveyState.ASSIGNED, SurveyState.ON_SITE}:
        return UNREPORTED
    if claim.lane == Lane.NAMED and SurveyState.REPORTED not in states:
        return UNSEEN
    return None


# Effects


def report(claim: "Claim", move: Move) -> None:
    """A loss was reported: what it may cost is set aside, and the papers of its product and cause are asked for."""
    with on_behalf("a claim was reported"):
        settling.note_reserve(move.session, claim, Decimal(0), move.at)
    asking.ask(claim, move)


def accept(claim: "Claim", move: Move) -> None:
    """A specialist takes the claim. What was told as one amount becomes a line, where the contract has terms for it."""
    take(claim, move)
    asking.ask(claim, move)
    telling.tell_accepted(claim, move)
    with on_behalf("a claim was accepted"):
        told = move.session.scalar(select(ClaimLine.id).where(ClaimLine.claim_id == claim.id).limit(1))
        covers = select(ContractCoverage.id).where(ContractCoverage.contract_id == claim.contract_id)
        found = move.session.scalars(covers.order_by(ContractCoverage.id)).all()
        if found and told is None:
            objects = select(InsuredObject.id).where(InsuredObject.contract_id == claim.contract_id).limit(2)
            things = move.session.scalars(objects).all()
            move.session.add(
                ClaimLine(
                    claim_id=claim.id,
                    name=claim.loss.splitlines()[0][:200] if claim.loss else claim.cause.label,
                    contract_coverage_id=found[0],
                    insured_object_id=things[0] if len(things) == 1 else None,
                    claimed=claim.claimed,
                )
            )
            move.session.flush()


def approve(claim: "Claim", move: Move) -> None:
    """The claim is covered, the amount settled and taken from the limits; later claims see what is left."""
    claim.decided_on = house_day(move.at)
    settling.draw(move.session, claim)
    if claim.round > 1:
        reopening.work_out_later(move.session, claim, move.at)
    telling.tell_approved(claim, move)


def refuse(claim: "Claim", move: Move) -> None:
    """The claim is not covered."""
    if claim.refusal_clause_id is None and not claim.refusal_under:
        raise Refusal("Name the clause the claim is refused under.", field="refusal_clause_id")
    if telling.clause_of(move.session, claim) == "":
        raise Refusal("This clause is none of the terms of the contract.", field="refusal_clause_id")
    claim.decided_on, claim.approved = house_day(move.at), None
    claim.refusal_reason = move.answers["reason"]
    telling.tell_refused(claim, move)


def take_back(claim: "Claim", move: Move) -> None:
    """What was approved and not paid is free for others again."""
    settling.release(move.session, claim)


def pay(claim: "Claim", move: Move) -> None:
    """Write the payout; the database lets one pass for each round of a claim."""
    move.session.flush()
    with on_behalf("an approved claim was paid"):
        settling.spend(move.session, claim)
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
    telling.tell_paid(claim, move)


def reopen(claim: "Claim", move: Move) -> None:
    """A closed claim is looked at again, in a new round; its clock begins anew, and later claims wait for it."""
    claim.round += 1
    claim.own_reserve = None
    reopening.call_back_later(move.session, claim)
