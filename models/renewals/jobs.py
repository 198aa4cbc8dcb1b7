"""Jobs of renewals: the expiry pool with its allocation, and the reminders."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.clock import house_day
from app.kernel.outbox import Channel, NoticeState, tell_all
from app.kernel.permissions import holders
from app.kernel.settings import setting_value
from app.schema.jobs import Missed, scheduled
from app.schema.notices import Urgency, topic
from app.schema.roles import Role
from models.renewals import pool as expiry_pool
from models.renewals import reminders, settings

NEW_FOR_YOU = topic("renewals.new", "New renewals come to me", "New renewals for you: %(count)s", Urgency.LOW)
ALLOCATED = topic("renewals.allocated", "The renewals are allocated", "Renewals allocated: %(count)s", Urgency.LOW)


@scheduled("renewals.pool", cron="0 6 * * *", label="Expiry pool and allocation")
def pool(due: datetime, session: Session) -> dict[str, Any]:
    """Before work: enter the contracts that expire within the pool's days, and give them out fairly."""
    today = house_day(due)
    counts = expiry_pool.fill(session, today, today + timedelta(days=setting_value(session, settings.POOL_DAYS)))
    given = expiry_pool.allocate(session, today)
    _tell(session, today, given)
    return {**counts, **given.published()}


@scheduled("renewals.rebalance", cron="30 6 * * mon", label="Even out untouched renewals", missed=Missed.LATEST)
def rebalance(due: datetime, session: Session) -> dict[str, Any]:
    """Before the week's work: move what nobody has begun on from the fullest desks to the emptiest."""
    given = expiry_pool.rebalance(session, house_day(due))
    return {"written": given.moved, **given.published()}


@scheduled("renewals.remind", cron="0 8 * * *", label="Renewal reminders")
def remind(due: datetime, session: Session) -> dict[str, Any]:
    """Remind customers, and who works their renewals, of contracts that expire in so many days."""
    return reminders.remind(session, house_day(due))


def _tell(session: Session, today: date, given: expiry_pool.Given) -> None:
    """Tell specialists what came to their desks, and supervisors that the pool was given out; once a day."""
    portions = [portion for portion in given.allocation.portions if portion.items]
    told = {int(portion.person): NEW_FOR_YOU.says(count=portion.items) for portion in portions}
    total = sum(portion.items for portion in portions)
    if total:
        for leader in holders(session, Role.SUPERVISOR):
            told.setdefault(leader, ALLOCATED.says(count=total))
    notices = [
        {
            "dedupe_key": f"renewals.pool:{today.isoformat()}:{user_id}",
            "channel": Channel.APP,
            "state": NoticeState.SENT,
            "user_id": user_id,
            "subject": subject,
            "body": "",
        }
        for user_id, subject in told.items()
    ]
    tell_all(session, notices)
