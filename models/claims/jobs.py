"""Jobs of claims."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from app.kernel.clock import house_day
from app.kernel.outbox import NoticeState
from app.kernel.tables import Notice
from app.kernel.workflow import advance
from app.schema.jobs import Missed, scheduled
from models.claims.claim import Claim
from models.claims.letters import REFUSED
from models.claims.states import ClaimState

AT_ONCE = 200
"""Claims noted in one go."""


@scheduled("claims.told", cron="*/10 * * * *", label="Note refusals that were told", missed=Missed.LATEST)
def told(due: datetime, session: Session) -> dict[str, Any]:
    """A refusal counts as told on the day its mail was taken by the mail server, or its letter was printed."""
    key = (
        literal(f"claims.{REFUSED.name}:").concat(cast(Claim.id, String)).concat(":").concat(cast(Claim.round, String))
    )
    left = (
        select(Claim, Notice.sent_at)
        .join(Notice, Notice.dedupe_key == key)
        .where(Claim.state == ClaimState.REFUSED, Claim.refusal_told_on.is_(None))
        .where(Notice.state == NoticeState.SENT, Notice.sent_at.is_not(None))
        .order_by(Claim.id)
        .limit(AT_ONCE)
    )
    found = session.execute(left).all()
    for claim, sent_at in found:
        assert sent_at is not None, "the statement asks for those"
        advance(session, claim, "tell_refusal", answers={"refusal_told_on": house_day(sent_at)})
    return {"written": len(found)}
