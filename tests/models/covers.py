"""Contracts with terms for the tests of claims: a version on sale, its coverages, a contract issued on it."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.workflow import adopt
from models.claims import Claim, ClaimLine
from models.claims.states import LineDecision, LossCause, Payee
from models.contracts import Contract, ContractCoverage
from models.products import Coverage, ProductVersion
from models.products.states import ProductState
from tests.models import book

ACCOUNT = "6222020200011122333"


def version(session: Session, *coverages: dict[str, Any], starts_on: date, **fields: Any) -> ProductVersion:
    """A version on sale with these coverages; each a mapping of `Coverage` fields."""
    made = ProductVersion(
        **({"product_id": book.product(session).id, "name": "Terms", "starts_on": starts_on} | fields)
    )
    session.add(made)
    session.flush()
    for number, terms in enumerate(coverages, 1):
        session.add(
            Coverage(**({"product_version_id": made.id, "code": f"C{number}", "name": f"Cover {number}"} | terms))
        )
    session.flush()
    adopt(session, made, ProductState.ON_SALE)
    session.flush()
    return made


def contract(session: Session, expires_on: date, *coverages: dict[str, Any], **fields: Any) -> Contract:
    """A year's contract in force on terms of its own, with all their coverages."""
    made = book.contract(session, expires_on, **fields)
    terms = version(session, *coverages, starts_on=made.starts_on, edition=made.id)
    made.product_version_id = terms.id
    for each in session.scalars(select(Coverage).where(Coverage.product_version_id == terms.id).order_by(Coverage.id)):
        kept = {"contract_id": made.id, "coverage_id": each.id, "name": each.name, "aggregate": each.aggregate}
        session.add(ContractCoverage(**kept))
    session.flush()
    return made


def claim(contract: int, occurred_on: date, claimed: str = "1000", **fields: Any) -> Claim:
    """A claim as it is told at first."""
    values: dict[str, Any] = {"contract_id": contract, "occurred_on": occurred_on, "claimed": Decimal(claimed)}
    values |= {"cause": LossCause.COLLISION, "payee": "Li Na", "payee_is": Payee.BENEFICIARY, "payee_account": ACCOUNT}
    return Claim(**(values | fields))


def line(claim: int, claimed: str, cover: int | None = None, **fields: Any) -> ClaimLine:
    """A line that is approved as it is claimed."""
    values = {"claim_id": claim, "name": "A thing", "claimed": Decimal(claimed), "contract_coverage_id": cover}
    return ClaimLine(**(values | {"decision": LineDecision.APPROVED} | fields))
