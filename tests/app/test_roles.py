"""Roles are changed with a preview and taken back exactly; nobody locks everybody out; only administrators look."""

import re

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import func, select

from app.kernel import granting, permissions
from app.kernel.actor import acting, system_actor
from app.kernel.granting import Change, change_role, changes_of, outlook, undo
from app.kernel.permissions import grant, load_actor, revoke, set_scope
from app.kernel.rights import rights_of
from app.kernel.tables import AuditEntry
from app.schema.errors import Conflict, Refusal
from app.schema.roles import Scope
from tests import screens
from tests.screens import plain, post

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
READ, EDIT, SELL = ("read", "gadget"), ("edit", "gadget"), ("step:sell", "gadget")


def role(session, name):
    return session.scalars(select(Role).where(Role.name == name)).one()


def rights(session, name):
    id_ = role(session, name).id
    return rights_of(session, [id_])[id_]


def changed(session, name, change, **more):
    done = change_role(session, role(session, name), change, rights(session, name).seal, **more)
    session.commit()
    return done


@pytest.fixture
def as_admin(people):
    with acting(people["admin"]) as actor:
        yield actor


def test_a_change_and_its_undo_leave_exactly_what_was(session, people, as_admin):
    """Grants and scopes, those of single verbs among them; each is one entry, and each is obeyed at once."""
    with acting(system_actor("t")):
        set_scope(session, role(session, "sales"), "gadget", Scope.TEAM, "read")
        session.commit()
    before = rights(session, "sales")
    scopes = (("gadget", "read", None, None), ("gadget", "edit", None, Scope.ALL), ("", "", None, Scope.TEAM))
    changed(session, "sales", Change(given=(("delete", "gadget"),), taken=(SELL, ("add", "gadget")), scopes=scopes))
    after, entry = rights(session, "sales"), changes_of(session, role(session, "sales"))[0]
    assert ("delete", "gadget") in after.grants
    assert ("add", "gadget") not in after.grants
    assert (after.scope(EDIT), after.scope(READ)) == (Scope.ALL, Scope.TEAM)
    assert load_actor(session, people["sales"].user_id).scope(*EDIT) == Scope.ALL
    assert (entry.user_id, entry.verb) == (people["admin"].user_id, "edit")
    assert entry.changes["taken"] == [["add", "gadget"]], "what was not held is not taken"
    undo(session, role(session, "sales"), entry.id)
    session.commit()
    assert rights(session, "sales") == before
    assert rights(session, "sales").scopes == before.scopes
    back = changes_of(session, role(session, "sales"))[0]
    assert (back.verb, back.reverts_id) == ("revert", entry.id)
    undo(session, role(session, "sales"), back.id)
    assert rights(session, "sales").seal == after.seal, "an undo is a change like any other"
    session.rollback()


@on_sqlite
def test_a_change_is_taken_back_only_while_nothing_came_after(session, as_admin):
    changed(session, "sales", Change(given=(("delete", "gadget"),)))
    entry = changes_of(session, role(session, "sales"))[0]
    with acting(system_actor("t")):
        grant(session, role(session, "sales"), "export", "gadget")
        session.commit()
    before = rights(session, "sales")
    with pytest.raises(Conflict, match="changed again since"):
        undo(session, role(session, "sales"), entry.id)
    session.rollback()
    assert rights(session, "sales").seal == before.seal
    with acting(system_actor("t")):
        revoke(session, role(session, "sales"), "export", "gadget")
        session.commit()
    undo(session, role(session, "sales"), entry.id)
    with pytest.raises(screens_not_found()):
        undo(session, role(session, "claims"), entry.id)
    session.rollback()


def screens_not_found():
    return granting.NotFound


@on_sqlite
def test_a_preview_of_an_older_state_changes_nothing(session, as_admin):
    seal = rights(session, "sales").seal
    changed(session, "sales", Change(given=(("delete", "gadget"),)))
    with pytest.raises(Conflict, match="meanwhile"):
        change_role(session, role(session, "sales"), Change(taken=(READ,)), seal)
    session.rollback()
    with pytest.raises(Refusal, match="no such right"):
        changed(session, "sales", Change(given=(("step:fly", "gadget"),)))
    session.rollback()


