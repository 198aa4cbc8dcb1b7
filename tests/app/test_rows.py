"""What a scope means: the condition of the database and the judgement of a single row are twins, for each verb."""

from dataclasses import replace
from itertools import product

import pytest
from flask_appbuilder.security.sqla.models import Role as RoleRow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.kernel.access import Reach, criterion, may, within
from app.kernel.actor import Actor, acting, system_actor
from app.kernel.permissions import load_actor, set_scope
from app.schema.check import faults_of
from app.schema.errors import NotPermitted
from app.schema.grants import Grants
from app.schema.record import policy_name
from app.schema.registry import registry
from app.schema.roles import Role, Scope
from models.people import Unit
from tests.factories import make
from tests.gadget import Booth, Diary, Gadget, GadgetPart, Trinket
from tests.screens import change_role, post

SORTS = (Gadget, GadgetPart, Trinket, Booth, Diary)
OWNERS = ("renewal", "renewal2", "sales")


@pytest.fixture
def everywhere(session, people, as_system):
    """A row of each sort for each owner (or none) in each unit (or none)."""
    units = [None, *session.scalars(select(Unit.id).order_by(Unit.id).limit(3))]
    owners = [None, *(people[name].user_id for name in OWNERS)]
    for owner, unit in product(owners, units):
        # What places a row fills in is taken out again: this is about rows as they may come to stand.
        whole = Gadget(code=f"{owner}-{unit}")
        rows = [whole, Trinket(name="t"), Booth(name="b"), Diary(name="d")]
        session.add_all(rows)
        session.flush()
        for row in rows:
            row.owner_id, row.unit_id = owner, unit
        session.add(GadgetPart(gadget_id=whole.id, name="p"))
    session.commit()
    return owners[1:], units[1:]


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.__tablename__)
def test_the_condition_and_the_judgement_of_a_row_agree(session, everywhere, as_system, sort):
    users, units = everywhere
    rows = list(session.scalars(select(sort)))
    assert len(rows) == 16
    some = st.sets(st.sampled_from(units)).map(tuple)
    actors = st.builds(
        lambda user, represented, below, branch, scope, verb: (
            Actor(
                "x",
                user_id=user,
                unit_ids=below,
                branch_ids=branch,
                represented=dict.fromkeys(represented - {user}, "y"),
                reach={(verb, policy_name(sort)): scope},
            ),
            scope,
            verb,
        ),
        st.sampled_from([None, *users]),
        st.sets(st.sampled_from(users)),
        some,
        some,
        st.sampled_from(list(Scope)),
        st.sampled_from(["read", "edit", "step:sell"]),
    )
    seen = set()

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(actors)
    def agree(drawn):
        actor, scope, verb = drawn
        # Read past the narrowing of reads: the condition alone decides, with the ids of the actor it is asked for.
        with acting(actor):
            condition = criterion(sort, sort, verb, Reach(actor))
        with acting(replace(actor, system=True)):
            found = set(session.scalars(select(sort.id).where(condition)))
        judged = {row.id for row in rows if within(actor, scope, row)} if scope else set()
        assert found == judged
        seen.add((len(found) > 0, len(found) < len(rows)))

    agree()
    assert (True, True) in seen or (True, False) in seen
    assert (False, True) in seen


def role(session, name):
    return session.scalars(select(RoleRow).where(RoleRow.name == name)).one()


@pytest.fixture
def two(session, people, as_system):
    """A gadget of sales and one of a colleague elsewhere; their ids."""
    keys = []
    for owner in ("sales", "renewal3"):
        row = Gadget(code=owner, owner_id=people[owner].user_id, unit_id=people[owner].unit_id, price=1)
        session.add(row)
        session.flush()
        keys.append(row.id)
    session.commit()
    session.expunge_all()
    return keys


