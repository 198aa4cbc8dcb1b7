"""Many to many below the screens: which links a row has, who may set them, and the writing of what was set.

The pairs are kept in a table of their own, which nobody but the engine writes to. Reading them goes through the gate:
a pair is seen as the row it belongs to is, and what it leads to is seen or not by its own rules; what is not seen is
counted. Setting them is an edit of the row: its version rises, and the history tells what was added and removed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, event, insert, select
from sqlalchemy.orm import Session, aliased

from app.kernel.actor import Actor, current_actor, on_behalf
from app.schema.errors import Refusal
from app.schema.links import WANTED, Many
from app.schema.record import Record, known_by, link_of, many_of
from app.schema.registry import registry

HELD = "_links_held"
SEPARATOR = ";"
"""What stands between the codes of linked rows in a file."""


@dataclass(frozen=True)
class Linked:
    """What a row is linked to by one field, as somebody sees it: ids, their titles if they were read, and how many
    more there are that are hidden from him or her."""

    ids: tuple[int, ...] = ()
    hidden: int = 0
    titles: Mapping[int, str] | None = None


def held(row: Record, name: str) -> Linked | None:
    """What was read of a row's links for the current actor, if it was."""
    actor, linked = row.__dict__.get(HELD, {}).get(name, (None, None))
    return linked if actor is current_actor() else None


def hold(row: Record, name: str, linked: Linked) -> None:
    """Keep what was read of a row's links for the current actor, until the row is read anew."""
    row.__dict__.setdefault(HELD, {})[name] = (current_actor(), linked)


def load(session: Session, record: type[Record], rows: Iterable[Record], name: str) -> None:
    """Read the links of several rows by one field, in one statement."""
    made, link = many_of(record)[name], link_of(record, name)
    target: Any = aliased(registry[made.target])
    near, far = getattr(link, link.parent), getattr(link, link.far)
    by_id = {row.id: row for row in rows if row.id is not None}
    pairs: dict[int, list[int | None]] = {key: [] for key in by_id}
    wanted = select(near, target.id).select_from(link).outerjoin(target, target.id == far).where(near.in_(by_id))
    for key, other in session.execute(wanted) if by_id else ():
        pairs[key].append(other)
    for key, others in pairs.items():
        seen = tuple(sorted(other for other in others if other is not None))
        hold(by_id[key], name, Linked(seen, len(others) - len(seen)))


def linked(row: Record, name: str) -> Linked:
    """What a row is linked to by one field, as the current actor sees it."""
    session = Session.object_session(row)
    if session is None or row.id is None:
        return Linked()
    if held(row, name) is None:
        with session.no_autoflush:
            load(session, type(row), [row], name)
    return held(row, name) or Linked()


def _read(row: Any, made: Many) -> tuple[int, ...]:
    return linked(row, made.name).ids


Many.reader = staticmethod(_read)


@event.listens_for(Record, "expire", propagate=True)
def _forget(row: Record | None, attrs: Any) -> None:
    if row is not None:  # it may have gone already, while its state is still in the session's hands
        row.__dict__.pop(HELD, None)
        row.__dict__.pop(WANTED, None)


def prepare(session: Session, row: Record) -> bool:
    """Before the flush: judge what was set, and note what is to be written. Whether there is anything.

    Raises `Refusal` for a row the actor may not see, whether it is linked or not.
    """
    found = {}
    for name, ids in row.__dict__.pop(WANTED, {}).items():
        record: Any = registry[many_of(type(row))[name].target]
        before = _kept(session, row, name)
        seen = set(session.scalars(select(record.id).where(record.id.in_(before | set(ids)))))
        if set(ids) - seen:
            raise Refusal("Choose from those you may see.", field=name)
        added, removed = set(ids) - before, (before & seen) - set(ids)
        if added or removed:
            # as the history tells it: removed, added
            found[name] = (sorted(removed), sorted(added))
    if found:
        session.info.setdefault("linking", {})[row] = found
    return bool(found)


def _kept(session: Session, row: Record, name: str) -> set[int]:
    if row.id is None:
        return set()
    link = link_of(type(row), name)
    table = link.__table__.c
    with on_behalf("links"):
        return set(session.scalars(select(table[link.far]).where(table[link.parent] == row.id)))


def write(session: Session) -> None:
    """After the flush, when new rows have their ids: write what was noted."""
    actor = current_actor()
    for row, found in session.info.pop("linking", {}).items():
        for name, (removed, added) in found.items():
            put(
                session,
                type(row),
                name,
                [(row.id, other) for other in removed],
                [(row.id, other) for other in added],
                actor,
            )
        row.__dict__.pop(HELD, None)


def put(
    session: Session,
    record: type[Record],
    name: str,
    removed: Iterable[tuple[int, int]],
    added: Iterable[tuple[int, int]],
    actor: Actor,
) -> None:
    """Write pairs of a field, each a row of `record` and what it is linked to; nobody asks who may."""
    link = link_of(record, name)
    table = link.__table__
    gone: dict[int, list[int]] = {}
    for key, other in removed:
        gone.setdefault(key, []).append(other)
    with on_behalf("links"):
        for key, others in gone.items():
            mine = delete(table).where(table.c[link.parent] == key, table.c[link.far].in_(others))
            session.connection().execute(mine)
        made = [{link.parent: key, link.far: other, "created_by_id": actor.user_id} for key, other in added]
        if made:
            session.connection().execute(insert(table), made)


def codes(session: Session, record: type[Record], name: str, keys: Iterable[int]) -> dict[int, str]:
    """The codes of what rows are linked to, by id of the row, as a file has them; by one statement."""
    made, link = many_of(record)[name], link_of(record, name)
    target: Any = aliased(registry[made.target])
    near, far = getattr(link, link.parent), getattr(link, link.far)
    code = getattr(target, code_of(made))
    found: dict[int, list[str]] = {}
    wanted = select(near, code).select_from(link).join(target, target.id == far).where(near.in_(list(keys)))
    for key, text in session.execute(wanted.order_by(code)):
        found.setdefault(key, []).append(str(text))
    return {key: SEPARATOR.join(texts) for key, texts in found.items()}


def code_of(made: Many) -> str:
    """The field by which linked rows are known in files."""
    return known_by(registry[made.target])
