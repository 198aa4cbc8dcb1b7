"""Files of rows: sent first, told by their content, then bound to one row and handed out to who may read it there.

A file that was sent waits for its row, and can be bound by nobody but whoever sent it; once it is a row's it is no
other row's. It is bound in the flush that writes the row: in a field, or in the list of a row that is `Attached`. No
bytes are removed but by `sweep`, so that whatever is rolled back, reverted or restored finds them.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import IO, Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, attributes

from app.kernel import access, documents, history, scanning
from app.kernel.actor import current_actor
from app.kernel.content import content_of, is_bomb
from app.kernel.fields import hidden_in
from app.kernel.settings import setting_value
from app.kernel.store import the_store, token_of
from app.kernel.tables import Attachment, Trashed
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.kinds import FILE, INTEGER, File, FileKind, Reader
from app.schema.kinds.files import NO_PICTURE, plain_name
from app.schema.record import Record, kind_of
from app.schema.registry import registry
from app.schema.settings import setting
from app.schema.traits import Attached

LARGEST = setting("files.largest", 20, INTEGER, "Largest file", "megabytes")
PIXELS = setting("files.pixels", 50, INTEGER, "Largest picture", "million pixels")
WAITING = setting("files.waiting", 100, INTEGER, "Files sent and not yet saved, per person", "a day")
KEPT = setting("files.kept", 30, INTEGER, "How long a file that was taken out is kept", "days")
UNCLAIMED = timedelta(days=1)
"""How long a file waits for the row it was sent for."""
NONE_SUCH = "There is no such file among those you may see."


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    stream: IO[bytes]
    filename: str


def receive(session: Session, sent: Upload) -> File:
    """Keep a file that no row has yet. Raises `Refusal` for one too large, empty, or of a type that is not taken."""
    _require_files()
    most = setting_value(session, LARGEST) or 0
    body = sent.stream.read(most * 1024 * 1024 + 1)
    if len(body) > most * 1024 * 1024:
        raise Refusal("The file is larger than %(most)d MB; make it smaller.", most=most)
    if not body:
        raise Refusal("The file is empty; choose another one.")
    content = content_of(body)
    if not content.type:
        raise Refusal(
            "Files of this type are not taken. Taken are PDF, pictures, Office documents without macros, text, sound"
            " and film."
        )
    if is_bomb(body):
        raise Refusal("The document unpacks into more than a document holds; save it anew, and send that.")
    pixels = setting_value(session, PIXELS) or 0
    if content.width * content.height > pixels * 1_000_000:
        raise Refusal("The picture has more than %(most)d million pixels; make it smaller.", most=pixels)
    _check_waiting(session)
    scanning.check(body, plain_name(sent.filename))
    token = secrets.token_hex(20)
    the_store().put(token, body)
    return entered(session, File(token, plain_name(sent.filename), len(body), content.type), body)


def entered(session: Session, file: File, body: bytes, place: tuple[str, int, str] | None = None) -> File:
    """Note a file whose bytes are kept; `place` is record, row and field, where it has one already."""
    record, row_id, field = place or (None, None, "")
    session.add(
        Attachment(
            token=file.id,
            filename=file.name,
            content_type=file.type,
            size=file.size,
            sha256=sha256(body).hexdigest(),
            record=record,
            record_id=row_id,
            field=field,
            user_id=current_actor().user_id,
        )
    )
    session.flush()
    return file


def _check_waiting(session: Session) -> None:
    """Nobody fills the disk with files no row ever takes."""
    most, mine = setting_value(session, WAITING) or 0, current_actor().user_id
    since = datetime.now(UTC) - UNCLAIMED
    waiting = select(func.count(Attachment.id)).where(
        Attachment.user_id == mine, Attachment.record.is_(None), Attachment.at > since
    )
    if mine is not None and (session.scalar(waiting) or 0) >= most:
        raise Refusal("You have sent %(most)d files today without saving them; save some first.", most=most)


def fields_of(record: type[Record]) -> dict[str, FileKind]:
    """The fields of a record that hold files."""
    kinds = ((column.key, column.info.get("kind")) for column in record.__table__.columns)
    return {key: kind for key, kind in kinds if isinstance(kind, FileKind)}


def bind(session: Session, row: Record) -> None:
    """Before a row is flushed: it may name only files its writer has just sent, or that were in this field before.

    Raises `Refusal` for any other. What is kept of a file is what we know of it, whatever was said.
    """
    for name, kind in fields_of(type(row)).items():
        if not attributes.get_history(row, name).has_changes():
            continue
        new: File | None = getattr(row, name)
        if new is not None:
            kept = _of(session, new.id)
            if kept is None or not (_is_at(kept, row, name) or _is_free(kept)):
                raise Refusal("Send the file first; one that belongs elsewhere cannot be used here.", field=name)
            if kind.pictures and not told(kept).is_picture:
                raise Refusal(NO_PICTURE, field=name)
            if told(kept) != new:
                setattr(row, name, told(kept))
        session.info.setdefault("files", []).append((row, name, new.id if new is not None else None))


def _of(session: Session, token: str) -> Attachment | None:
    """A file by its token, as the database has it now: whose it is, statements beside the session have written."""
    wanted = select(Attachment).where(Attachment.token == token).execution_options(populate_existing=True)
    return session.scalars(wanted).one_or_none()


def _is_at(kept: Attachment, row: Record, field: str) -> bool:
    """Whether a file is this row's, in this field, now or earlier."""
    place = (str(row.__tablename__), row.id, field)
    return (kept.record, kept.record_id, kept.field) == place and kept.buried_at is None


