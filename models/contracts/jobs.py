"""Jobs of contracts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.clock import house_day
from app.kernel.settings import setting_value
from app.kernel.workflow import publish
from app.schema.jobs import scheduled
from models.contracts.contract import Contract
from models.contracts.events import ContractsLapsed
from models.contracts.settings import GRACE_DAYS
from models.contracts.states import ContractState
from models.contracts.succession import has_paid_successor


@scheduled("contracts.lapse", cron="30 0 * * *", label="Lapse of contracts after grace")
def lapse(due: datetime, session: Session) -> dict[str, Any]:
    """Let every contract in force lapse whose expiry + grace has passed without a paid successor.

    It lapses on the first business day after grace (`rules.lapses_on` of renewals), that is when
    expiry < business day − grace. One history entry names the bounds and all contracts.
    """
    before = house_day(due) - timedelta(days=setting_value(session, GRACE_DAYS))
    stood = session.scalar(
        select(func.count()).where(Contract.state == ContractState.LAPSED, Contract.expires_on < before)
    )
    lapsed = session.scalars(
        update(Contract)
        .where(Contract.state == ContractState.IN_FORCE, Contract.expires_on < before, ~has_paid_successor())
        .values(state=ContractState.LAPSED, version=Contract.version + 1, changed_at=datetime.now(UTC))
        .returning(Contract.id)
        .execution_options(synchronize_session=False)
    ).all()
    if lapsed:
        bounds = {"state": ["in_force", "lapsed"], "expired_before": before.isoformat(), "ids": sorted(lapsed)}
        history.summarise(session, "contract", "lapse", bounds)
    publish(session, ContractsLapsed(before))
    session.expire_all()
    return {"written": len(lapsed), "stood": stood, "expired_before": before.isoformat()}
