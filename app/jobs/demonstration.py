"""Demonstration data loaded and taken away for whoever asked on the page: in one transaction, so never by halves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import demonstration, history, ledger
from app.kernel.actor import Actor, acting, current_actor, on_behalf
from app.kernel.permissions import Actors
from app.kernel.tables import JobPeriod
from app.schema.errors import Conflict, NotPermitted, Refusal
from app.schema.jobs import scheduled

LOAD, REMOVE = "demonstration.load", "demonstration.remove"
PAGE = "page:demonstration"
SINCE = "More rows have come since you looked that cannot be without the demonstration. Nothing was taken away."


def ask(session: Session, job: str, seal: str = "") -> None:
    """Owe `job` once to the worker, in the name of the present person.

    Of removing, `seal` tells the rows that are agreed to go along (`Found.seal`). Raises `Conflict` while it is owed.
    """
    ledger.control(session, LOAD)  # one asks at a time
    asked = latest(session)
    if asked is not None and asked.status in ledger.OPEN:
        raise Conflict("This is under way already.")
    now = ledger.database_now(session)
    period = now.strftime("%Y-%m-%dT%H:%M:%S.%f") + (seal and f" {seal}")
    ledger.enqueue(session, job, period, now, current_actor().user_id)


def latest(session: Session) -> JobPeriod | None:
    """What was asked for last, loading or removing, as it stands."""
    both = select(JobPeriod).where(JobPeriod.job.in_((LOAD, REMOVE)))
    return session.scalars(both.order_by(JobPeriod.due.desc(), JobPeriod.period.desc()).limit(1)).first()


@scheduled(LOAD, cron="", label="Load the demonstration data")
def load(due: datetime, session: Session) -> dict[str, Any]:
    """Load what the application hands in, where nothing is there yet; a second run loads nothing."""

    def act(asker: Actor) -> int:
        app = session.info["app"]
        with app.app_context():
            rows = demonstration.load(session, app.extensions["demo"], app.extensions["settings"].mode)
        with acting(asker):
            history.summarise(session, "demonstration", "load", {"rows": rows})
        return rows

    return _as_asked(session, LOAD, act)


@scheduled(REMOVE, cron="", label="Remove the demonstration data")
def remove(due: datetime, session: Session) -> dict[str, Any]:
    """Take it away, and of what hangs on it just what was agreed to; a second run finds nothing."""

    def act(asker: Actor) -> int:
        with acting(asker), on_behalf("the demonstration is taken away"):
            if demonstration.found(session).seal != session.info["period"].rpartition(" ")[2]:
                raise Refusal(SINCE)
            return sum(demonstration.remove(session, with_hanging=True).ours.values())

    return _as_asked(session, REMOVE, act)


def _as_asked(session: Session, job: str, act: Callable[[Actor], int]) -> dict[str, Any]:
    """Do it for who asked, if he or she still may; what is refused leaves nothing behind, and is told on the page."""
    period = session.get(JobPeriod, (job, session.info["period"]))
    by = period.asked_by_id if period is not None else None
    asker = Actors().of(session, by) if by is not None else None
    try:
        if asker is None or not asker.scope("open", PAGE):
            raise NotPermitted("Whoever asked for this may not do it any more.")
        with session.begin_nested():
            return {"written": act(asker)}
    except Refusal as refusal:
        return {"written": 0, "refused": str(refusal)}
