"""What customers are told of their claims: by mail where they have an address, else by a letter to print.

Told is the holder of the contract, once for each occasion; never accounts or other private values of the claim.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import on_behalf
from app.kernel.currency import HOUSE_CURRENCY
from app.kernel.outbox import Channel, NoticeState, tell_all
from app.kernel.settings import setting_value
from app.schema.letters import filled_in
from app.schema.wording import OwnWords
from app.schema.workflow import Move
from models.claims import letters, links
from models.claims.letters import Letter
from models.claims.paper import Paper
from models.contracts import Contract
from models.customers import Customer
from models.people import Person
from models.products import Exclusion

if TYPE_CHECKING:
    from models.claims.claim import Claim


def tell_wanted(claim: "Claim", move: Move, letter: Letter) -> None:
    """Tell which papers are wanted, with a fresh link: `letters.REPORTED` at first, `letters.SUPPLEMENT` later.

    May be told again: each time is an occasion of its own.
    """
    until = links.good_until(move.session, move.at)
    places = {
        "papers": "\n".join(f"- {named}" for named in wanted(move.session, claim)) or "-",
        "link": links.address_of(claim),
        "until": until.isoformat() if until is not None else "-",
    }
    _tell(move.session, claim, letter, f"{move.at:%Y%m%dT%H%M%S.%f}", places)


def tell_accepted(claim: "Claim", move: Move) -> None:
    """Tell who handles the claim now."""
    with on_behalf("the customer is told who handles a claim"):
        name = move.session.scalar(select(Person.name).where(Person.user_id == claim.owner_id))
    _tell(
        move.session, claim, letters.ACCEPTED, f"{claim.round}:{claim.owner_id}", {"handler": name or move.actor.name}
    )


def tell_approved(claim: "Claim", move: Move) -> None:
    """Tell what will be paid; again where it was taken back and decided anew."""
    occasion = f"{claim.round}:{claim.approved}"
    _tell(move.session, claim, letters.APPROVED, occasion, {"amount": _amount(move.session, claim.approved)})


def tell_refused(claim: "Claim", move: Move) -> None:
    """Tell why nothing is paid."""
    _tell(move.session, claim, letters.REFUSED, str(claim.round), _why(move.session, claim))


def tell_paid(claim: "Claim", move: Move) -> None:
    """Tell what was paid."""
    _tell(move.session, claim, letters.PAID, str(claim.round), {"amount": _amount(move.session, claim.approved)})


def wanted(session: Session, claim: "Claim") -> list[str]:
    """The required papers the customer still has to send, each with what is said of it."""
    with on_behalf("a rule looks at all papers of a claim"):
        papers = session.scalars(select(Paper).where(Paper.claim_id == claim.id, Paper.required).order_by(Paper.id))
        return [f"{p.name} ({p.hint})" if p.hint else p.name for p in papers if p.standing.wanted]


def clause_of(session: Session, claim: "Claim") -> str:
    """The clause a claim was refused under, as the customer reads it; "" for an exclusion of other terms."""
    if claim.refusal_clause_id is None:
        return claim.refusal_under or ""
    with on_behalf("the clause of a refusal is quoted"):
        terms = select(Contract.product_version_id).where(Contract.id == claim.contract_id).scalar_subquery()
        mine = (Exclusion.id == claim.refusal_clause_id, Exclusion.product_version_id == terms)
        found = session.execute(select(Exclusion.clause, Exclusion.wording).where(*mine)).one_or_none()
    quoted = "" if found is None else f"{found.clause} {found.wording}"
    return "; ".join(filter(None, (quoted, claim.refusal_under))) if quoted else ""


def key_of(claim: "Claim", letter: Letter, occasion: str) -> str:
    """By what a notice to the customer is known."""
    return f"claims.{letter.name}:{claim.id}:{occasion}"


def _amount(session: Session, amount: Decimal | None) -> str:
    return f"{setting_value(session, HOUSE_CURRENCY)} {amount:,.2f}"


@dataclass(frozen=True)
class Written:
    """What is written to the holder of a contract, and where to; `mail` and `address` are None where there is none."""

    mail: str | None
    address: str | None
    subject: str
    body: str


def refusal_letter(session: Session, claim: "Claim") -> Written:
    """The letter of a refusal, for whoever sees the claim."""
    return _written(session, claim, letters.REFUSED, _why(session, claim))


def _why(session: Session, claim: "Claim") -> dict[str, str]:
    return {"clause": clause_of(session, claim), "reason": claim.refusal_reason or ""}


def _written(session: Session, claim: "Claim", letter: Letter, places: dict[str, str]) -> Written:
    with on_behalf("the customer is told of a claim"):
        of = select(Contract.number, Customer.name, Customer.email, Customer.address)
        holder = session.execute(of.join(Contract.customer).where(Contract.id == claim.contract_id)).one()
    places = places | {"number": claim.number, "contract": holder.number, "customer": holder.name}
    subject, body = (setting_value(session, part) or "" for part in (letter.subject, letter.body))
    return Written(holder.email, holder.address, filled_in(subject, places), filled_in(body, places))


def _tell(session: Session, claim: "Claim", letter: Letter, occasion: str, places: dict[str, str]) -> None:
    written = _written(session, claim, letter, places)
    notice = {
        "dedupe_key": key_of(claim, letter, occasion),
        "channel": Channel.MAIL if written.mail else Channel.LETTER,
        "state": NoticeState.WAITING,
        "user_id": None,
        "address": (written.mail or written.address or "")[:320] or None,
        "subject": OwnWords(written.subject),
        "body": written.body,
        "record": claim.__tablename__,
        "record_id": claim.id,
    }
    tell_all(session, [notice])
