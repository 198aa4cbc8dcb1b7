"""What renewals do when something happens to their contracts."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.clock import house_day
from app.kernel.outbox import tell
from app.kernel.permissions import holders
from app.kernel.workflow import adopt
from app.schema.errors import Conflict, Refusal
from app.schema.events import HandedOver, on
from app.schema.notices import topic
from app.schema.roles import Role
from models.contracts import Contract
from models.contracts.events import (
    ContractCancelled,
    ContractsLapsed,
    ContractVoided,
    InsuredObjectGone,
    RenewalRefused,
)
from models.contracts.states import ContractState
from models.people import Person
from models.people.states import Employment
from models.renewals.contact import Contact
from models.renewals.renewal import Renewal
from models.renewals.rules import LeftOut
from models.renewals.states import LOST, OPEN, RenewalState

HANDED_TO_YOU = topic("renewals.handed", "A renewal is handed to me", "Renewal %(number)s is handed to you")


@on(ContractsLapsed)
def lapse(event: ContractsLapsed, session: Session) -> None:
    """The renewals of lapsed contracts that were still open lapse with them."""
    lapsed = select(Contract.id).where(
        Contract.state == ContractState.LAPSED, Contract.expires_on < event.expired_before
    )
    ids = session.scalars(
        update(Renewal)
        .where(Renewal.state.in_(OPEN), Renewal.contract_id.in_(lapsed))
        .values(state=RenewalState.LAPSED, version=Renewal.version + 1, changed_at=datetime.now(UTC))
        .returning(Renewal.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ids:
        bounds = {"expired_before": event.expired_before.isoformat(), "ids": sorted(ids)}
        history.summarise(session, "renewal", "lapse", bounds)


def _leave_out(session: Session, contract_id: int, reason: LeftOut) -> None:
    renewal = session.scalar(select(Renewal).where(Renewal.contract_id == contract_id))
    if renewal is not None:
        renewal.left_out = reason
        if renewal.state in OPEN:
            adopt(session, renewal, RenewalState.LEFT_OUT)
        session.flush()


@on(ContractCancelled)
def cancelled(event: ContractCancelled, session: Session) -> None:
    """A contract cancelled mid-term is no case for renewal."""
    _leave_out(session, event.contract_id, LeftOut.CANCELLED)


@on(InsuredObjectGone)
def object_gone(event: InsuredObjectGone, session: Session) -> None:
    """Without its object there is nothing to renew."""
    _leave_out(session, event.contract_id, LeftOut.OBJECT_GONE)


@on(RenewalRefused)
def declined_by_us(event: RenewalRefused, session: Session) -> None:
    """What we refuse to renew does not count against anybody."""
    _leave_out(session, event.contract_id, LeftOut.DECLINED_BY_US)


@on(ContractVoided)
def voided(event: ContractVoided, session: Session) -> None:
    """A voided contract is no case; a voided successor leaves the renewal before it open again."""
    _leave_out(session, event.contract_id, LeftOut.CANCELLED)
    for renewal in session.scalars(select(Renewal).where(Renewal.successor_id == event.contract_id)):
        renewal.successor_id = None
        if renewal.state == RenewalState.RENEWED:
            adopt(session, renewal, RenewalState.FOLLOWING)
    session.flush()


@on(HandedOver)
def handed_over(event: HandedOver, session: Session) -> None:
    """Somebody else works a renewal: the talks go along, the credit stays frozen, and the new owner is told.

    Raises `Conflict` for a renewal that is closed, `Refusal` for somebody who does not work renewals.
    """
    if event.record != "renewal":
        return
    renewal = session.get_one(Renewal, event.row_id)
    if renewal.state not in OPEN | LOST:
        raise Conflict("This renewal is closed; there is nothing to hand over.")
    if event.user_id is None:
        return
    active = select(Person.id).where(Person.user_id == event.user_id, Person.state == Employment.ACTIVE)
    if session.scalar(active) is None or event.user_id not in holders(session, Role.RENEWAL):
        raise Refusal("Choose somebody who works renewals.", field="owner_id")
    if renewal.credited_to_id is None:
        renewal.credited_to_id, renewal.allocated_on = event.user_id, house_day(datetime.now(UTC))
    for contact in session.scalars(select(Contact).where(Contact.renewal_id == renewal.id)):
        contact.owner_id, contact.unit_id = renewal.owner_id, renewal.unit_id
    session.flush()
    if not event.among_many:
        told = HANDED_TO_YOU.says(number=renewal.number)
        tell(session, f"renewals.handed_over:{renewal.id}:{renewal.version}", event.user_id, told, row=renewal)
