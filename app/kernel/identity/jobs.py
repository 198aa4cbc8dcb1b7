"""What identity forgets by itself."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from app.kernel.identity.limits import REMEMBERED
from app.kernel.identity.tables import GuessLimit, UserSession
from app.schema.jobs import Missed, scheduled

SESSIONS_KEPT = timedelta(days=30)


@scheduled("identity.forget", cron="45 3 * * *", label="Forget old sessions and wrong passwords", missed=Missed.LATEST)
def forget(due: datetime, session: Session) -> dict[str, Any]:
    """Delete sessions not used for a month, and wrong tries that no longer count."""
    old = due - SESSIONS_KEPT
    sessions = session.execute(delete(UserSession).where(or_(UserSession.ended_at < old, UserSession.seen_at < old)))
    quiet = (
        GuessLimit.tried_at < due - REMEMBERED,
        or_(GuessLimit.locked_until.is_(None), GuessLimit.locked_until < due),
    )
    tries = session.execute(delete(GuessLimit).where(*quiet))
    return {"written": sessions.rowcount + tries.rowcount}  # type: ignore[attr-defined] # of a DELETE
