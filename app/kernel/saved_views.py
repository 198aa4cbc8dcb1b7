"""Views of a list somebody saved under a name: for himself or herself, for a team and those below it, or for everybody.

A view is the query of the list's address and nothing else: whoever opens it sees what that address shows to him or her.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.actor import Actor
from app.kernel.permissions import raise_epoch
from app.kernel.tables import DefaultView, SavedView
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.record import Record

VIEWS = "saved_view"
"""What the history calls them, and the epoch by which processes notice that they changed."""
OWN, TEAM, ALL = AUDIENCES = ("own", "team", "all")
SHARING = {TEAM: "page:share_views_team", ALL: "page:share_views_all"}
"""The permissions to save views for others."""
MOST = 20
"""Views of one list somebody may save for one audience."""
LONGEST_NAME, LONGEST_QUERY = 60, 2000
PASSING = frozenset(("view", "after", "before", "csrf_token"))
"""Parameters of an address that are no part of what it shows."""


@dataclass(frozen=True)
class View:
    """A view as the present person sees it: for whom it is, whether his or her list opens with it, and may be changed.

    `query` is canonical, so that two addresses that show the same are the same.
    """

    id: int
    name: str
    query: str
    audience: str
    default: bool
    mine: bool


def canonical(pairs: Iterable[tuple[str, str]]) -> str:
    """A query without what is no part of a view, in a fixed order of its names."""
    kept = [(key, value) for key, value in pairs if key not in PASSING and value]
    return urlencode(sorted(kept, key=lambda pair: pair[0]))


def audience_of(view: SavedView) -> str:
    """For whom a view is."""
    return OWN if view.user_id is not None else ALL if view.unit_id is None else TEAM


def may_save(actor: Actor, audience: str) -> bool:
    """Whether the actor may save views for an audience: for oneself everybody may, for a team who sits in one."""
    if audience == OWN:
        return actor.user_id is not None
    permitted = audience in SHARING and bool(actor.scope("open", SHARING[audience]))
    return permitted and (audience == ALL or actor.unit_id is not None)


def may_change(actor: Actor, view: SavedView) -> bool:
    """Whether the actor may change or delete a view: one's own, and shared ones where one may save such."""
    audience = audience_of(view)
    if audience == OWN:
        return view.user_id == actor.user_id
    return may_save(actor, audience) and (audience == ALL or view.unit_id in actor.unit_ids)


_FOR_READER: ColumnElement[bool] = or_(
    SavedView.user_id == bindparam("reader"),
    and_(
        SavedView.user_id.is_(None),
        or_(SavedView.unit_id.is_(None), SavedView.unit_id.in_(bindparam("above", expanding=True))),
    ),
)
"""The views that are for somebody, told by `_reader`."""
_VIEWS = (
    select(SavedView, DefaultView.view_id)
    .outerjoin(DefaultView, and_(DefaultView.view_id == SavedView.id, DefaultView.user_id == bindparam("reader")))
    .where(SavedView.record == bindparam("of"), _FOR_READER)
    .order_by(SavedView.id)
)
"""Built once: every list asks it."""


def _reader(actor: Actor) -> dict[str, Any]:
    return {"reader": actor.user_id, "above": actor.above_ids}


def views_of(session: Session, actor: Actor, record: type[Record], epoch: int) -> list[View]:
    """The views of a record's list that are for an actor, those for everybody first.

    One statement, and none where nobody changed a view since: `epoch` is that of `VIEWS`, read before.
    """
    known, place = actor.kept, (VIEWS, record.__tablename__)
    if place not in known or known[place][0] != epoch:
        known[place] = (epoch, _views_of(session, actor, record))
    views: list[View] = known[place][1]
    return views


def _views_of(session: Session, actor: Actor, record: type[Record]) -> list[View]:
    found = session.execute(_VIEWS, _reader(actor) | {"of": str(record.__tablename__)})
    views = [
        View(each.id, each.name, each.query, audience_of(each), chosen is not None, may_change(actor, each))
        for each, chosen in found
    ]
    return sorted(views, key=lambda view: -AUDIENCES.index(view.audience))


