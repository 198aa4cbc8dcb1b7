"""Sent once, done once: a form or a request carries a key of its own, and the database lets each make one row.

The key is claimed in the transaction that makes the row. Whoever sends the same again, a moment or a day later, is led
to the row that is there; whoever sends other content under a key that is used up is told so, and nothing is done.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

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
    user_id = current_actor().user_id
    if not key or user_id is None:
        return None
    if len(key) > LONGEST:
        raise Refusal("The key of the request has at most %(most)d characters.", most=LONGEST)
    digest = sha256(json.dumps([record.__tablename__, *content], default=str).encode()).hexdigest()
    now, table, connection = datetime.now(UTC), Submission.__table__.c, session.connection()
    connection.execute(delete(Submission).where(table.user_id == user_id, table.at < now - KEPT))
    fresh = insert(session, Submission).values(user_id=user_id, key=key, digest=digest, at=now)
    if connection.scalar(fresh.on_conflict_do_nothing().returning(table.key)) is not None:
        return None
    before = select(table.digest, table.row_id).where(table.user_id == user_id, table.key == key)
    used = connection.execute(before).one()
    if used.digest != digest or used.row_id is None:
        raise Conflict("This has been sent already, with other content. Send it again to add one more.")
    return int(used.row_id)


def settle(session: Session, key: str, row_id: int) -> None:
    """Note which row the key has made."""
    table = Submission.__table__.c
    mine = (table.user_id == current_actor().user_id, table.key == key)
    session.connection().execute(update(Submission).where(*mine).values(row_id=row_id))
