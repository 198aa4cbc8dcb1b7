"""Guards of rows: who sees them, who writes them, where they may point."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, with_loader_criteria

from app.kernel import access, guard
from app.kernel.actor import acting
from tests.gadget import Gadget
from tests.promises.guards.world import Controls, World, none
from tests.screens import post


class Nothing:
    """What no record is made of."""


def unnarrowed(world: World) -> list[Any]:
    with acting(world.people["renewal"]):
        seen = set(world.session.scalars(select(Gadget.id)))
        world.session.rollback()
    return sorted(seen - {world.own})


def identity_hits(world: World) -> list[Any]:
    kept = world.row(world.foreign)
    with acting(world.people["renewal"]):
        got = world.session.get(Gadget, world.foreign)
        world.session.rollback()
    return [] if got is None else [got is kept]


def bare_tables(world: World) -> list[Any]:
    return world.tried("renewal", lambda: world.session.execute(select(Gadget.__table__)))


def bulk_writes(world: World) -> list[Any]:
    return world.tried("renewal", lambda: world.session.execute(update(Gadget).values(name="all mine")))


def bare_connections(world: World) -> list[Any]:
    return world.tried("renewal", lambda: world.session.connection().execute(select(Gadget.__table__)))


def foreign_writes(world: World) -> list[Any]:
    row = world.row(world.foreign)
    return world.tried("renewal", lambda: setattr(row, "name", "mine"))


def given_away(world: World) -> list[Any]:
    """A row written out of one's own reach."""
    row = world.row(world.own)
    return world.tried("renewal", lambda: setattr(row, "owner_id", world.people["renewal3"].user_id))


def taken_over(world: World) -> list[Any]:
    """A row of somebody else's written into one's own reach."""
    row = world.row(world.foreign)
    return world.tried("renewal", lambda: setattr(row, "owner_id", world.people["renewal"].user_id))


def hidden_links(world: World) -> list[Any]:
    row = world.row(world.own)
    return world.tried("renewal", lambda: setattr(row, "twin_id", world.foreign))


def hidden_options(world: World) -> list[Any]:
    """A picker that offers rows of others."""
    client = world.sign_in("renewal")
    found = client.get("/gadget/pick/twin_id", query_string={"q": "CANARY-F"}).json["options"]
    return [option["text"] for option in found]


def exports(world: World) -> list[Any]:
    answer = post(world.sign_in("renewal"), "/gadget/export.csv")
    return [] if answer.status_code == 403 else [answer.status]


def handed_out_unasked(patch: Any, _world: World) -> None:
    """The session as SQLAlchemy has it: what it holds, it hands out."""
    patch.setattr(guard.GuardedSession, "get", Session.get)
    patch.setattr(guard.GuardedSession, "_shows", lambda self, row: True)


def unnarrow(patch: Any, _world: World) -> None:
    """Every statement reads all rows."""
    patch.setattr(guard, "_criteria", lambda actor: with_loader_criteria(Nothing, lambda entity: None))


CONTROLS: Controls = {
    "every statement is narrowed": (unnarrowed, unnarrow),
    "a picker offers what one sees": (hidden_options, unnarrow),
    "a row of the identity map is asked of the database": (identity_hits, handed_out_unasked),
    "tables are refused": (bare_tables, lambda p, _: p.setattr(guard, "refuse", none)),
    "bulk writes are refused": (bulk_writes, lambda p, _: p.setattr(guard, "touches_records", lambda what: False)),
    "a connection is guarded": (bare_connections, lambda p, _: p.setattr(guard.GuardedConnection, "_ask", none)),
    "a flush asks who may": (foreign_writes, lambda p, _: p.setattr(guard, "_permit", none)),
    "a row stays within one's reach": (given_away, lambda p, _: p.setattr(access, "within", lambda *asked: True)),
    "a row was within one's reach": (taken_over, lambda p, _: p.setattr(guard, "_was_within", lambda *asked: True)),
    "links lead to what one sees": (hidden_links, lambda p, _: p.setattr(access, "check_links", none)),
    "files ask who may export": (exports, lambda p, _: p.setattr("app.panel.exporting.require", none)),
}
