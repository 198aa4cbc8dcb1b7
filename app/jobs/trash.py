"""Letting go of what was deleted longer ago than the department keeps it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel import trash
from app.schema.jobs import Missed, scheduled


@scheduled("trash.purge", cron="15 3 * * *", label="Empty the trash of what is too old", missed=Missed.LATEST)
def purge(due: datetime, session: Session) -> dict[str, Any]:
    """Take out what has been there longer than the setting says, private values and all."""
    return {"written": trash.purge(session, due), "stood": 0}
