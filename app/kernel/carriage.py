"""Bytes carried from one store to another, and whether a store has what the entries say of it."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.store import Store
from app.kernel.tables import Attachment


class Carried(NamedTuple):
    """How many files were carried over, and how many stood there already."""

    carried: int
    stood: int


def carry(source: Store, target: Store) -> Carried:
    """Copy every file the target does not have the same already, and read each back. What is stopped is begun again.

    The source keeps all of it. Raises `OSError` naming a file that did not arrive as it left, `Unavailable`.
    """
    carried = stood = 0
    for token, _at in source.tokens():
        body = _read(source, token)
        if body is None:  # swept meanwhile
            continue
        if _read(target, token) == body:
            stood += 1
            continue
        target.remove(token)
        target.put(token, body)
        if _read(target, token) != body:
            raise OSError(f"{token} did not arrive as it left")
        carried += 1
    return Carried(carried, stood)


def faults_of(session: Session, store: Store) -> Iterator[str]:
    """A sentence for each file the entries know that the store does not have, or has otherwise."""
    known = select(Attachment.token, Attachment.sha256, Attachment.filename).order_by(Attachment.id)
    for token, hash_, name in session.execute(known).yield_per(1000):
        body = _read(store, token)
        if body is None:
            yield f"{token} ({name}) is not there"
        elif sha256(body).hexdigest() != hash_:
            yield f"{token} ({name}) is not what was sent"


def _read(store: Store, token: str) -> bytes | None:
    try:
        with store.open(token) as found:
            return found.read()
    except FileNotFoundError:
        return None
