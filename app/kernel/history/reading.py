"""The timeline of a row: what happened to it, of several sorts, newest first, a page at a time.

Each sort is a source: a function that reads the newest happenings of a row before a place, in one statement. What the
reader may not read of an entry is left out where it is put into words; a row of another life, deleted before this one
got its number, has no part in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from app.kernel.tables import AuditEntry, Notice
from app.kernel.watching import KEY
from app.schema.record import Record
from app.schema.written import natural

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Place:
    """A place on a timeline, ordered as time is: the moment, then the sort, then the number within it."""

    at: datetime
    sort: str
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.sort}~{self.id}"

    @classmethod
    def read(cls, text: str | None) -> "Place | None":
        """The place an address names; None for no or no sensible one."""
        at, _, rest = (text or "").partition("~")
        sort, _, id_ = rest.partition("~")
        try:
            moment = datetime.fromisoformat(at)
            moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment
        except (ValueError, OverflowError):
            return None
        number = natural(id_)
        if moment.tzinfo is None or sort not in (*SOURCES, *AT_HAND) or number is None:
            return None
        return cls(moment, sort, number)


@dataclass(frozen=True)
class Happening:
    """Something on a timeline: where it stands, and what it is (an entry, a notice…)."""

    place: Place
    what: Any


@dataclass(frozen=True)
class Life:
    """A row by its number, and since when and since which entry that number has been this row's."""

    record: str
    id: int
    entry: int
    since: datetime


Source = Callable[[Session, Life, Place | None, int], Iterable[tuple[datetime, int, Any]]]
SOURCES: dict[str, Source] = {}
AT_HAND = ("clock",)
"""Sorts that no source reads, for the page of the row has them at hand."""


def source(sort: str) -> Callable[[Source], Source]:
    """Add a sort of happenings: a function of session, life, place and limit that yields (moment, id, what)."""

    def add(read: Source) -> Source:
        SOURCES[sort] = read
        return read

    return add


def page(
    session: Session, row: Record, before: Place | None, limit: int, at_hand: Iterable[Happening] = ()
) -> tuple[list[Happening], Place | None]:
    """The newest happenings before a place, and the place the next page starts before, if there is more.

    `at_hand` are all those of the sorts `AT_HAND`. Costs one statement for each source, and one.
    """
    life = life_of(session, row)
    found = [
        Happening(Place(at, sort, id_), what)
        for sort, read in SOURCES.items()
        for at, id_, what in read(session, life, before, limit + 1)
    ]
    found = [each for each in (*found, *at_hand) if before is None or each.place < before]
    found.sort(key=lambda each: each.place, reverse=True)
    return found[:limit], found[limit - 1].place if len(found) > limit else None


def life_of(session: Session, row: Record) -> Life:
    """Since when the row's number has been its own: SQLite gives the number of a deleted row again."""
    entry, back = (
        AuditEntry,
        select(AuditEntry.reverts_id).where(
            AuditEntry.record == str(row.__tablename__),
            AuditEntry.record_id == row.id,
            AuditEntry.verb == "restore",
            AuditEntry.reverts_id.is_not(None),
        ),
    )
    ended = select(func.max(entry.id), func.max(entry.at)).where(
        entry.record == str(row.__tablename__),
        entry.record_id == row.id,
        entry.verb == "delete",
        entry.id.not_in(back),
    )
    last, at = session.execute(ended).one()
    return Life(str(row.__tablename__), row.id, last or 0, at or EPOCH)


def earlier(moment: Any, id_: Any, sort: str, before: Place | None) -> list[Any]:
    """Conditions on what stands before a place, for a source to narrow its statement by."""
    if before is None:
        return []
    if sort != before.sort:
        return [moment <= before.at]
    return [or_(moment < before.at, and_(moment == before.at, id_ < before.id))]


@source("entry")
def entries(session: Session, life: Life, before: Place | None, limit: int) -> Iterable[tuple[datetime, int, Any]]:
    """What was done to the row and to its lines."""
    table = AuditEntry
    narrowed = [table.id > life.entry, *earlier(table.at, table.id, "entry", before)]
    own = (table.record == life.record, table.record_id == life.id)
    parts = (table.part_of == life.record, table.part_of_id == life.id)
    newest = [
        select(table.id).where(*which, *narrowed).order_by(table.at.desc(), table.id.desc()).limit(limit).subquery()
        for which in (own, parts)
    ]
    ids = union_all(*(select(each.c.id) for each in newest))
    wanted = select(table).where(table.id.in_(ids)).order_by(table.at.desc(), table.id.desc()).limit(limit)
    return [(entry.at, entry.id, entry) for entry in session.scalars(wanted)]


@source("notice")
def notices(session: Session, life: Life, before: Place | None, limit: int) -> Iterable[tuple[datetime, int, Any]]:
    """Who was told something about the row: the notice, and the reader's first and last name."""
    users = Notice.metadata.tables["ab_user"].c
    about = (Notice.record == life.record, Notice.record_id == life.id, Notice.created_at >= life.since)
    told = ~Notice.dedupe_key.startswith(KEY)  # who watches is nobody else's business
    wanted = (
        select(Notice, users.first_name, users.last_name)
        .outerjoin(users.id.table, users.id == Notice.user_id)
        .where(*about, told, Notice.copy_of_id.is_(None), *earlier(Notice.created_at, Notice.id, "notice", before))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
        .limit(limit)
    )
    return [(found[0].created_at, found[0].id, found) for found in session.execute(wanted)]
