"""Documents that were issued: numbered, kept as they left the house, and told whether they still stand.

What was issued is never changed. The same row unchanged gives the same document again; a row that says something else
by now gives a new one, and those before it are replaced.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import access, history
from app.kernel.actor import current_actor, on_behalf
from app.kernel.ledger import database_now
from app.kernel.store import the_store
from app.schema.documents import Document, document_of
from app.schema.errors import Conflict, NotFound, NotPermitted
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.types import UtcMoment

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What codes are made of: nothing that is taken for something else."""
CODE = 16
NONE_SUCH = "There is no such document among those you may see."


class IssuedDocument(Model):
    """A document as it left the house. Its bytes lie in the store under `token`; `code` is printed on it.

    `substance` is a digest of what it says, `shown` the fields it says it of. `whom` is who it is for, masked, which is
    all that strangers are told. `replaced_at` is when a newer one took its place.
    """

    __tablename__ = "issued_document"
    __table_args__: Any = (
        UniqueConstraint("code"),
        UniqueConstraint("token"),
        UniqueConstraint("record", "record_id", "name", "running"),
        Index("ix_issued_document_row", "record", "record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    record: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(80))
    running: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(20))
    whom: Mapped[str] = mapped_column(String(80))
    substance: Mapped[str] = mapped_column(String(64))
    shown: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[datetime] = mapped_column(UtcMoment)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))


@dataclass(frozen=True)
class Said:
    """What a document says of a row, in one language: a digest of it, and the fields it is said of."""

    language: str
    substance: str
    shown: frozenset[str]


@dataclass(frozen=True)
class Stamp:
    """What is printed on every document: its number, its code, and when it was issued, in UTC."""

    number: str
    code: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """What a stranger with the code is told of a document."""

    label: str
    number: str
    whom: str
    issued_at: datetime
    replaced_at: datetime | None
    stands: bool


def may_print(row: Record, document: Document) -> bool:
    """Whether the actor may print this document of a row he or she sees, in its present state."""
    actor = current_actor()
    if not (access.may(actor, "read", row) and access.may(actor, document.right, row)):
        return False
    return not document.states or access.state_of(row) in document.states


def require_print(row: Record, document: Document) -> None:
    """Raise `NotPermitted` or `Conflict` unless the actor may print the document."""
    if not access.may(current_actor(), document.right, row):
        raise NotPermitted("You may not print this document.")
    if not may_print(row, document):
        raise Conflict("There is no such document of it in its present state.")


def issue(
    session: Session, row: Record, document: Document, said: Said, draw: Callable[[Stamp], bytes]
) -> IssuedDocument:
    """The document of a row as it says now: the one that stands, or a new one, drawn and kept; noted in the history."""
    require_print(row, document)
    record = type(row)
    session.execute(select(record.id).where(record.id == row.id).with_for_update())
    before = [each for each in issued(session, row) if each.name == document.name]
    standing = [each for each in before if each.replaced_at is None]
    shown = " ".join(sorted(said.shown))
    for each in standing:
        if (each.language, each.substance, each.shown) == (said.language, said.substance, shown):
            return each
    now, running = database_now(session).replace(microsecond=0), len(before) + 1
    number = f"{row.title}-{running:02}"
    stamp = Stamp(number, "".join(secrets.choice(LETTERS) for _ in range(CODE)), now)
    body, token = draw(stamp), secrets.token_hex(20)
    the_store().put(token, body)
    old = [each.id for each in standing if each.substance != said.substance]
    table = IssuedDocument
    session.connection().execute(update(table).where(table.id.in_(old)).values(replaced_at=now))
    with on_behalf("a document is made out to somebody"):
        whom = masked(document.to(row))
    made = IssuedDocument(
        code=stamp.code,
        record=str(record.__tablename__),
        record_id=row.id,
        name=document.name,
        running=running,
        number=number,
        language=said.language,
        whom=whom,
        substance=said.substance,
        shown=shown,
        token=token,
        issued_at=now,
        user_id=current_actor().user_id,
    )
    session.add(made)
    history.note(session, row, "print", None, {"printed": [None, number]})
    session.flush()
    return made


def issued(session: Session, row: Record) -> list[IssuedDocument]:
    """What was issued of a row, oldest first."""
    kept = IssuedDocument
    mine = select(kept).where(kept.record == str(type(row).__tablename__), kept.record_id == row.id)
    return list(session.scalars(mine.order_by(kept.id).execution_options(populate_existing=True)))


def find(session: Session, code: str) -> tuple[IssuedDocument, Record, Document]:
    """A document by its code, with its row and declaration, for who sees the row and has the right to print it.

    Raises `NotFound`, the same for whatever is not to be seen. What it says must still be held against what the actor
    may read.
    """
    kept = session.scalars(select(IssuedDocument).where(IssuedDocument.code == code)).one_or_none()
    record = registry.get(kept.record) if kept is not None else None
    document = document_of(record, kept.name) if record is not None and kept is not None else None
    if kept is None or record is None or document is None:
        raise NotFound(NONE_SUCH)
    try:
        row = access.find(session, record, kept.record_id)
        access.require(current_actor(), "read", row)
        access.require(current_actor(), document.right, row)
    except (NotFound, NotPermitted):
        raise NotFound(NONE_SUCH) from None
    return kept, row, document


def standing_of(session: Session, code: str) -> Standing | None:
    """What may be told of a document to whoever holds its code; None for a code that no document has."""
    kept = session.scalars(select(IssuedDocument).where(IssuedDocument.code == code)).one_or_none()
    record = registry.get(kept.record) if kept is not None else None
    document = document_of(record, kept.name) if record is not None and kept is not None else None
    if kept is None or record is None or document is None:
        return None
    with on_behalf("a document is verified"):
        row = session.get(record, kept.record_id)
        there = row is not None and (not document.states or access.state_of(row) in document.states)
    stands = there and kept.replaced_at is None
    return Standing(document.label, kept.number, kept.whom, kept.issued_at, kept.replaced_at, stands)


def masked(name: str) -> str:
    """A name of which only the beginning of each part is left: ``张**``, ``L** W**``."""
    return " ".join(part[:1] + "**" for part in name.split())[:80]


def kept_tokens(session: Session) -> set[str]:
    """Every token under which the bytes of a document lie."""
    return set(session.scalars(select(IssuedDocument.token)))
