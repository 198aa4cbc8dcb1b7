"""A state moves by a step and in no other way; each step asks who, from where, with which answers."""

from threading import Barrier, Thread

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select, text, update
from sqlalchemy.orm import attributes

from app.kernel.actor import acting, current_actor
from app.kernel.history import timeline
from app.kernel.permissions import load_actor, revoke
from app.kernel.workflow import adopt, advance, offers
from app.schema.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal
from tests.gadget import Gadget, GadgetState
from tests.screens import post


@pytest.fixture
def gadget(session, people, as_system):
    """A draft of the renewal specialist, with a price."""
    owner = people["renewal"]
    session.add(Gadget(code="g", price=5, owner_id=owner.user_id, unit_id=owner.unit_id))
    session.commit()
    session.expunge_all()
    return session.scalars(select(Gadget)).one()


def take(session, gadget, step, actor, **kwargs):
    with acting(actor):
        advance(session, gadget, step, **kwargs)
        session.commit()


def test_a_journey_through_the_states(session, people, gadget):
    take(session, gadget, "offer", people["renewal"])
    take(session, gadget, "sell", people["supervisor"], answers={"buyer_phone": "138 0013 8000", "name": ""})
    assert (gadget.state, gadget.buyer_phone, gadget.name) == (GadgetState.SOLD, "+8613800138000", None)
    take(session, gadget, "approve", people["manager"])
    entries = timeline(session, gadget)
    assert [e.verb for e in entries] == ["step:approve", "step:sell", "step:offer", "add"]
    assert entries[1].changes == {"state": ["offered", "sold"], "buyer_phone": [None, "••••••••••8000"]}
    assert entries[1].actor == "Supervisor Tester"


def beside_the_attribute(session, gadget):
    attributes.set_committed_value(gadget, "state", GadgetState.SOLD)
    attributes.flag_modified(gadget, "state")
    session.flush()


