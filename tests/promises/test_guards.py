"""Negative controls: each guard of the engine is taken out, and the check that holds it turns red.

A check tells the breaches it finds. With every guard in its place it finds none; with the one named taken out it finds
some. So no promise holds merely because nothing was tried.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, with_loader_criteria

from app.kernel import guard
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.kernel.workflow import adopt, advance
from app.panel.fields import Field
from app.panel.resource import RecordResource
from app.schema.errors import Refusal
from app.schema.kinds import Kind
from tests.factories import make
from tests.gadget import Gadget, GadgetState
from tests.screens import post, table_of

PHONE = "+8613800001234"
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@dataclass
class World:
    """A specialist with a row of her own, a stranger with one, and a session to try things in."""

    app: Any
    session: Session
    people: dict[str, Any]
    sign_in: Callable[[str], Any]
    own: int
    foreign: int

    def tried(self, name: str, attempt: Callable[[], object]) -> list[str]:
        """A breach if `attempt` is not refused to the person; nothing of it is kept."""
        with acting(self.people[name]):
            try:
                attempt()
                self.session.flush()
            except (Refusal, LookupError):
                return []
            finally:
                self.session.rollback()
        return [f"{name} was let through"]

    def row(self, key: int) -> Any:
        """A row as the system sees it, in the session's hands."""
        with acting(system_actor("guards")):
            return self.session.get(Gadget, key)


@pytest.fixture
def world(app, session, people, sign_in):
    """Two gadgets: one of a specialist of the North, one of the South."""
    with acting(system_actor("guards")):
        own = make(session, Gadget, people["renewal"], code="=OWN", price=5, buyer_phone=PHONE).id
        foreign = make(session, Gadget, people["renewal3"], code="CANARY-F", price=5, buyer_phone="+8613800009999").id
        session.commit()
    return World(app, session, people, sign_in, own, foreign)


class Nothing:
    """What no record is made of."""


def unnarrowed(world):
    with acting(world.people["renewal"]):
        seen = set(world.session.scalars(select(Gadget.id)))
        world.session.rollback()
    return sorted(seen - {world.own})


def identity_hits(world):
    kept = world.row(world.foreign)
    with acting(world.people["renewal"]):
        got = world.session.get(Gadget, world.foreign)
        world.session.rollback()
    return [] if got is None else [got is kept]


def bare_tables(world):
    return world.tried("renewal", lambda: world.session.execute(select(Gadget.__table__)))


def foreign_writes(world):
    row = world.row(world.foreign)
    return world.tried("renewal", lambda: setattr(row, "name", "mine"))


def hidden_links(world):
    row = world.row(world.own)
    return world.tried("renewal", lambda: setattr(row, "twin_id", world.foreign))


def steps_of_others(world):
    with acting(system_actor("guards")):
        row = world.row(world.own)
        adopt(world.session, row, GadgetState.OFFERED)
        world.session.flush()
    return world.tried("renewal", lambda: advance(world.session, row, "sell", answers={"buyer_phone": PHONE}))


def same_eyes(world):
    with acting(system_actor("guards")):
        row = world.row(world.own)
        adopt(world.session, row, GadgetState.OFFERED)
        world.session.commit()
    with acting(world.people["supervisor"]):
        advance(world.session, row, "sell", answers={"buyer_phone": PHONE})
        world.session.flush()
    return world.tried("supervisor", lambda: advance(world.session, row, "approve"))


def unruled_steps(world):
    with acting(system_actor("guards")):
        row = world.row(world.own)
        row.price = None
        world.session.flush()
    return world.tried("renewal", lambda: advance(world.session, row, "offer"))


def lost_updates(world):
    client = world.sign_in("renewal")
    answer = post(client, f"/gadget/{world.own}/edit", version="0", name="lost", price="5")
    return [] if answer.status_code == 409 else [answer.status]


def forged_posts(world):
    answer = world.sign_in("supervisor").post(f"/gadget/{world.own}/delete", data={"version": "1"})
    return [] if answer.status_code == 400 else [answer.status]


def open_doors(world):
    answer = world.app.test_client().get("/")
    return [] if "/login/" in answer.headers.get("Location", "") else [answer.status]


def closed_records(world):
    answer = world.sign_in("claims").get("/gadget/")
    return [] if answer.status_code == 403 else [answer.status]


def exports(world):
    answer = post(world.sign_in("renewal"), "/gadget/export.csv")
    return [] if answer.status_code == 403 else [answer.status]


def bare_values(world):
    """A private value in a list, on a page, in the API, a file or the history."""
    client = world.sign_in("manager")
    said = {url: client.get(url).text for url in ("/gadget/", f"/gadget/{world.own}", f"/api/v1/gadget/{world.own}")}
    said["file"] = post(client, "/gadget/export.csv").text
    with acting(system_actor("guards")):
        row = world.row(world.own)
        row.buyer_phone = "+8613800008888"
        world.session.flush()
        newest = select(AuditEntry.changes).order_by(AuditEntry.id.desc()).limit(1)
        said["history"] = str(world.session.scalar(newest))
        world.session.rollback()
    return [place for place, text in said.items() if PHONE in text or PHONE.lstrip("+") in text]


