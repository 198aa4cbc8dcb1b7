"""A book of business for the tests of the models: customers, products, contracts and renewals, as the system."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.workflow import adopt
from models.contracts import Contract
from models.contracts.rules import add_months
from models.contracts.states import Billing, ContractState
from models.customers import Customer
from models.people import Person
from models.products import Product
from models.products.states import LineOfBusiness, ProductState
from models.renewals import Renewal
from models.renewals.states import RenewalState

DAY = timedelta(days=1)
_numbers = count(1)


def place(actor: Actor | None) -> dict[str, int | None]:
    """The owner and unit of a row kept by `actor`."""
    return {} if actor is None else {"owner_id": actor.user_id, "unit_id": actor.unit_id}


def product(session: Session, code: str = "AUTO", renewable: bool = True) -> Product:
    """A product on sale; the same one for the same code."""
    found = session.scalar(select(Product).where(Product.code == code))
    if found is None:
        found = Product(code=code, name=f"{code} cover", line=LineOfBusiness.MOTOR, renewable=renewable)
        session.add(found)
        session.flush()
        adopt(session, found, ProductState.ON_SALE)
    return found


def customer(session: Session, keeper: Actor | None = None, **fields: Any) -> Customer:
    """A customer's file."""
    made = Customer(**({"name": f"Customer {next(_numbers)}"} | place(keeper) | fields))
    session.add(made)
    session.flush()
    return made


def contract(
    session: Session,
    expires_on: date,
    *,
    of: Customer | None = None,
    keeper: Actor | None = None,
    cover: Product | None = None,
    state: ContractState = ContractState.IN_FORCE,
    **fields: Any,
) -> Contract:
    """A year's contract that ends on `expires_on`."""
    values: dict[str, Any] = {
        "customer_id": (of or customer(session)).id,
        "product_id": (cover or product(session)).id,
        "starts_on": add_months(expires_on + DAY, -12),
        "expires_on": expires_on,
        "billing": Billing.MONTHLY,
        "instalment": Decimal("100.00"),
        "premium": Decimal("1200.00"),
    }
    made = Contract(**(values | place(keeper) | fields))
    session.add(made)
    session.flush()
    adopt(session, made, state)
    session.flush()
    return made


def successor(session: Session, of: Contract, *, late: int = 0, **fields: Any) -> Contract:
    """A linked contract, paid, that starts `late` days after the day after the expiry."""
    starts_on = of.expires_on + DAY * (1 + late)
    values = {
        "starts_on": starts_on,
        "predecessor_id": of.id,
        "paid_on": of.expires_on,
        "customer_id": of.customer_id,
        "product_id": of.product_id,
    }
    return contract(session, add_months(starts_on, 12) - DAY, of=of.customer, cover=of.product, **(values | fields))


def renewal(
    session: Session, of: Contract, owner: Actor | None = None, state: RenewalState = RenewalState.NEW, **fields: Any
) -> Renewal:
    """An item of the pool, credited to whoever owns it."""
    credit = {} if owner is None else {"credited_to_id": owner.user_id}
    made = Renewal(**({"contract_id": of.id} | place(owner) | credit | fields))
    session.add(made)
    session.flush()
    adopt(session, made, state)
    session.flush()
    return made


def license(session: Session, *actors: Actor, until: date = date(2099, 12, 31)) -> None:
    """Give these people a licence, and nobody else."""
    holders = {actor.user_id for actor in actors}
    for person in session.scalars(select(Person)):
        person.licence = f"L{person.id}" if person.user_id in holders else None
        person.licence_until = until
    session.flush()
