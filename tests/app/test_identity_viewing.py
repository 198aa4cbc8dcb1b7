"""Seeing the panel as another person: announced, written down, looking only; never upwards, never in another's word."""

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel import permissions
from app.kernel.actor import acting, system_actor
from app.kernel.identity.narrowing import ADMINISTERING, may_see_as, seen_as
from app.kernel.tables import AuditEntry
from app.schema.errors import NotPermitted
from app.schema.registry import registry
from tests.factories import make
from tests.screens import plain, post


def allow(session, role, *pages):
    with acting(system_actor("tests")):
        found = session.scalars(select(Role).where(Role.name == role)).one()
        for page in pages:
            permissions.grant(session, found, "open", page)
        session.commit()


def entries(session, verb):
    found = session.scalars(select(AuditEntry).where(AuditEntry.verb == verb).order_by(AuditEntry.id)).all()
    session.expunge_all()
    session.rollback()
    return found


def begin(client, people, name, **form):
    return post(client, f"/viewing/{people[name].user_id}", **{"why": "ticket 7", **form})


def test_one_sees_what_the_other_sees_under_a_banner_and_writes_nothing(session, people, sign_in):
    with acting(system_actor("tests")):
        mine, theirs = (make(session, registry["gadget"], people[name]).id for name in ("sales", "renewal3"))
        session.commit()
    client = sign_in("admin")
    assert "See the panel as this person" in client.get(f"/people/{people['sales'].user_id}").text
    assert begin(client, people, "sales", why=" ").status_code == 422
    assert begin(client, people, "sales").status_code == 303
    for path in ("/", "/gadget/", f"/gadget/{mine}", "/gadget/999999"):
        page = plain(client.get(path).text)
        assert "Admin Tester → Sales Tester" in page, path
        assert "Nothing can be written." in page, path
    assert client.get(f"/gadget/{mine}").status_code == 200
    assert client.get(f"/gadget/{theirs}").status_code == 404, "no more than the other sees"
    assert client.get("/people/").status_code == 403, "nor what one may oneself"
    for path in ("/gadget/add", f"/gadget/{mine}/edit", f"/gadget/{mine}/delete", "/inbox/read"):
        assert post(client, path, code="x").status_code == 403, path
    for path in ("/account/", "/account/tokens/", "/account/factors/", "/account/password"):
        assert client.get(path).status_code == 403, path
    api = client.post("/api/v1/gadget/", json={"code": "x"}, headers={"X-CSRFToken": client.csrf})
    assert api.status_code == 403
    assert post(client, "/viewing/end").status_code == 303
    page = client.get("/").text
    assert "→" not in plain(page)
    assert client.get("/people/").status_code == 200
    (began,), (ended,) = entries(session, "see_as"), entries(session, "see_as_ended")
    assert (began.actor, began.why) == ("Admin Tester", "ticket 7")
    assert began.changes == {"user": "sales", "by": "Admin Tester", "writes": False}
    assert ended.actor == "Admin Tester"
    assert "Sales Tester" in ended.changes["user"]


def test_with_the_second_permission_one_writes_in_both_names_but_takes_no_step(session, people, sign_in):
    client = sign_in("admin")
    assert begin(client, people, "sales", writes="on").status_code == 403, "that is another permission"
    allow(session, "admin", "page:impersonate_write")
    assert begin(client, people, "sales", writes="on").status_code == 303
    assert "What you write is written in both names." in client.get("/").text
    with acting(system_actor("tests")):
        row = make(session, registry["gadget"], people["sales"])
        key, version = row.id, row.version
        session.commit()
    answer = client.put(
        f"/api/v1/gadget/{key}", json={"version": version, "name": "changed"}, headers={"X-CSRFToken": client.csrf}
    )
    assert answer.status_code == 200, answer.text
    (entry,) = [each for each in entries(session, "edit") if each.record == "gadget"]
    assert entry.actor == "Admin Tester → Sales Tester"
    shown = client.get(f"/api/v1/gadget/{key}").json
    assert shown["steps"] == [], "a step is the person's own word"
    with acting(system_actor("tests")):
        seen = seen_as(people["admin"], people["sales"], writes=False)
    assert not [verb for verb, _record in seen.reach if verb not in ("read", "open")]
    post(client, "/logout/")
    assert len(entries(session, "see_as_ended")) == 1


def test_nobody_sees_as_somebody_with_more_to_administer(session, people, sign_in):
    allow(session, "supervisor", "page:impersonate")
    leader = sign_in("supervisor")
    for name in ("admin", "manager", "operations"):
        assert begin(leader, people, name).status_code == 403, name
    assert begin(leader, people, "supervisor").status_code == 403, "nor as oneself"
    assert begin(leader, people, "sales").status_code == 303
    assert begin(leader, people, "service").status_code == 403, "nor one behind another"
    assert begin(sign_in("renewal"), people, "sales").status_code == 403
    assert entries(session, "see_as")[0].actor == "Supervisor Tester"


def test_what_is_taken_away_ends_it_at_once(session, people, sign_in):
    client = sign_in("admin")
    assert begin(client, people, "sales").status_code == 303
    assert "→" in plain(client.get("/").text)
    with acting(system_actor("tests")):
        role = session.scalars(select(Role).where(Role.name == "admin")).one()
        permissions.revoke(session, role, "open", "page:impersonate")
        session.commit()
    assert "→" not in plain(client.get("/").text)


def test_every_page_of_administration_counts(people):
    admin, sales = people["admin"], people["sales"]
    assert may_see_as(admin, sales)
    assert set(ADMINISTERING) <= set(permissions.PAGES)
    with pytest.raises(NotPermitted):
        seen_as(sales, admin, writes=False)
