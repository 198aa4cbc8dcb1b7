"""Sealing the history, every few minutes."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.history import sealing
from app.kernel.history.verifying import JOB
from app.kernel.ledger import database_now
from app.schema.jobs import Missed, scheduled


@scheduled(JOB, cron="*/10 * * * *", label="Seal the history", missed=Missed.LATEST)
def seal(due: datetime, session: Session) -> dict[str, Any]:
    """Seal what was written since the last time."""
    return sealing.seal(session, database_now(session))
