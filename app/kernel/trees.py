"""Trees below the screens: what lies above and below a row, and the refusal of a row that would stand above itself.

The structure is read by the system, for a hidden row in between is part of it; names are for who asks to look up.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session, attributes

from app.kernel.actor import on_behalf
from app.schema.errors import Refusal
from app.schema.record import Record
from app.schema.traits import Tree
from app.schema.trees import LOCK


def above(session: Session, record: type[Record], keys: Iterable[int]) -> dict[int, list[int]]:
    """The rows above each of `keys`, from the top down, the row itself last; by one statement."""
    wanted, table = set(keys), record.__table__.c
    if not wanted:
        return {}
    chain = select(table.id, table.parent_id).where(table.id.in_(wanted)).cte("above", recursive=True)
    chain = chain.union(select(table.id, table.parent_id).join(chain, table.id == chain.c.parent_id))
    with on_behalf("the rows above"):
        parents: dict[int, int | None] = {row.id: row.parent_id for row in session.execute(select(chain))}
    found = {}
    for key in wanted & parents.keys():
        path, at = [key], parents[key]
        while at is not None and at not in path:
            path.insert(0, at)
            at = parents.get(at)
        found[key] = path
    return found


def below(session: Session, record: type[Record], key: int) -> set[int]:
    """A row and all that lies below it; by one statement."""
    table = record.__table__.c
    tree = select(table.id).where(table.id == key).cte("below", recursive=True)
    tree = tree.union(select(table.id).join(tree, table.parent_id == tree.c.id))
    with on_behalf("the rows below"):
        return set(session.scalars(select(tree.c.id)))


def check(session: Session, rows: Sequence[Record]) -> None:
    """Refuse, before they are written, rows that would stand above themselves; each is judged with all the others.

    On PostgreSQL two changes of one tree wait for each other here, so that each sees what the other has made of it; on
    SQLite writers wait anyway. What comes another way is refused by the database (`app.schema.trees`), in fewer words.
    """
    moved: list[Any] = [row for row in rows if isinstance(row, Tree) and _moves(row)]
    for record in {type(row) for row in moved}:
        if session.get_bind().dialect.name == "postgresql":
            named = func.hashtext(LOCK), func.hashtext(str(record.__tablename__))
            session.connection().execute(select(func.pg_advisory_xact_lock(*named)))
        same = [row for row in rows if isinstance(row, record)]
        pending = {row.id: row.parent_id for row in same if row.id is not None}
        for row in (row for row in moved if type(row) is record):
            _refuse_circle(session, row, pending)


def _moves(row: Any) -> bool:
    return row.parent_id is not None and attributes.get_history(row, "parent_id").has_changes()


def _refuse_circle(session: Session, row: Any, pending: dict[int, int | None]) -> None:
    at, seen, table = row.parent_id, set[int](), type(row).__table__.c
    while at is not None and at not in seen:
        if at == row.id:
            break
        seen.add(at)
        with on_behalf("the rows above"):
            kept = session.scalar(select(table.parent_id).where(table.id == at))
        at = pending.get(at, kept)
    if at is None or row.id is None or at != row.id:
        return
    parent = session.get(type(row), row.parent_id) if row.parent_id != row.id else None
    if parent is None:
        raise Refusal("%(row)s would stand above itself.", field="parent_id", row=_named(row))
    raise Refusal(
        "%(row)s would stand above itself: %(parent)s lies below it.",
        field="parent_id",
        row=_named(row),
        parent=_named(parent),
    )


def _named(row: Record) -> str:
    title = type(row).panel.title
    return row.title if title in inspect(type(row)).columns and title != "id" else f"#{row.id}"
