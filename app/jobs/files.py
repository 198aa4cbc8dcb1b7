"""Letting go of files that nobody needs."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel import files
from app.schema.jobs import Missed, scheduled


@scheduled("files.sweep", cron="30 3 * * *", label="Sweep files nobody needs", missed=Missed.LATEST)
def sweep(due: datetime, session: Session) -> dict[str, Any]:
    """Forget files that no row took, and those taken out or deleted longer ago than the settings say."""
    gone, stray = files.sweep(session, due)
    return {"written": gone, "stood": 0, "stray": stray}