def _is_free(kept: Attachment) -> bool:
    """Whether a file has no row yet and was sent by who is acting."""
    actor = current_actor()
    return kept.record is None and (actor.system or (kept.user_id is not None and kept.user_id == actor.user_id))


def told(kept: Attachment) -> File:
    """What is known of a file."""
    return File(kept.token, kept.filename, kept.size, kept.content_type)


def write(session: Session) -> None:
    """After the flush, when new rows have their ids: say of each file whose it is, and what stood there before is out.

    Raises `Conflict` where another row has taken the file meanwhile.
    """
    for row, field, token in session.info.pop("files", ()):
        kept, record = Attachment, str(row.__tablename__)
        here = and_(kept.record == record, kept.record_id == row.id, kept.field == field, kept.buried_at.is_(None))
        out = update(kept).where(here, kept.token != (token or ""), kept.released_at.is_(None))
        session.connection().execute(out.values(released_at=datetime.now(UTC)))
        if token is not None:
            mine = update(kept).where(kept.token == token, or_(kept.record.is_(None), here))
            place = {"record": record, "record_id": row.id, "field": field, "released_at": None}
            if session.connection().execute(mine.values(place)).rowcount != 1:
                raise Conflict("This file belongs to another entry by now; choose it again.", field=field)


def attach(session: Session, row: Record, sent: Upload) -> File:
    """Add a file to the list of a row that carries one, by the policy of changing the row."""
    require_change(row)
    file = receive(session, sent)
    kept = _of(session, file.id)
    assert kept is not None
    kept.record, kept.record_id = str(row.__tablename__), row.id
    history.note(session, row, "add file", None, {"files": [None, FILE.told(file, Reader())]})
    session.flush()
    return file


def detach(session: Session, row: Record, token: str) -> None:
    """Take a file out of the list of a row; by the same policy; it is kept for a while."""
    require_change(row)
    kept = next((each for each in listed(session, row) if each.token == token), None)
    if kept is None:
        raise NotFound(NONE_SUCH)
    kept.released_at = datetime.now(UTC)
    history.note(session, row, "remove file", None, {"files": [FILE.told(told(kept), Reader()), None]})
    session.flush()


def listed(session: Session, row: Record) -> list[Attachment]:
    """The files in the list of a row the actor already sees, oldest first."""
    _require_list(row)
    kept, record = Attachment, str(row.__tablename__)
    here = (kept.record == record, kept.record_id == row.id, kept.field == "")
    there = select(kept).where(*here, kept.released_at.is_(None), kept.buried_at.is_(None))
    return list(session.scalars(there.order_by(kept.id)))


def _require_list(row: Record) -> None:
    if not isinstance(row, Attached):
        raise NotFound("There are no files here.")


def _require_files() -> None:
    if "files" in current_actor().barred:
        raise NotPermitted("This token is not for files.")