WAYS = {
    "attribute": lambda session, gadget: setattr(gadget, "state", GadgetState.SOLD),
    "constructor": lambda session, gadget: Gadget(code="x", state=GadgetState.SOLD),
    "merged": lambda session, gadget: session.merge(Gadget(id=gadget.id, code="g", state=GadgetState.SOLD)),
    "beside the attribute": beside_the_attribute,
    "bulk": lambda session, gadget: session.execute(update(Gadget).values(state=GadgetState.SOLD)),
    "table": lambda session, gadget: session.execute(update(Gadget.__table__).values(state="sold")),
    "mappings": lambda session, gadget: session.bulk_update_mappings(Gadget, [{"id": gadget.id, "state": "sold"}]),
    "text": lambda session, gadget: session.execute(text("UPDATE gadget SET state = 'sold'")),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_state_cannot_be_set_otherwise(session, people, gadget, way):
    with acting(people["manager"]), pytest.raises((Conflict, NotPermitted)):
        WAYS[way](session, gadget)
    session.rollback()
    session.refresh(gadget)
    assert gadget.state == GadgetState.DRAFT


@pytest.mark.parametrize("way", ["attribute", "constructor", "merged", "beside the attribute"])
def test_not_even_the_system_sets_it_on_a_row(session, gadget, way):
    with pytest.raises(Conflict):
        WAYS[way](session, gadget)
    session.rollback()
    session.refresh(gadget)
    assert gadget.state == GadgetState.DRAFT


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_neither_form_nor_api_sets_it(session, people, gadget, sign_in):
    key, version = gadget.id, gadget.version
    session.rollback()
    client = sign_in("renewal")
    headers = {"X-CSRFToken": client.csrf}
    post(client, f"/gadget/{key}/edit", version=str(version), name="new", state="sold")
    version += 1
    for method, url, body in (
        ("PUT", f"/api/v1/gadget/{key}", {"state": "sold", "version": version}),
        ("PATCH", f"/api/v1/gadget/{key}", {"name": "x", "state": "sold", "version": version}),
        ("POST", "/api/v1/gadget/", {"code": "y", "state": "sold"}),
        ("POST", f"/api/v1/gadget/{key}/steps/offer", {"state": "sold", "version": version}),
    ):
        assert client.open(url, method=method, json=body, headers=headers).status_code == 422, (method, url)
    with acting(people["manager"]):
        kept = [(row.code, row.name, row.state) for row in session.scalars(select(Gadget))]
    assert kept == [("g", "new", GadgetState.DRAFT)]
    session.rollback()


def test_only_the_system_brings_rows_in_with_a_state(session, people, gadget):
    with acting(people["manager"]), pytest.raises(NotPermitted):
        adopt(session, gadget, GadgetState.SOLD)
    adopt(session, gadget, GadgetState.SOLD)
    assert gadget.state == GadgetState.SOLD


def test_a_step_is_refused_from_another_state(session, people, gadget):
    with acting(people["supervisor"]), pytest.raises(Conflict, match="Draft"):
        advance(session, gadget, "sell", answers={"buyer_phone": "138 0013 8000"})


@pytest.mark.parametrize("who", ["supervisor", "manager", "finance", "admin", "sales", "renewal2"])
def test_a_step_is_refused_to_whom_it_is_not_granted(session, people, gadget, who):
    with acting(people[who]), pytest.raises(NotPermitted):
        advance(session, gadget, "offer")


def test_an_unknown_step_is_not_found(session, people, gadget):
    with acting(people["renewal"]), pytest.raises(NotFound):
        advance(session, gadget, "vanish")


def test_a_guard_answers_with_a_reason(session, people, gadget):
    gadget.price = None
    session.commit()
    with acting(people["renewal"]):
        assert [(o.step.name, o.reason) for o in offers(session, gadget, current_actor())] == [
            ("offer", "Give it a price first."),
            ("scrap", None),
        ]
        with pytest.raises(Refusal, match="price first"):
            advance(session, gadget, "offer")


def test_what_a_step_asks_must_be_answered_and_nothing_else(session, people, gadget):
    take(session, gadget, "offer", people["renewal"])
    with acting(people["supervisor"]):
        for answers, field in (
            ({}, "buyer_phone"),
            ({"buyer_phone": "12"}, "buyer_phone"),
            ({"buyer_phone": "138 0013 8000", "price": "1"}, "price"),
        ):
            with pytest.raises(Invalid) as refused:
                advance(session, gadget, "sell", answers=answers)
            assert field in refused.value.problems
    session.rollback()
    assert gadget.state == GadgetState.OFFERED


def test_a_reason_is_kept_in_the_history(session, people, gadget):
    with acting(people["renewal"]), pytest.raises(Invalid):
        advance(session, gadget, "scrap", answers={"reason": "  "})
    take(session, gadget, "scrap", people["renewal"], answers={"reason": "broken"})
    assert timeline(session, gadget)[0].why == "broken"


def test_four_eyes(session, people, gadget):
    take(session, gadget, "offer", people["renewal"])
    take(session, gadget, "sell", people["supervisor"], answers={"buyer_phone": "138 0013 8000"})
    with acting(people["supervisor"]):
        assert "Four eyes" in offers(session, gadget, current_actor())[0].reason
        with pytest.raises(Refusal, match="Four eyes"):
            advance(session, gadget, "approve")
    session.rollback()
    take(session, gadget, "approve", people["manager"])


def test_a_stale_version_is_refused(session, people, gadget):
    with acting(people["renewal"]), pytest.raises(Conflict, match="changed this meanwhile"):
        advance(session, gadget, "offer", version=gadget.version - 1)


def test_of_ten_simultaneous_steps_one_is_taken(backend, people, gadget, session):
    session.rollback()
    barrier, results = Barrier(10), []

    def race() -> None:
        with backend.session() as own, acting(people["renewal"]):
            row = own.scalars(select(Gadget)).one()
            own.rollback()
            barrier.wait()
            try:
                advance(own, row, "offer")
                own.commit()
                results.append("taken")
            except Conflict:
                own.rollback()
                results.append("refused")

    threads = [Thread(target=race) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    assert sorted(results) == ["refused"] * 9 + ["taken"]
    assert [e.verb for e in timeline(session, gadget)].count("step:offer") == 1


def test_what_an_administrator_took_away_closes_the_step(session, backend, people, gadget):

    role = session.scalars(select(Role).where(Role.name == "renewal")).one()
    revoke(session, role, "step:offer", "gadget")
    session.commit()
    with acting(load_actor(session, people["renewal"].user_id)), pytest.raises(NotPermitted):
        advance(session, gadget, "offer")
