"""Grants are given out once, obeyed at once, and never overwritten by a new version."""

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import event, func, select

from app.kernel import permissions
from app.kernel.actor import acting, system_actor
from app.kernel.permissions import Actors, grant, load_actor, revoke, sync
from app.kernel.tables import GrantedDefault, RoleScope
from app.schema.roles import Role as Declared
from app.schema.roles import Scope
from models.people import Person, Unit


def role(session, name):
    return session.scalars(select(Role).where(Role.name == name)).one()


def test_all_eleven_roles_exist(session):
    assert {r.name for r in session.scalars(select(Role))} == {r.value for r in Declared}
    assert len(Declared) == 11


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_second_file_in_the_name_of_a_user_keeps_nobody_out(session, people, as_system):
    """The form of a person lets any user be chosen."""
    elsewhere = session.scalars(select(Unit).where(Unit.code == "South-1")).one()
    session.add(Person(number="E900", name="Again", unit_id=elsewhere.id, user_id=people["renewal"].user_id))
    session.commit()
    assert load_actor(session, people["renewal"].user_id).unit_id == people["renewal"].unit_id


def test_every_declared_grant_is_held(session, people):
    for name, verb, record in permissions.declared_grants():
        holder = people.get(name)
        assert holder is not None
        assert holder.scope(verb, record) > Scope.NONE, (name, verb, record)


def test_what_an_administrator_took_away_stays_away_after_the_next_sync(session, people, as_system):
    revoke(session, role(session, "sales"), "edit", "gadget")
    grant(session, role(session, "service"), "read", "gadget")
    session.commit()
    assert sync(session) == {"granted": 0}
    session.commit()
    assert load_actor(session, people["sales"].user_id).scope("edit", "gadget") == Scope.NONE
    assert load_actor(session, people["service"].user_id).scope("read", "gadget") == Scope.OWN


def test_a_new_declaration_is_given_out_by_the_next_sync(session, people, as_system):
    given = session.get(GrantedDefault, ("sales", "gadget", "edit"))
    session.delete(given)
    revoke(session, role(session, "sales"), "edit", "gadget")
    session.commit()
    assert sync(session) == {"granted": 1}
    session.commit()
    assert load_actor(session, people["sales"].user_id).scope("edit", "gadget") == Scope.OWN


@pytest.mark.parametrize("change", ["revoke", "role", "unit", "deactivate", "scope"])
def test_a_change_of_access_is_obeyed_at_once(backend, session, people, change):
    actors, other_process = Actors(), Actors()
    user_id = people["sales"].user_id
    with backend.session() as own, acting(system_actor("t")):
        before = actors.of(own, user_id)
        assert before.scope("read", "gadget") == Scope.OWN
        assert other_process.of(own, user_id).scope("read", "gadget") == Scope.OWN
        own.rollback()
        user = own.get(User, user_id)
        if change == "revoke":
            revoke(own, role(own, "sales"), "read", "gadget")
        elif change == "role":
            user.roles = [role(own, "supervisor")]
        elif change == "unit":
            person = own.scalars(select(Person).where(Person.user_id == user_id)).one()
            person.unit_id = own.scalars(select(Unit.id).where(Unit.code == "South")).one()
        elif change == "deactivate":
            user.active = False
        else:
            own.get(RoleScope, (role(own, "sales").id, "", "")).scope = int(Scope.ALL)
            permissions.raise_epoch(own)
        own.commit()
        for process in (actors, other_process):
            after = process.of(own, user_id)
            if change == "deactivate":
                assert after is None
            else:
                assert after != before


def test_after_the_first_the_actor_costs_one_query(backend, session, people):
    actors = Actors()
    with backend.session() as own:
        actors.of(own, people["sales"].user_id)
        statements = []
        event.listen(backend.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        actors.of(own, people["sales"].user_id)
        assert len(statements) == 1


def test_the_widest_of_several_roles_counts_for_each_record(session, people, as_system):
    user = session.get(User, people["sales"].user_id)
    user.roles = [role(session, "sales"), role(session, "finance")]
    session.commit()
    actor = load_actor(session, user.id)
    assert actor.scope("read", "gadget") == Scope.ALL, "finance sees all of them"
    assert actor.scope("edit", "gadget") == Scope.OWN, "but only sales may edit, its own"


def test_units_below_and_the_branch(session, people):
    codes = {u.id: u.code for u in session.execute(select(Unit.id, Unit.code)).all()} or None
    assert codes is None, "nobody asked, so nothing is seen"
    with acting(system_actor("t")):
        codes = {u.id: u.code for u in session.execute(select(Unit.id, Unit.code))}
    assert {codes[i] for i in people["manager"].unit_ids} == set(codes.values())
    assert {codes[i] for i in people["supervisor"].unit_ids} == {"North-1"}
    assert {codes[i] for i in people["supervisor"].branch_ids} == {"North", "North-1", "North-2"}


def test_no_permission_row_is_written_twice(session, as_system):
    before = session.scalar(select(func.count()).select_from(GrantedDefault))
    sync(session)
    session.commit()
    assert session.scalar(select(func.count()).select_from(GrantedDefault)) == before


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("roles", [["987654321"], ["none"], ["own", "987654321"]])
def test_roles_nobody_knows_are_refused_and_take_nothing_away(session, people, sign_in, roles):
    user_id = people["sales"].user_id
    with acting(system_actor("tests")):
        own = str(session.scalars(select(Role.id).where(Role.name == "sales")).one())
        session.rollback()
    client, form = sign_in("admin"), {"username": "sales", "first_name": "S", "last_name": "T", "email": "s@example.cn"}
    form |= {"active": "on", "csrf_token": client.csrf, "role": [own if role == "own" else role for role in roles]}
    answer = client.post(f"/people/{user_id}", data=form)
    assert answer.status_code == 422
    assert "Choose from the roles there are; nothing was saved." in answer.text
    assert load_actor(session, user_id).roles == {"sales"}
    assert load_actor(session, user_id).name == "Sales Tester"
