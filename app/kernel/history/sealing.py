"""Sealing: batches of the history chained by hashes, so that what is changed afterwards no longer fits.

A seal lists the entries it covers; its hash covers them, itself and the hash of the seal before. On PostgreSQL an
entry with a lower number may be committed after one with a higher: it is then sealed later, by its own number. So
nothing is waited for, nothing is sealed that may still vanish, and nothing stays unsealed for good.

What has to be known besides is from when on no entry below a number can come any more (`settled`): whoever writes an
entry holds a lock on the table from before its number is drawn until the commit, and PostgreSQL lists these locks.
Once all who wrote while the sequence stood at `high` are gone, all numbers up to `high` are either there or dead.
"""

import base64
import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.kernel.tables import AuditEntry, AuditSeal

BATCH = 2000
"""Entries under one seal."""
START = "0" * 64
"""What stands for the hash before the first seal."""
MARK = 6
"""Bytes of an entry's hash kept in its seal, to name the entry that was changed."""
_LAST = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_entry', 'id')), 0)"
_WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit_entry'::regclass AND mode = 'RowExclusiveLock' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND pid IS DISTINCT FROM pg_backend_pid()
"""


def canonical(row: Mapping[str, Any]) -> bytes:
    """The one way a row is written to be hashed: what is not empty, sorted, as JSON, moments in UTC."""
    kept = {key: _written(value) for key, value in row.items() if value is not None}
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def _written(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def digest(entry: Mapping[str, Any]) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(canonical(entry)).digest()


def hashing(seal: Mapping[str, Any]) -> Any:
    """The hash of a seal as far as its own words go; the hashes of its entries follow, in the order of their ids."""
    return hashlib.sha256(canonical({key: value for key, value in seal.items() if key != "hash"}) + b"\n")


def ranges(ids: Iterable[int]) -> list[list[int]]:
    """Ascending ids as ranges: 1, 2, 3, 7 reads ``[[1, 3], [7, 7]]``."""
    found: list[list[int]] = []
    for id_ in ids:
        if found and found[-1][1] == id_ - 1:
            found[-1][1] = id_
        else:
            found.append([id_, id_])
    return found


@dataclass(frozen=True)
class Horizon:
    """Up to where numbers have been drawn, who may still commit some of them, and up to where all is settled."""

    high: int
    waiting: list[str]
    settled: int


def seal(session: Session, at: datetime) -> dict[str, Any]:
    """Seal every committed entry that no seal lists yet; `at` has a zone. Counts, and the head of the chain.

    The isolation must be READ COMMITTED, as it is unless somebody says otherwise: what was committed before the
    locks were listed has to be seen afterwards.
    """
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).one_or_none()
    horizon = _horizon(session, last)
    settled = last.settled if last else 0
    listed = _listed(session, settled)
    table = AuditEntry.__table__
    fresh = select(table).where(table.c.id > settled, table.c.id <= horizon.high).order_by(table.c.id)
    count, number, head = 0, last.number if last else 0, last.hash if last else START
    batch: list[tuple[int, bytes]] = []
    rows = session.connection().execute(fresh.execution_options(yield_per=BATCH)).mappings()
    for row in rows:
        if _within(listed, row["id"]):
            continue
        batch.append((row["id"], digest(dict(row))))
        if len(batch) == BATCH:
            number, head, count = number + 1, _add(session, number + 1, at, batch, horizon, head), count + len(batch)
            batch = []
    if batch:
        number, head, count = number + 1, _add(session, number + 1, at, batch, horizon, head), count + len(batch)
    return {"written": count, "stood": 0} | ({"seal": number, "head": head} if number else {})


def _add(
    session: Session, number: int, at: datetime, batch: list[tuple[int, bytes]], horizon: Horizon, previous: str
) -> str:
    """Write one seal; returns its hash."""
    row = {
        "number": number,
        "at": at,
        "count": len(batch),
        "entries": ranges(id_ for id_, _hash in batch),
        "marks": base64.b64encode(b"".join(hash_[:MARK] for _id, hash_ in batch)).decode(),
        "settled": horizon.settled,
        "high": horizon.high,
        "waiting": horizon.waiting,
        "previous": previous,
    }
    whole = hashing(row)
    for _id, hash_ in batch:
        whole.update(hash_)
    session.add(AuditSeal(**row, hash=whole.hexdigest()))
    session.flush()
    return str(whole.hexdigest())


def _horizon(session: Session, last: AuditSeal | None) -> Horizon:
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # writers queue: whoever seals is the only one at it
        high = session.execute(select(func.coalesce(func.max(AuditEntry.id), 0))).scalar_one()
        return Horizon(high, [], high)
    high = connection.execute(text(_LAST)).scalar_one()
    writers = sorted(connection.scalars(text(_WRITERS)))
    settled = last.settled if last else 0
    if last and not set(last.waiting) & set(writers):
        settled = max(settled, last.high)
    return Horizon(high, writers, settled if writers else max(settled, high))


def _listed(session: Session, settled: int) -> list[list[int]]:
    """The ranges of entries above `settled` that are sealed already, ascending."""
    seals = session.scalars(select(AuditSeal.entries).where(AuditSeal.high > settled))
    return sorted(each for entries in seals for each in entries if each[1] > settled)


def _within(listed: list[list[int]], id_: int) -> bool:
    place = bisect_right(listed, id_, key=lambda each: each[0])
    return place > 0 and id_ <= listed[place - 1][1]