def test_the_last_administrator_cannot_be_locked_out(session, people, as_admin):
    out = Change(taken=(granting.ADMINISTERING,))
    with pytest.raises(Refusal, match="Nobody who may sign in"):
        changed(session, "admin", out)
    session.rollback()
    assert outlook(session, role(session, "admin"), out).locks_out
    with acting(system_actor("t")):
        grant(session, role(session, "manager"), *granting.ADMINISTERING)
        session.get(User, people["manager"].user_id).active = False
        session.commit()
    with pytest.raises(Refusal, match="Nobody who may sign in"):
        changed(session, "admin", out)
    session.rollback()
    with acting(system_actor("t")):
        session.get(User, people["manager"].user_id).active = True
        session.commit()
    assert not outlook(session, role(session, "admin"), out).locks_out
    changed(session, "admin", out)


@on_sqlite
@pytest.mark.parametrize("left", ["role", "active"])
def test_nor_by_the_form_of_a_person(session, people, sign_in, left):
    with acting(system_actor("t")):
        roles = {each.name: str(each.id) for each in session.scalars(select(Role))}
        session.rollback()
    client, key = sign_in("admin"), people["admin"].user_id
    form = {"username": "admin", "first_name": "A", "last_name": "T", "email": "admin@example.cn", "active": "on"}
    form["role"] = roles["admin"]
    form.pop("active") if left == "active" else form.update(role=roles["manager"])
    answer = post(client, f"/people/{key}", **form)
    assert answer.status_code == 422
    assert "Nobody who may sign in would be left" in answer.text
    assert load_actor(session, key).roles == {"admin"}
    assert session.get(User, key).active


@on_sqlite
def test_the_outlook_tells_who_gains_and_loses_and_who_does_not(session, people, as_system):
    session.get(User, people["claims"].user_id).roles = [role(session, "claims"), role(session, "sales")]
    grant(session, role(session, "claims"), "delete", "gadget")
    session.get(User, people["claims2"].user_id).active = False
    session.commit()
    ahead = outlook(session, role(session, "sales"), Change(given=(("delete", "gadget"),), taken=(READ,)))
    found = {tuple(name for _id, name in each.people): (dict(each.gains), dict(each.loses)) for each in ahead.effects}
    assert found[("Sales Tester",)] == ({("delete", "gadget"): Scope.OWN}, {READ: Scope.NONE})
    assert found[("Claims Tester",)] == ({}, {READ: Scope.NONE})
    ahead = outlook(session, role(session, "claims"), Change(given=(("add", "gadget"),)))
    assert [name for _id, name in ahead.unmoved] == ["Claims Tester"], "sales may add already"
    assert ahead.effects == (), "claims2 may not sign in"
    ahead = outlook(session, role(session, "sales"), Change(scopes=(("product", "", None, Scope.ALL),)))
    assert ahead.effects == (), "everybody sees every product anyway"


@on_sqlite
def test_the_outlook_warns_of_what_nobody_could_do_any_more(session, as_system):
    ahead = outlook(session, role(session, "supervisor"), Change(taken=(SELL,)))
    assert (ahead.nobody, ahead.alone) == ((SELL,), ())
    revoke(session, role(session, "supervisor"), "step:approve", "gadget")
    grant(session, role(session, "manager"), *SELL)
    ahead = outlook(session, role(session, "supervisor"), Change(taken=(SELL,)))
    assert (ahead.nobody, ahead.alone) == ((), (("gadget", "sell", "approve"),)), "the one manager does both"
    assert outlook(session, role(session, "sales"), Change(taken=(EDIT,))).alone == ()
    session.rollback()


@on_sqlite
def test_the_pages_preview_change_and_take_back(session, people, sign_in):
    with acting(system_actor("t")):
        key, before = role(session, "sales").id, rights(session, "sales")
        session.rollback()
    client, address = sign_in("admin"), f"/people/roles/{key}"
    grants = [f"{verb}|{record}" for verb, record in before.grants - {READ}] + ["delete|gadget"]
    seen = screens.value_of(client.get(address).text, "seen")
    preview = post(client, address, grant=grants, seen=seen, **{"scope|gadget": "3"})
    said = plain(preview.text)
    assert preview.status_code == 200
    assert "Given Gadgets Delete (all rows)" in said
    assert "Taken Gadgets See" in said
    assert "Gadgets as the role → all rows" in said
    assert "Sales Tester (1) may then" in said
    with acting(system_actor("t")):
        assert rights(session, "sales") == before, "nothing is written by looking"
        session.rollback()
    again = post(client, f"{address}/again", give="delete|gadget", take="read|gadget", scope="gadget||3", seen=seen)
    assert re.search(r'value="delete\|gadget"[^>]* checked', again.text)
    assert not re.search(r'value="read\|gadget"[^>]* checked', again.text)
    assert screens.change_role(client, key, grant=grants, seen=seen, **{"scope|gadget": "3"}).status_code == 302
    page = client.get(address).text
    assert "1 permissions given, 1 taken." in plain(page)
    stale = post(client, address, grant=grants, seen=seen)
    assert stale.status_code == 409
    assert "Somebody changed this role meanwhile." in stale.text
    back = re.search(r'action="([^"]*/undo/\d+)"', page)[1]
    assert post(client, back).status_code == 302
    assert "The role is again what it was before." in client.get(address).text
    assert post(client, back).status_code == 409
    with acting(system_actor("t")):
        assert rights(session, "sales") == before
        session.rollback()
    locked = post(client, f"/people/roles/{people_role(session, 'admin')}", grant=["open|page:settings"])
    assert "Give and take" not in plain(locked.text)
    assert "Nobody who may sign in would be left" in locked.text


