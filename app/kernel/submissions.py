"""Sent once, done once: a form or a request carries a key of its own, and the database lets each make one row.

The key is claimed in the transaction that makes the row. Whoever sends the same again, a moment or a day later, is led
to the row that is there; whoever sends other content under a key that is used up is told so, and nothing is done.
Of a request to the API the answer itself is kept, whatever it did.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.actor import current_actor
from app.kernel.database import insert
from app.kernel.tables import Submission
from app.schema.errors import Conflict, Refusal
from app.schema.record import Record

LONGEST = 80
KEPT = timedelta(days=7)
"""How long a key is remembered; older ones of the same person are forgotten when a new one comes."""


def claim(session: Session, key: str, record: type[Record], content: Iterable[Any]) -> int | None:
    """Claim `key` for the present person. None: go on, and `settle` it; else the id of the row it has made before.

    Waits for whoever is using the same key at this moment. Raises `Conflict` where it was used for other content.
    """
    if not key or current_actor().user_id is None:
        return None
    digest = sha256(json.dumps([record.__tablename__, *content], default=str).encode()).hexdigest()
    used = _claimed(session, key, digest)
    if used is None:
        return None
    if used.digest != digest or used.row_id is None:
        raise Conflict("This has been sent already, with other content. Send it again to add one more.")
    return int(used.row_id)


class Answer(NamedTuple):
    """What a request of the API was answered."""

    status: int
    body: str


def claim_answer(session: Session, key: str, digest: str) -> Answer | None:
    """Claim `key` for a request of the present person. None: go on, and `keep_answer`; else what was answered before.

    Waits for whoever is using the same key at this moment. Raises `Refusal` where it was used for another request.
    """
    used = _claimed(session, key, digest)
    if used is None:
        return None
    if used.digest != digest or used.status is None:
        raise Refusal("This key has been used for another request: give each request a key of its own.")
    return Answer(used.status, used.answer or "")


def keep_answer(session: Session, key: str, status: int, body: str) -> None:
    """Keep what the request with that key is answered, in the transaction of what it does."""
    _change(session, key, status=status, answer=body)


def _claimed(session: Session, key: str, digest: str) -> Any:
    """What stands under the key already; None where it is claimed by this."""
    user_id = current_actor().user_id
    if len(key) > LONGEST:
        raise Refusal("The key of the request has at most %(most)d characters.", most=LONGEST)
    now, table, connection = datetime.now(UTC), Submission.__table__.c, session.connection()
    connection.execute(delete(Submission).where(table.user_id == user_id, table.at < now - KEPT))
    fresh = insert(session, Submission).values(user_id=user_id, key=key, digest=digest, at=now)
    if connection.scalar(fresh.on_conflict_do_nothing().returning(table.key)) is not None:
        return None
    columns = (table.digest, table.row_id, table.status, table.answer)
    return connection.execute(select(*columns).where(table.user_id == user_id, table.key == key)).one()


def settle(session: Session, key: str, row_id: int) -> None:
    """Note which row the key has made."""
    _change(session, key, row_id=row_id)


def _change(session: Session, key: str, **values: Any) -> None:
    table = Submission.__table__.c
    mine = (table.user_id == current_actor().user_id, table.key == key)
    session.connection().execute(update(Submission).where(*mine).values(**values))
