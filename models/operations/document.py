"""Document: a template, form or piece of advertising, in one edition, under control."""

from typing import Any

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped

from app.kernel.actor import on_behalf
from app.kernel.workflow import advance
from app.schema.grants import Grants
from app.schema.kinds import Code, Day, LongText, ShortText, choice, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import EVERYONE, LEADERS, Role
from app.schema.rows import Shared
from app.schema.traits import Attached, Noted
from app.schema.workflow import Move, Step, Workflow
from models.operations.states import DocumentKind, DocumentState

S = DocumentState


def _complete(document: Any) -> str | None:
    return None if document.location or document.text else "Say where the document lies, or write its text."


def _replace_earlier(document: Any, move: Move) -> None:
    """Of one code a single edition is published: the one before expires."""
    with on_behalf(f"edition {document.edition} was published"):
        earlier = select(Document).where(
            Document.code == document.code, Document.id != document.id, Document.state == S.PUBLISHED
        )
        for edition in move.session.scalars(earlier).all():
            advance(move.session, edition, "expire", answers={"reason": f"replaced by edition {document.edition}"})


class Document(Shared, Attached, Noted, Record):
    """One edition of a document. Before it is handed out, somebody other than its author checks it."""

    __table_args__: Any = (UniqueConstraint("code", "edition"), {"extend_existing": False})

    code: Mapped[Code]
    edition: Mapped[Code]
    name: Mapped[ShortText]
    kind: Mapped[DocumentKind] = choice(DocumentKind)
    location: Mapped[ShortText | None]
    text: Mapped[LongText | None]
    valid_until: Mapped[Day | None]
    state: Mapped[DocumentState] = starts_at(S.DRAFT)

    grants = Grants(work=(Role.OPERATIONS,), see=EVERYONE)
    panel = Panel(
        menu=Menu("Operations", icon="file-text", order=10),
        title="name",
        columns=("code", "edition", "name", "kind", "valid_until", "state"),
        search=("code", "name"),
        form=(
            Group("Document", "code", "edition", "name", "kind", "valid_until"),
            Group("Content", "location", "text", "remark"),
        ),
        order="code",
    )
    workflow = Workflow(
        Step("check", S.DRAFT, S.CHECKED, by=LEADERS, when=_complete, not_by="add", label="Passed the review"),
        Step("send_back", S.CHECKED, S.DRAFT, by=(*LEADERS, Role.OPERATIONS), asks=("reason",), tone="secondary"),
        Step("publish", S.CHECKED, S.PUBLISHED, by=Role.OPERATIONS, effect=_replace_earlier),
        Step("expire", S.PUBLISHED, S.EXPIRED, by=(Role.OPERATIONS, *LEADERS), asks=("reason",), tone="danger"),
        frozen=S.CHECKED | S.PUBLISHED | S.EXPIRED,
    )
