"""Guards of fields: who reads and writes one in which state, what must hold of values, and what nothing may hint at."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel import access, conditions, guard, reveal
from app.kernel.actor import acting, system_actor
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry
from app.kernel.workflow import adopt
from app.panel.fields import Field
from app.schema.kinds import Kind
from app.schema.record import stored
from models.sales import Quote
from tests.dossier import Delivery, Dossier, DossierState
from tests.gadget import Gadget
from tests.promises.guards.world import ACCOUNT, FINDING, OTHER_PHONE, PHONE, Controls, World, asked, none, yes
from tests.screens import post, table_of

REASON = "the bank asks for it"


def read_by_outsiders(world: World) -> list[Any]:
    """A field the inspector does not read: in lists, on pages, in the API, in the form of who may write the row."""
    client, key = world.sign_in("inspector"), world.dossier
    said = {url: client.get(url).text for url in ("/dossier/", f"/dossier/{key}", f"/api/v1/dossier/{key}")}
    said["a form"] = world.sign_in("sales").get(f"/dossier/{key}/edit").text
    return [place for place, text in said.items() if FINDING in text or "777.7" in text]


def told_by_history(world: World) -> list[Any]:
    row = world.row(world.dossier, Dossier)
    world.written(row, finding="CANARY-LATER")
    world.written(row, finding=FINDING)
    client = world.sign_in("inspector")
    said = {url: client.get(url).text for url in (f"/dossier/{row.id}", f"/api/v1/dossier/{row.id}/history")}
    return [place for place, text in said.items() if "CANARY-LATER" in text]


def written_by_outsiders(world: World) -> list[Any]:
    row = world.row(world.dossier, Dossier)
    return world.tried("sales", lambda: setattr(row, "reserve", 5))


def written_in_another_state(world: World) -> list[Any]:
    row = world.row(world.dossier, Dossier)
    with acting(system_actor("guards")):
        adopt(world.session, row, DossierState.SETTLED)
        world.session.flush()
    return world.tried("supervisor", lambda: setattr(row, "finding", "another"))


def half_answered(world: World) -> list[Any]:
    """An address is needed where the answer goes by mail: asked by the API, and by the flush."""
    client = world.sign_in("sales")
    answer = asked(client, "PATCH", f"/api/v1/dossier/{world.dossier}", version=1, delivery="mail")
    row = world.row(world.dossier, Dossier)
    found = world.tried("sales", lambda: setattr(row, "delivery", Delivery.MAIL))
    return found if answer.status_code == 422 else [*found, answer.status]


def worked_out_by_hand(world: World) -> list[Any]:
    """A value the house works out, written by somebody who may write everything else."""
    return ["the premium"] if access.may(world.people["sales"], "edit", Quote, "premium") else []


def bare_values(world: World) -> list[Any]:
    """A private value in a list, on a page, in the API, a file or the history."""
    client = world.sign_in("manager")
    said = {url: client.get(url).text for url in ("/gadget/", f"/gadget/{world.own}", f"/api/v1/gadget/{world.own}")}
    said["file"] = post(client, "/gadget/export.csv").text
    with acting(system_actor("guards")):
        row = world.row(world.own)
        row.buyer_phone = OTHER_PHONE
        world.session.flush()
        newest = select(AuditEntry.changes).order_by(AuditEntry.id.desc()).limit(1)
        said["history"] = str(world.session.scalar(newest))
        world.session.rollback()
    return [place for place, text in said.items() if PHONE in text or PHONE.lstrip("+") in text]


def telling_orders(world: World) -> list[Any]:
    client = world.sign_in("manager")
    plain, ordered = (table_of(client.get(f"/gadget/?order={order}").text) for order in ("", "buyer_phone"))
    return [] if plain == ordered else [ordered]


def telling_searches(world: World) -> list[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gadget, "panel", replace(Gadget.panel, search=("buyer_phone",)))
        found = world.sign_in("manager").get("/api/v1/gadget/", query_string={"q": PHONE[-6:]}).json["count"]
    return [found] if found else []


def hints(world: World) -> list[Any]:
    """What an order, a filter and a search tell sales of a field not read: here of `finding`, by state."""
    with acting(system_actor("guards")):
        sales = world.people["sales"]
        place = {"owner_id": sales.user_id, "unit_id": sales.unit_id}
        settled = Dossier(code=f"D-{world.session.scalar(select(func.count(Dossier.id)))}", finding="AAA", **place)
        world.session.add(settled)
        world.session.flush()
        adopt(world.session, settled, DossierState.SETTLED)
        world.session.commit()
    client = world.sign_in("sales")

    def rows(**query: str) -> list[int]:
        answer = client.get("/api/v1/dossier/", query_string=query)
        return [row["id"] for row in answer.json["result"]] if answer.status_code == 200 else plain

    plain: list[int] = []
    plain, found = rows(), []
    found += [query for query in ("finding", "-finding") if rows(order=query) != plain]
    found += [query for query in ({"finding.contains": "CANARY"}, {"finding": FINDING}) if rows(**query) != plain]
    return found + rows(q=FINDING)


def unreasoned(world: World) -> list[Any]:
    return shown_in_full(world, "sales", "  ")


def unpermitted(world: World) -> list[Any]:
    return shown_in_full(world, "manager", REASON)


def shown_in_full(world: World, name: str, reason: str) -> list[Any]:
    client = world.sign_in(name)
    answer = asked(client, "POST", f"/api/v1/dossier/{world.dossier}/reveal/account", reason=reason)
    return [answer.status] if ACCOUNT in answer.text else []


def beyond_the_quota(world: World) -> list[Any]:
    with acting(system_actor("guards")):
        set_setting(world.session, reveal.QUOTA, "1")
        world.session.commit()
    shown_in_full(world, "sales", REASON)
    return shown_in_full(world, "sales", REASON)


def unlogged(world: World) -> list[Any]:
    """A value shown of which no entry tells."""
    entries = select(func.count(AuditEntry.id)).where(AuditEntry.verb == "reveal")
    before = world.session.scalar(entries)
    world.session.rollback()
    shown = shown_in_full(world, "sales", REASON)
    after = world.session.scalar(entries)
    world.session.rollback()
    assert shown, "nothing was shown, so there is nothing to log"
    return [] if after == before + 1 else shown


def free_writes(world: World) -> list[Any]:
    client = world.sign_in("supervisor")
    body = {"version": 1, "owner_id": world.people["supervisor"].user_id}
    answer = asked(client, "PUT", f"/api/v1/gadget/{world.own}", **body)
    return [] if answer.status_code == 422 else [answer.status]


CONTROLS: Controls = {
    "a field is read by whom it is for": (read_by_outsiders, lambda p, _: p.setattr(access, "_reads", yes)),
    "history hides what the row hides": (
        told_by_history,
        lambda p, _: p.setattr("app.panel.timeline.visible_changes", lambda row, changes: dict(changes)),
    ),
    "a field is written by whom it is for": (
        written_by_outsiders,
        lambda p, _: p.setattr(guard, "_check_fields", none),
    ),
    "a field is written in its states": (
        written_in_another_state,
        lambda p, _: p.setattr(access, "state_of", lambda row: DossierState.OPEN),
    ),
    "conditions are decided on the server": (
        half_answered,
        lambda p, _: p.setattr(conditions, "problems", lambda *asked: {}),
    ),
    "what is worked out is not written": (worked_out_by_hand, lambda p, _: p.setattr(access, "working_of", none)),
    "private values are masked": (bare_values, lambda p, _: p.setattr(Kind, "mask", lambda self, value: str(value))),
    "no order by private values": (telling_orders, lambda p, _: p.setattr(Field, "sortable", True)),
    "private values are found in full only": (
        telling_searches,
        lambda p, _: p.setattr(Field, "private", property(none)),
    ),
    "no order, filter or search by hidden fields": (hints, lambda p, _: p.setattr(Field, "open", True)),
    "a value is shown in full for a reason": (unreasoned, lambda p, _: p.setattr(reveal, "SHORTEST_REASON", 0)),
    "a value is shown in full by permission": (unpermitted, lambda p, _: p.setattr(reveal, "may_reveal", yes)),
    "a day has so many values shown in full": (
        beyond_the_quota,
        lambda p, _: p.setattr(reveal, "_count", lambda *asked: 1),
    ),
    "a value shown in full is written down": (unlogged, lambda p, _: p.setattr("app.kernel.history.note", none)),
    "only fields of the form are written": (
        free_writes,
        lambda p, _: p.setattr("app.panel.resource.writable", lambda record, row=None: frozenset(stored(Gadget))),
    ),
}