def save(session: Session, actor: Actor, record: type[Record], name: str, audience: str, query: str) -> SavedView:
    """Keep a view. Raises `Refusal` for a name that says nothing, a query too long, or more views than there may be."""
    if not may_save(actor, audience):
        raise NotPermitted("You may save views for yourself only.")
    view = SavedView(record=str(record.__tablename__), saved_by_id=actor.user_id)
    view.user_id = actor.user_id if audience == OWN else None
    view.unit_id = actor.unit_id if audience == TEAM else None
    beside = (
        SavedView.record == view.record,
        SavedView.user_id.is_not_distinct_from(view.user_id),
        SavedView.unit_id.is_not_distinct_from(view.unit_id),
    )
    if (session.scalar(select(func.count(SavedView.id)).where(*beside)) or 0) >= MOST:
        raise Refusal("There are %(most)d views of this list already: delete one first.", most=MOST)
    view.name, view.query = _named(name), _short(query)
    session.add(view)
    session.flush()
    raise_epoch(session, VIEWS)
    history.summarise(session, VIEWS, "add", _told(view) | {"query": view.query})
    return view


def find_view(session: Session, actor: Actor, record: type[Record], key: int) -> SavedView:
    """A view that is for the actor. Raises `NotFound`, the same for others' and for none."""
    mine = select(SavedView).where(SavedView.id == key, SavedView.record == str(record.__tablename__), _FOR_READER)
    found = session.scalars(mine, _reader(actor)).one_or_none() if 0 < key < 2**31 else None
    if found is None:
        raise NotFound("There is no such view among those for you.")
    return found


def change(
    session: Session, actor: Actor, view: SavedView, *, name: str | None = None, query: str | None = None
) -> None:
    """Give a view another name, or let it show something else. Raises `Refusal`."""
    _require_change(actor, view)
    told: dict[str, Any] = _told(view)
    if name is not None:
        told["name"] = [view.name, _named(name)]
        view.name = _named(name)
    if query is not None:
        told["query"] = [view.query, _short(query)]
        view.query = _short(query)
    raise_epoch(session, VIEWS)
    history.summarise(session, VIEWS, "edit", told)


def drop(session: Session, actor: Actor, view: SavedView) -> None:
    """Delete a view; whose list opened with it sees the whole list again. Raises `NotPermitted`."""
    _require_change(actor, view)
    history.summarise(session, VIEWS, "delete", _told(view) | {"query": view.query})
    session.execute(delete(DefaultView).where(DefaultView.view_id == view.id))
    session.delete(view)
    raise_epoch(session, VIEWS)


def open_with(session: Session, actor: Actor, record: type[Record], view: SavedView | None) -> None:
    """Let the actor's list open with a view, or with None as it is by itself."""
    mine = (DefaultView.user_id == actor.user_id, DefaultView.record == str(record.__tablename__))
    session.execute(delete(DefaultView).where(*mine))
    if view is not None:
        session.add(DefaultView(user_id=actor.user_id, record=str(record.__tablename__), view_id=view.id))
    raise_epoch(session, VIEWS)


def pairs(query: str) -> list[tuple[str, str]]:
    """What a view's query says, as parameters of an address."""
    return parse_qsl(query, keep_blank_values=True)


def _require_change(actor: Actor, view: SavedView) -> None:
    if not may_change(actor, view):
        raise NotPermitted("This view is not yours to change; save one of your own.")


def _named(name: str) -> str:
    tidy = " ".join(name.split())
    if not 0 < len(tidy) <= LONGEST_NAME:
        raise Refusal("Give the view a name of at most %(most)d letters.", field="name", most=LONGEST_NAME)
    return tidy


def _short(query: str) -> str:
    if len(query) > LONGEST_QUERY:
        raise Refusal("This address is too long to be kept.")
    return query


def _told(view: SavedView) -> dict[str, Any]:
    return {"record": view.record, "name": view.name, "for": audience_of(view), "unit_id": view.unit_id}
