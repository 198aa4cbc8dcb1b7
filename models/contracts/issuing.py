"""What the issue of a policy draws up: the terms it stands on, its coverages, its instalments."""

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.kernel.actor import on_behalf
from app.schema.workflow import Move
from models.contracts.contract_coverage import ContractCoverage
from models.contracts.instalment import Instalment
from models.contracts.rules import instalments, months_begun
from models.products import Coverage, ProductVersion
from models.products.states import ProductState

if TYPE_CHECKING:
    from models.contracts.contract import Contract


def issue(contract: "Contract", move: Move) -> None:
    """Put the contract on the terms in force when it starts, with all of their coverages unless it has its own."""
    move.session.flush()
    with on_behalf("a policy was issued"):
        _cover(contract, move)
        _divide(contract, move)
        move.session.flush()


def _cover(contract: "Contract", move: Move) -> None:
    session = move.session
    if contract.product_version_id is None:
        sold = select(ProductVersion.id).where(
            ProductVersion.product_id == contract.product_id,
            ProductVersion.starts_on <= contract.starts_on,
            ProductVersion.state == ProductState.ON_SALE,
        )
        newest = sold.order_by(ProductVersion.starts_on.desc(), ProductVersion.edition.desc()).limit(1)
        contract.product_version_id = session.scalar(newest)
    own = session.scalar(select(ContractCoverage.id).where(ContractCoverage.contract_id == contract.id).limit(1))
    if contract.product_version_id is None or own is not None:
        return
    terms = select(Coverage).where(Coverage.product_version_id == contract.product_version_id).order_by(Coverage.id)
    for each in session.scalars(terms).all():
        session.add(
            ContractCoverage(contract_id=contract.id, coverage_id=each.id, name=each.name, aggregate=each.aggregate)
        )


def _divide(contract: "Contract", move: Move) -> None:
    """The premium by the months of its billing; nothing where it is paid at once, or divided by hand."""
    session, every = move.session, contract.billing.months
    drawn_up = session.scalar(select(Instalment.id).where(Instalment.contract_id == contract.id).limit(1))
    if every is None or not contract.premium or drawn_up is not None:
        return
    count = max(1, -(-months_begun(contract.starts_on, contract.expires_on) // every))
    parts = instalments(contract.premium, count, contract.starts_on, every)
    for part in (each for each in parts if each.amount):
        paid_on = contract.paid_on if part.due_on == contract.starts_on else None
        session.add(Instalment(contract_id=contract.id, due_on=part.due_on, amount=part.amount, paid_on=paid_on))


def receive(contract: "Contract", move: Move) -> None:
    """A payment settles the instalment owed for longest."""
    with on_behalf("a premium was paid"):
        owed = select(Instalment).where(Instalment.contract_id == contract.id, Instalment.paid_on.is_(None))
        oldest = move.session.scalars(owed.order_by(Instalment.due_on).limit(1)).first()
        if oldest is not None:
            oldest.paid_on = contract.paid_on
