"""Guessing is slowed, then locked for a time; known and unknown names are counted alike.

A try is written down before it is checked, so that a hundred at once do not pass together. The counters stand in the
database: all processes count together.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.database import insert
from app.kernel.identity.settings import LOCK_AFTER, LOCK_MINUTES
from app.kernel.identity.tables import GuessLimit
from app.kernel.settings import setting_value

FREE = 3
"""Tries of a name that are not slowed."""
SLOWEST = 60
"""Seconds between tries at the most, short of a lock."""
REMEMBERED = timedelta(days=1)
"""How long wrong tries count: after a lock each further one locks again, until a day was quiet."""
PEOPLE_PER_ADDRESS = 10
"""A whole office may stand behind one address: it may err so many times as often as one name."""


@dataclass(frozen=True)
class Guess:
    """What is guessed at. `weight` is how many people may share it; `remembered` how long its wrong tries count."""

    key: str
    weight: int = 1
    remembered: timedelta = REMEMBERED


def _guess(sort: str, what: str, **more: object) -> Guess:
    return Guess(hashlib.sha256(f"{sort}:{what}".encode()).hexdigest(), **more)  # type: ignore[arg-type]


def of_name(username: str) -> Guess:
    """The password of a name, whether or not somebody has it."""
    return _guess("name", unicodedata.normalize("NFKC", username).strip().casefold())


def of_address(address: str) -> Guess:
    """Any password, from one address."""
    return _guess("address", address, weight=PEOPLE_PER_ADDRESS, remembered=timedelta(hours=1))


def of_factor(user_id: int) -> Guess:
    """The second factor of a person."""
    return _guess("factor", str(user_id))


def of_code(address: str) -> Guess:
    """The code of a document, from one address."""
    return _guess("code", address, weight=PEOPLE_PER_ADDRESS, remembered=timedelta(hours=1))


def charge(session: Session, guesses: Iterable[Guess], now: datetime) -> timedelta | None:
    """Write a try down, before it is made. Returns how long to wait when it must not be made now; commit either way."""
    lock_after, lock = setting_value(session, LOCK_AFTER), timedelta(minutes=setting_value(session, LOCK_MINUTES))
    waits = []
    for guess in sorted(guesses, key=lambda each: each.key):
        session.execute(
            insert(session, GuessLimit).values(key=guess.key, tries=0, tried_at=now).on_conflict_do_nothing()
        )
        held = select(GuessLimit).where(GuessLimit.key == guess.key).with_for_update()
        row = session.scalars(held.execution_options(populate_existing=True)).one()
        waits.append(_wait(row, guess, now, lock_after * guess.weight, lock))
    session.flush()
    return max((wait for wait in waits if wait is not None), default=None)


def _wait(row: GuessLimit, guess: Guess, now: datetime, lock_after: int, lock: timedelta) -> timedelta | None:
    if row.locked_until is not None and row.locked_until > now:
        return row.locked_until - now
    if now - row.tried_at > guess.remembered:
        row.tries = 0
    beyond = row.tries - FREE * guess.weight
    pause = min(2 ** min(beyond, 10), SLOWEST) if beyond >= 0 else 0
    ready = row.tried_at + timedelta(seconds=pause)
    row.tries, row.tried_at = row.tries + 1, now
    row.locked_until = now + lock if row.tries >= lock_after else None
    return ready - now if ready > now else None


def forgive(session: Session, guess: Guess) -> None:
    """Take back the one try that was right; for what many people share."""
    mine = update(GuessLimit).where(GuessLimit.key == guess.key, GuessLimit.tries > 0)
    session.execute(mine.values(tries=GuessLimit.tries - 1).execution_options(synchronize_session=False))


def clear(session: Session, guess: Guess) -> None:
    """Forget wrong tries, after a right one or when an administrator says so."""
    session.execute(delete(GuessLimit).where(GuessLimit.key == guess.key))


def locked_until(session: Session, guess: Guess, now: datetime) -> datetime | None:
    """Until when something is locked; None when it is not."""
    until = session.scalar(select(GuessLimit.locked_until).where(GuessLimit.key == guess.key))
    return until if until is not None and until > now else None