def telling_orders(world):
    client = world.sign_in("manager")
    plain, ordered = (table_of(client.get(f"/gadget/?order={order}").text) for order in ("", "buyer_phone"))
    return [] if plain == ordered else [ordered]


def telling_searches(world):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gadget, "panel", replace(Gadget.panel, search=("buyer_phone",)))
        found = world.sign_in("manager").get("/api/v1/gadget/", query_string={"q": PHONE[-6:]}).json["count"]
    return [found] if found else []


def wandering(world):
    client = world.app.test_client()
    page = client.get("/login/").text
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    form = {"username": "renewal", "password": "correct-horse-42", "csrf_token": token, "next": "//evil.example"}
    answer = client.post("/login/", data=form)
    return [answer.location] if "evil" in answer.headers.get("Location", "") else []


def formulas(world):
    text = post(world.sign_in("manager"), "/gadget/export.csv").text
    return [line for line in text.splitlines() if line.lstrip('"').startswith("=")]


def free_writes(world):
    client = world.sign_in("supervisor")
    body = {"version": 1, "owner_id": world.people["supervisor"].user_id}
    answer = client.put(f"/api/v1/gadget/{world.own}", json=body, headers={"X-CSRFToken": client.csrf})
    return [] if answer.status_code == 422 else [answer.status]


def none(*_args: Any, **_more: Any) -> None:
    """In the place of a guard: nothing is asked."""


def handed_out_unasked(patch: pytest.MonkeyPatch, _world: World) -> None:
    """The session as SQLAlchemy has it: what it holds, it hands out."""
    patch.setattr(guard.GuardedSession, "get", Session.get)
    patch.setattr(guard.GuardedSession, "_shows", lambda self, row: True)


def unchanged(value: Any) -> Any:
    """In the place of a guard: what came is handed on."""
    return value


CONTROLS: dict[str, tuple[Callable[[World], list[Any]], Callable[[pytest.MonkeyPatch, World], None]]] = {
    "every statement is narrowed": (
        unnarrowed,
        lambda p, _: p.setattr(guard, "_criteria", lambda actor: with_loader_criteria(Nothing, lambda entity: None)),
    ),
    "a row of the identity map is asked of the database": (
        identity_hits,
        handed_out_unasked,
    ),
    "tables are refused": (bare_tables, lambda p, _: p.setattr(guard, "refuse", none)),
    "a flush asks who may": (foreign_writes, lambda p, _: p.setattr(guard, "_permit", none)),
    "links lead to what one sees": (hidden_links, lambda p, _: p.setattr(guard.access, "check_links", none)),
    "a step asks who may": (
        steps_of_others,
        lambda p, _: p.setattr("app.kernel.workflow.may", lambda *asked: True),
    ),
    "four eyes": (same_eyes, lambda p, _: p.setattr("app.kernel.history.takers", lambda *asked: set())),
    "a step asks its rule": (unruled_steps, lambda p, _: p.setattr("app.kernel.workflow._obstacle", none)),
    "a stale form is refused": (lost_updates, lambda p, _: p.setattr("app.panel.writing.check_version", none)),
    "a change carries its token": (forged_posts, lambda p, _: p.setattr("app.extensions.csrf.protect", none)),
    "every address asks for a sign-in": (
        open_doors,
        lambda p, world: p.setitem(
            world.app.extensions, "public", {rule.endpoint for rule in world.app.url_map.iter_rules()}
        ),
    ),
    "screens ask who may read the record": (closed_records, lambda p, _: p.setattr("app.panel.screen.require", none)),
    "files ask who may export": (exports, lambda p, _: p.setattr("app.panel.exporting.require", none)),
    "private values are masked": (bare_values, lambda p, _: p.setattr(Kind, "mask", lambda self, value: str(value))),
    "no order by private values": (telling_orders, lambda p, _: p.setattr(Field, "sortable", True)),
    "private values are found in full only": (telling_searches, lambda p, _: p.setattr(Field, "private", False)),
    "signing in leads to this house": (
        wandering,
        lambda p, _: p.setattr("app.panel.identity.entering.safe_next", unchanged),
    ),
    "no cell of a file is a formula": (formulas, lambda p, _: p.setattr("app.panel.exporting.safe", unchanged)),
    "only fields of the form are written": (
        free_writes,
        lambda p, _: p.setattr(
            RecordResource, "_writable", lambda self, row=None: frozenset(Gadget.__table__.c.keys())
        ),
    ),
}
"""By guard: the check that holds it, and how it is taken out."""


@pytest.mark.parametrize("name", CONTROLS)
def test_a_check_is_green_with_its_guard_and_red_without(world, monkeypatch, name):
    check, take_out = CONTROLS[name]
    assert check(world) == []
    with monkeypatch.context() as patch:
        take_out(patch, world)
        assert check(world) != [], "the check does not notice that the guard is gone"
