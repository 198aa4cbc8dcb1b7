"""Telling somebody who guesses to wait."""

from datetime import UTC, datetime, timedelta

from flask_babel import gettext as _

from app.extensions import db
from app.kernel.identity import limits
from app.kernel.identity.limits import Guess


def too_many(wait: timedelta) -> str:
    """The sentence for somebody who must wait before trying again."""
    minutes = -(-wait // timedelta(minutes=1))
    if minutes <= 1:
        return _("Too many tries. Wait a moment, then try again.")
    return _("Too many tries. Try again in %(minutes)d minutes.", minutes=minutes)


def told_to_wait(*guesses: Guess) -> str:
    """Write down a try that is about to be made; the sentence to answer with when it must not be made now, or ""."""
    wait = limits.charge(db.session, guesses, datetime.now(UTC))
    db.session.commit()
    return "" if wait is None else too_many(wait)
