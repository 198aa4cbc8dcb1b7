"""Where a row of a tree stands: the rows above it, by name where the present person may see them."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from app.kernel import trees
from app.panel.titles import Read, titles_of
from app.schema.record import Record
from app.schema.traits import Tree

UNSEEN = "…"
"""Stands for the rows of a path that are not for the present person to see."""


def paths(session: Session, record: type[Record], keys: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """The rows above each of `keys` and the row itself, top down, as id and title; hidden ones together as 0 and "…".

    Costs two statements, however many rows there are.
    """
    found = trees.above(session, record, keys)
    titles = titles_of(session, str(record.__tablename__), {key for path in found.values() for key in path})
    return {key: list(_seen(path, titles)) for key, path in found.items()}


def _seen(path: list[int], titles: dict[int, str]) -> Iterable[tuple[int, str]]:
    for seen, keys in groupby(path, lambda key: key in titles):
        yield from ((key, titles[key]) for key in keys) if seen else [(0, UNSEEN)]


def ancestors(session: Session, row: Any) -> list[tuple[int, str]]:
    """The rows above a row of a tree, top down, as `paths` has them; none of a row of another sort."""
    if not isinstance(row, Tree) or row.parent_id is None:
        return []
    return paths(session, type(row), [row.parent_id]).get(row.parent_id, [])  # type: ignore[arg-type]


def name_paths(session: Session, record: type[Record], reads: Iterable[Read]) -> None:
    """Let the link to the row above tell the whole path to it, in a list of a tree."""
    if not issubclass(record, Tree):
        return
    below = [read for read in reads if read.titles.get("parent_id")]
    found = paths(session, record, {read.row.parent_id for read in below})
    for read in below:
        path = found.get(read.row.parent_id)
        if path:
            read.titles["parent_id"] = " / ".join(title for _key, title in path)