def require_change(row: Record) -> None:
    """Raise `NotFound` for a row without a list, `NotPermitted` or `Conflict` unless the actor may change it now."""
    _require_list(row)
    _require_files()
    actor, workflow = current_actor(), type(row).workflow
    access.require(actor, "edit", row)
    if workflow is not None and (state := getattr(row, workflow.field)) in workflow.frozen and not actor.system:
        raise Conflict("Nothing can be changed here while it is %(state)s.", state=state.label)


def visible(session: Session, token: str, *, revealed: bool = False) -> Attachment:
    """A file the actor may read: the row is among those he or she sees, still has it, and the field is for his eyes.

    Raises `NotFound`, the same for whatever is not to be seen and for what is not there; and `NotPermitted` for a
    private file unless it was `revealed`.
    """
    _require_files()
    kept = _of(session, token)
    record = registry.get(kept.record or "") if kept is not None else None
    if kept is None or record is None or _gone(kept):
        raise NotFound(NONE_SUCH)
    try:
        row = access.find(session, record, kept.record_id)
        access.require(current_actor(), "read", row)
    except (NotFound, NotPermitted):
        raise NotFound(NONE_SUCH) from None
    if not kept.field:
        _require_list(row)
        return kept
    kind, value = kind_of(record, kept.field), getattr(row, kept.field, None)
    if kept.field in hidden_in(current_actor(), row) or not isinstance(value, File) or value.id != token:
        raise NotFound(NONE_SUCH)
    if kind is None or (kind.private and not revealed):
        raise NotPermitted("Have this file shown in full first, with a reason.")
    return kept


def _gone(kept: Attachment) -> bool:
    """Whether a file is no longer in its place: taken out, or deleted with its row."""
    return kept.released_at is not None or kept.buried_at is not None


def bury(session: Session, record: type[Record], ids: Iterable[int], at: datetime) -> None:
    """Put away the files of rows that are being deleted; they come back with the row, or go with the trash."""
    _at(session, record, ids, Attachment.buried_at.is_(None), at)


def unearth(session: Session, record: type[Record], ids: Iterable[int], at: datetime) -> None:
    """Bring back the files of rows that were deleted at that moment."""
    _at(session, record, ids, Attachment.buried_at == at, None)


def _at(session: Session, record: type[Record], ids: Iterable[int], which: Any, at: datetime | None) -> None:
    theirs = (Attachment.record == str(record.__tablename__), Attachment.record_id.in_(list(ids)))
    session.connection().execute(update(Attachment).where(*theirs, which).values(buried_at=at))


def sweep(session: Session, at: datetime) -> tuple[int, int]:
    """Forget files no row took in a day, files taken out long ago, and those of rows that no trash holds any more.

    Bytes go when no committed entry names them, with what was drawn of them: those of the entries forgotten now, the
    next time. Returns how many entries and how many bytes' files went.
    """
    store, day = the_store(), at - UNCLAIMED
    known = set(session.scalars(select(Attachment.token))) | documents.kept_tokens(session)
    stray = [
        name
        for name, since in store.names()
        if (token := token_of(name)) not in known and (since < day or name != token)  # what was drawn goes along
    ]
    for name in stray:
        store.remove(name)
    _release_orphans(session, at)
    kept = Attachment
    in_trash = select(Trashed.id).where(Trashed.at == kept.buried_at).exists()
    ways = (
        and_(kept.record.is_(None), kept.at < day),
        kept.released_at < at - timedelta(days=setting_value(session, KEPT) or 0),
        and_(kept.buried_at < day, ~in_trash),
    )
    gone = session.execute(delete(kept).where(or_(*ways)).execution_options(synchronize_session=False))
    return gone.rowcount, len(stray)  # type: ignore[attr-defined]


def _release_orphans(session: Session, at: datetime) -> None:
    """Files of rows that went without passing the trash, as in a set-based deletion, are as good as taken out."""
    kept = Attachment
    for name in list(session.scalars(select(kept.record).distinct().where(kept.record.is_not(None)))):
        record = registry.get(str(name))
        alone = [kept.record == name, kept.released_at.is_(None), kept.buried_at.is_(None)]
        if record is not None:
            row = record.__table__.c
            alone.append(~select(row.id).where(row.id == kept.record_id).exists())
        session.connection().execute(update(kept).where(*alone).values(released_at=at))
