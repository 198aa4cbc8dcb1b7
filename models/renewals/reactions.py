"""What renewals do when something happens to their contracts."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.workflow import adopt
from app.schema.events import on
from models.contracts import Contract
from models.contracts.events import (
    ContractCancelled,
    ContractsLapsed,
    ContractVoided,
    InsuredObjectGone,
    RenewalRefused,
)
from models.contracts.states import ContractState
from models.renewals.renewal import Renewal
from models.renewals.rules import LeftOut
from models.renewals.states import OPEN, RenewalState


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