def test_a_role_may_read_all_and_edit_its_own(session, people, two, sign_in):
    mine, other = two
    with acting(system_actor("t")):
        set_scope(session, role(session, "sales"), "gadget", Scope.ALL, "read")
        session.commit()
        actor = load_actor(session, people["sales"].user_id)
    assert (actor.scope("read", "gadget"), actor.scope("edit", "gadget")) == (Scope.ALL, Scope.OWN)
    with acting(actor):
        assert set(session.scalars(select(Gadget.id))) == {mine, other}
        row = session.get(Gadget, other)
        assert may(actor, "read", row)
        assert not may(actor, "edit", row)
        row.name = "mine now"
        with pytest.raises(NotPermitted):
            session.flush()
        session.rollback()
        session.get(Gadget, mine).name = "changed"
        session.commit()
    client = sign_in("sales")
    assert client.get(f"/gadget/{other}").status_code == 200
    assert client.get(f"/gadget/{other}/edit").status_code == 403
    assert post(client, f"/gadget/{other}/edit", version="1", name="x").status_code == 403
    assert post(client, f"/gadget/{other}/step/offer", version="1").status_code == 403
    answer = client.put(
        f"/api/v1/gadget/{other}", json={"version": 1, "name": "x"}, headers={"X-CSRFToken": client.csrf}
    )
    assert answer.status_code == 403


def test_a_verb_is_narrowed_below_the_record(session, people, two, sign_in):
    """A supervisor who reads and edits the team's rows takes the step `sell` on his own alone."""
    mine, _other = two
    with acting(system_actor("t")):
        set_scope(session, role(session, "supervisor"), "gadget", Scope.OWN, "step:sell")
        set_scope(session, role(session, "supervisor"), "", Scope.ALL, "delete")
        session.commit()
        actor = load_actor(session, people["supervisor"].user_id)
        row = session.get(Gadget, mine)
        assert not may(actor, "step:sell", row)
        assert may(actor, "step:approve", row)
        assert may(actor, "edit", row)
        assert actor.scope("delete", "gadget") == Scope.ALL


def test_the_roles_page_shows_and_changes_the_reach_of_a_verb(session, people, two, sign_in):
    with acting(system_actor("t")):
        key = role(session, "sales").id
        session.rollback()
    client = sign_in("admin")
    page = client.get(f"/people/roles/{key}").text
    assert 'name="scope|gadget|read"' in page
    assert 'name="scope|gadget|step:offer"' in page
    assert 'name="scope|gadget|delete"' not in page, "sales deletes none"
    held = [value.split('"')[0] for value in page.split('name="grant" value="')[1:] if "checked" in value.split(">")[0]]
    fields = {"grant": held, "scope|gadget|read": "3", "scope|gadget|nonsense": "3", "scope|nothing": "3"}
    assert change_role(client, key, **fields).status_code == 302
    assert len(sign_in("sales").get("/api/v1/gadget/").json["result"]) == 2
    fields["scope|gadget|read"] = ""
    assert change_role(client, key, **fields).status_code == 302
    assert len(sign_in("sales").get("/api/v1/gadget/").json["result"]) == 1


def test_a_scope_declared_for_a_verb_is_given_out_and_a_senseless_one_is_named(monkeypatch):
    scopes = {(Role.SALES, "read"): Scope.ALL, (Role.SALES, "paint"): Scope.OWN, Role.FINANCE: Scope.OWN}
    monkeypatch.setattr(Gadget, "grants", Grants(work=(Role.SALES,), scopes=scopes))
    first, _second, last = Gadget.grants.reaches()
    assert first == (Role.SALES, "read", Scope.ALL)
    assert last == (Role.FINANCE, "", Scope.OWN)
    (fault,) = faults_of(Gadget, registry)
    assert "'paint'" in fault


def test_who_may_read_a_row_through_another_record_is_told_so(session, people, as_system):
    """`may(…, "read", row)` agrees with the list where rows are seen through another record's."""
    customer = make(session, registry["customer"], people["renewal3"])
    make(session, registry["contract"], people["renewal"], customer_id=customer.id)
    session.commit()
    for who, sees in (("renewal", True), ("renewal2", False)):
        with acting(people[who]):
            assert (session.get(registry["customer"], customer.id) is not None) == sees
            assert may(people[who], "read", customer) == sees
            assert not may(people[who], "edit", customer)