def people_role(session, name):
    with acting(system_actor("t")):
        id_ = role(session, name).id
        session.rollback()
        return id_


RAW = re.compile(r"\bcan_|page:|step:|profile:|\b(?:read|edit):\w")


@on_sqlite
def test_no_page_shows_a_raw_permission_name(session, sign_in):
    client, ids = sign_in("admin"), {name: people_role(session, name) for name in ("manager", "claims")}
    everything = [f"{verb}|{record}" for verb, record in permissions.grantable()]
    pages = [client.get(url) for url in (f"/people/roles/{ids['manager']}", "/people/roles/", "/people/")]
    pages += [client.get(f"/people/roles/compare?record={name}") for name in ("claim", "gadget", "dossier", "product")]
    pages.append(post(client, f"/people/roles/{ids['claims']}", grant=everything))
    screens.change_role(client, ids["claims"], grant=everything)
    pages.append(client.get(f"/people/roles/{ids['claims']}"))
    for page in pages:
        assert page.status_code == 200
        assert RAW.findall(plain(page.text)) == []
    assert RAW.findall("the right step:pay of can_read") == ["step:", "can_"] or RAW.findall("step:pay") == ["step:"]


@on_sqlite
def test_who_may_what_stands_side_by_side(session, people, sign_in):
    page = sign_in("admin").get("/people/roles/compare?record=gadget").text
    rows = {cells[0]: cells[1:] for cells in screens.table_of(page)}
    heads = [plain(each) for each in re.findall(r"<th [^>]*>(.*?)</th>", page)]
    assert set(rows) >= set(people) & {"sales", "finance", "manager"}
    for name, verb, word in [("sales", "read", "See"), ("finance", "read", "See"), ("supervisor", "edit", "Edit")]:
        reach = {Scope.OWN: "own", Scope.TEAM: "team", Scope.ALL: "all"}
        assert rows[name][heads.index(word) - 1] == reach[people[name].scope(verb, "gadget")]
    assert rows["finance"][heads.index("Edit") - 1] == "–"
    assert rows["supervisor"][heads.index("Hand over") - 1] == "team"
    assert rows["sales"][heads.index("Hand over") - 1] == "–", "who edits own rows hands none over"
    assert "Sell · team" in rows["supervisor"][-1]


@on_sqlite
@pytest.mark.parametrize("name", ["manager", "supervisor", "sales"])
def test_nobody_else_looks(session, people, sign_in, name):
    """Not at the pages, nor at the names of people through them; and nothing is written."""
    key, client = people_role(session, "sales"), sign_in(name)
    with acting(system_actor("t")):
        written = session.scalar(select(func.count(AuditEntry.id)))
        session.rollback()
    looked = [client.get(url) for url in ("/people/roles/", f"/people/roles/{key}", "/people/roles/compare")]
    sent = {"grant": "read|gadget", "give": "delete|gadget", "seen": "x"}
    looked += [post(client, f"/people/roles/{key}{rest}", **sent) for rest in ("", "/again", "/change", "/undo/1")]
    looked.append(post(client, "/people/roles/", name="mine"))
    assert {answer.status_code for answer in looked} == {403}
    for answer in looked:
        main = answer.text.partition("<main")[2]
        assert [word for word in ("Renewal Tester", "Admin Tester", "underwriter") if word in main] == []
    with acting(system_actor("t")):
        assert session.scalar(select(func.count(AuditEntry.id))) == written
