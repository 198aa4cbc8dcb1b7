"""What the framework below does behind one's back, and no longer does here (see the architecture notes)."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import event, select

from app.factory import create_app
from app.kernel import permissions
from app.kernel.actor import acting, system_actor
from app.panel.screen import Screen
from config import Settings
from tests.department import _HASH
from tests.gadget import Gadget
from tests.screens import post, table_of

OWNERS = ("sales", "renewal", "renewal2", "renewal3")


@pytest.fixture
def gadgets(session, people):
    """Twelve gadgets of each of four owners."""
    with acting(system_actor("tests")):
        for owner in OWNERS:
            actor = people[owner]
            session.add_all(
                Gadget(code=f"{owner} {n:02}", owner_id=actor.user_id, unit_id=actor.unit_id) for n in range(12)
            )
        session.commit()


def screens(app):
    """The views behind the screens of the application."""
    views = {getattr(view, "__self__", None) for view in app.view_functions.values()}
    return [view for view in views if isinstance(view, Screen)]


def test_many_people_at_once_each_see_their_own(app, gadgets, sign_in):
    """The stock filters lie on the view, which all threads share: one's page was built with another's filters."""
    clients = {owner: sign_in(owner) for owner in OWNERS}

    def look(owner):
        address = f"/gadget/?psize=100&q={owner}&order={'-' if owner < 'r' else ''}code"
        return owner, {row[0] for row in table_of(clients[owner].get(address).text)}

    with ThreadPoolExecutor(8) as pool:
        for owner, seen in pool.map(look, OWNERS * 6):
            assert seen == {f"{owner} {n:02}" for n in range(12)}


def test_a_view_keeps_nothing_of_a_request(app, gadgets, sign_in):
    before = {id(view): dict(vars(view)) for view in screens(app)}
    assert len(before) > 10
    client = sign_in("sales")
    for address in (
        "/gadget/?q=sales&state=draft&order=-code",
        "/gadget/1",
        "/gadget/1/edit",
        "/gadget/pick/twin_id?q=s",
    ):
        client.get(address)
    post(client, "/gadget/add", code="")
    assert {id(view): dict(vars(view)) for view in screens(app)} == before


def test_each_application_has_views_of_its_own(sqlite_backend, tmp_path):
    other = create_app(Settings(mode="testing", data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/other.sqlite3"))
    assert not {type(view) for view in screens(sqlite_backend.app)} & {type(view) for view in screens(other)}


def test_starting_writes_nothing_into_the_database(tmp_path, monkeypatch):
    sent = []

    def note(connection, cursor, statement, *rest):
        sent.append(statement)

    made = []

    def prepare(engine):
        event.listen(engine, "before_cursor_execute", note)
        made.append(engine)
        return engine

    monkeypatch.setattr("app.factory.prepare", prepare)
    create_app(Settings(mode="testing", data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/none.sqlite3"))
    assert made
    assert sent == []
    assert not Path(tmp_path / "none.sqlite3").exists()


def test_a_permission_counts_for_its_own_record_only(session, people, sign_in, gadgets):
    """A stock role's pattern opens every view whose name begins alike; here a name is a whole name."""
    with acting(system_actor("tests")):
        role = session.scalars(select(Role).where(Role.name == "service")).one()
        permissions.grant(session, role, "read", "gadg")
        permissions.grant(session, role, "read", "gadget_part")
        permissions.grant(session, role, "rea", "gadget")
        session.commit()
    assert sign_in("service").get("/gadget/").status_code == 403


def test_a_permission_taken_away_is_obeyed_at_once(session, sign_in, gadgets):
    client = sign_in("sales")
    assert client.get("/gadget/add").status_code == 200
    with acting(system_actor("tests")):
        role = session.scalars(select(Role).where(Role.name == "sales")).one()
        permissions.revoke(session, role, "add", "gadget")
        session.commit()
    assert client.get("/gadget/add").status_code == 403
    assert "/gadget/add" not in client.get("/gadget/").text
    assert post(client, "/gadget/add", code="X").status_code == 403


def test_no_page_knows_a_password_or_a_users_address(app, session, gadgets, sign_in):
    with acting(system_actor("tests")):
        key = session.scalars(select(Gadget.id).where(Gadget.code == "sales 00")).one()
        session.rollback()
    client = sign_in("manager")
    for address in ("/", "/gadget/", f"/gadget/{key}", f"/gadget/{key}/edit", "/gadget/pick/owner_id", "/person/1"):
        page = client.get(address).text
        assert _HASH not in page, address
        assert "pbkdf2" not in page, address
        assert not re.search(r"\w+@example\.cn", page), address


def test_no_page_loads_what_the_stock_screens_need(sign_in, gadgets):
    for address in ("/", "/gadget/", "/gadget/add"):
        page = sign_in("sales").get(address).text.casefold()
        for part in ("jquery", "select2", "/static/appbuilder", "fontawesome", "https://", "http://"):
            assert part not in page, (address, part)


def test_a_form_loads_no_table_into_its_pickers(sign_in, gadgets):
    page = sign_in("manager").get("/gadget/add").text
    assert len(page.encode()) <= 55_000
    select_ = re.search(r'<select[^>]*name="twin_id".*?</select>', page, re.DOTALL).group(0)
    assert select_.count("<option") == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("odd", ["²", "፩", "9" * 25, "9" * 5000, "-1"])
def test_a_number_that_is_none_is_refused_and_breaks_nothing(session, people, sign_in, gadgets, odd):
    """``str.isdigit`` is true of more than `int` reads, and no column holds every number."""
    with acting(system_actor("tests")):
        key = session.scalars(select(Gadget.id).where(Gadget.code == "renewal 00")).one()
        session.rollback()
    own, leader = sign_in("renewal"), sign_in("supervisor")
    looked_at = {
        f"/gadget/{key}/compare": {"v": odd},
        f"/gadget/{key}/timeline": {"before": f"2026-01-01T00:00:00+00:00~entry~{odd}"},
        f"/gadget/{key}": {"before": f"0001-01-01T00:00:00+14:00~entry~{odd[:1]}"},
        f"/api/v1/gadget/{key}/comments": {"before": odd},
        "/gadget/add": {"twin_id": odd},
        "/trinket/add": {"gadgets": odd},
        "/booth/pick/parent_id": {"of": odd},
        "/gadget/": {"q": odd},
        "/trash/": {"before": odd},
        "/desk/": {"after": odd},
        "/claims/desk/": {"after": odd, "claim": odd},
    }
    for path, asked in looked_at.items():
        assert own.get(path, query_string=asked).status_code < 500, path
    line = {f"gadget_part.n1.{name}": odd for name in ("id", "version", "position", "twin_id")}
    sent = {
        f"/gadget/{key}/edit": {"twin_id": odd, "version": odd} | line,
        f"/gadget/{key}/step/scrap": {"reason": "x", "version": odd},
        "/inbox/read": {"notice": odd},
    }
    for path, form in sent.items():
        assert 400 <= post(own, path, **form).status_code < 500, path
    for form in ({"row": odd, "owner_id": "1"}, {"row": str(key), "owner_id": odd}):
        assert post(leader, "/gadget/handover", reason="x", **form).status_code == 422
    role = {"username": "x", "first_name": "x", "last_name": "x", "email": "", "role": odd}
    assert post(sign_in("admin"), f"/people/{people['renewal'].user_id}/edit", **role).status_code < 500
