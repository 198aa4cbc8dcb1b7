"""Asking the customer for papers: what the house wants by product and cause, and what is still missing later."""

import re
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, object_session

from app.kernel.actor import on_behalf
from app.schema.errors import Refusal
from app.schema.workflow import Move
from models.claims import letters, telling
from models.claims.paper import Paper
from models.claims.required_paper import RequiredPaper
from models.contracts import Contract

if TYPE_CHECKING:
    from models.claims.claim import Claim


def ask(claim: "Claim", move: Move) -> None:
    """A claim is reported: enter the papers of this product and loss, and tell the customer, with the link.

    Run again it adds what the claim lacks by now, its cause having changed, and tells of it; else it does nothing.
    """
    move.session.flush()
    with on_behalf("papers of a claim are asked for"):
        product = move.session.scalar(select(Contract.product_id).where(Contract.id == claim.contract_id))
        asked = select(RequiredPaper.name).where(
            RequiredPaper.archived_at.is_(None),
            or_(RequiredPaper.cause.is_(None), RequiredPaper.cause == claim.cause),
            or_(RequiredPaper.product_id.is_(None), RequiredPaper.product_id == product),
        )
        there = {paper.name for paper in papers_of(move.session, claim)}
        lacking = [n for n in move.session.scalars(asked.order_by(RequiredPaper.code)) if n not in there]
        for name in dict.fromkeys(lacking):
            move.session.add(Paper(claim_id=claim.id, name=name))
        move.session.flush()
    if lacking:
        telling.tell_wanted(claim, move, letters.REPORTED)


def supplement(claim: "Claim", move: Move) -> None:
    """More papers are asked for, and the customer is told, with the link.

    Each line of `more_papers` names one, and after a colon what the customer is told of it: a paper that is there is
    wanted again, any other is entered as a new one. Those found wanting already need no naming.
    """
    move.session.flush()
    with on_behalf("papers of a claim are asked for"):
        there = {paper.name: paper for paper in papers_of(move.session, claim)}
        for name, hint in named(claim.more_papers or ""):
            paper = there.get(name)
            if paper is None:
                there[name] = Paper(claim_id=claim.id, name=name, hint=hint)
                move.session.add(there[name])
                continue
            paper.required = True
            paper.hint = hint or paper.hint
            if not paper.standing.wanted:
                paper.complete = False
        move.session.flush()
    send_list(claim, move)


def send_list(claim: "Claim", move: Move) -> None:
    """Tell the customer what is still wanted, with a fresh link."""
    if not telling.wanted(move.session, claim):
        raise Refusal(
            "Say which papers are wanted, one a line, or mark one of those that came as not in order.",
            field="more_papers",
        )
    telling.tell_wanted(claim, move, letters.SUPPLEMENT)


def fulfilled(claim: "Claim", move: Move) -> None:
    """What was asked for has come: the next time one begins with nothing named."""
    claim.more_papers = None


def complete(claim: "Claim") -> str | None:
    """Why the customer is not asked again."""
    session = object_session(claim)
    if session is not None and telling.wanted(session, claim):
        return None
    return "No paper is missing: add one, or mark one of those that came as not in order."


def papers_of(session: Session, claim: "Claim") -> list[Paper]:
    """The papers of a claim, in the order they were entered."""
    return list(session.scalars(select(Paper).where(Paper.claim_id == claim.id).order_by(Paper.id)))


def named(written: str) -> list[tuple[str, str | None]]:
    """The papers named in a text, one a line, each with what follows the first colon."""
    split = (re.split(r"[:：]", line, maxsplit=1) for line in written.splitlines())
    return [(name.strip(), "".join(hint).strip() or None) for name, *hint in split if name.strip()]
