"""Succession: which contract continues which, and how the next one is made."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Exists, exists, select
from sqlalchemy.orm import Session, aliased

from app.kernel.workflow import advance
from app.schema.errors import Conflict
from models.contracts.contract import Contract
from models.contracts.rules import Term, add_months, instalments
from models.contracts.states import Billing, ContractState

DAY = timedelta(days=1)


def has_paid_successor(contract: Any = Contract) -> Exists:
    """Whether a linked successor is paid and not voided, as a condition on `contract` (the class or an alias)."""
    after = aliased(Contract)
    paid = (after.predecessor_id == contract.id, after.paid_on.is_not(None), after.voided_on.is_(None))
    return exists().where(*paid)


def first_instalment(premium: Decimal, billing: Billing, term: Term) -> Decimal:
    """What is due each billing period of `term`; odd cents go to the last instalment (contract rules)."""
    count = 1 if billing.months is None else max(term.months // billing.months, 1)
    return instalments(premium, count, term.starts_on)[0].amount


@dataclass(frozen=True)
class Continuation:
    """What the next contract would be: its days of cover, the premium of the whole term, what is due each time."""

    term: Term
    premium: Decimal
    instalment: Decimal


def continuation(contract: Contract, *, premium: Decimal, paid_on: date) -> Continuation:
    """What continues `contract` at `premium`, paid on that day: the same length of term and way of paying.

    It starts the day after the expiry or, when `contract` has lapsed, on the day of payment.
    """
    starts_on = paid_on if contract.state == ContractState.LAPSED else contract.expires_on + DAY
    months = Term(contract.starts_on, contract.expires_on).months
    term = Term(starts_on, add_months(starts_on, months) - DAY)
    same = premium == contract.premium
    due = contract.instalment if same else first_instalment(premium, contract.billing, term)
    return Continuation(term, premium, due)


def refuse_second(session: Session, contract: Contract) -> None:
    """Raise `Conflict` when `contract` has a paid successor already."""
    if session.scalar(select(has_paid_successor(contract))):
        raise Conflict("This contract has been renewed already.")


def succeed(session: Session, contract: Contract, *, premium: Decimal, paid_on: date) -> Contract:
    """Continue `contract` by a linked one: same keeper, cover and length of term, paid, in force; it is then renewed.

    Term and instalment are those of `continuation`. To be called by the system on behalf of whoever closed the
    renewal, after `refuse_second`. `premium` is that of the whole term.
    """
    after = continuation(contract, premium=premium, paid_on=paid_on)
    successor = Contract(
        customer_id=contract.customer_id,
        product_id=contract.product_id,
        coverage=contract.coverage,
        starts_on=after.term.starts_on,
        expires_on=after.term.expires_on,
        billing=contract.billing,
        premium=premium,
        instalment=after.instalment,
        channel=contract.channel,
        object_class=contract.object_class,
        object_size=contract.object_size,
        plate=contract.plate,
        vin=contract.vin,
        predecessor_id=contract.id,
        owner_id=contract.owner_id,
        unit_id=contract.unit_id,
    )
    session.add(successor)
    advance(session, successor, "issue", answers={"paid_on": paid_on})
    session.expire(contract, ["successors"])
    advance(session, contract, "renew")
    return successor
