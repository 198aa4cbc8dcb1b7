"""The page of the demonstration: asked for once, done by the worker, and nothing of one's own goes unasked."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import OperationalError

from app.jobs import demonstration as owed
from app.jobs.runner import Runner
from app.kernel import demonstration
from app.kernel.actor import acting, system_actor
from app.kernel.identity.narrowing import seen_as
from app.kernel.permissions import add_user, load_actor, raise_epoch, revoke
from app.kernel.tables import AuditEntry, JobPeriod
from app.schema.roles import Scope
from models.contracts import Contract
from models.customers import Customer
from models.demo.people import STAFF, UNITS, found
from models.people import Person, Unit
from tests.models import book
from tests.screens import link, plain, post, value_of

SYSTEM = system_actor("tests", "cli")
PAGE = "/demonstration/"


@pytest.fixture
def empty(backend, app, monkeypatch):
    """Nothing is entered but sign-ins, and the demonstration is two customers and one of its people."""
    with acting(SYSTEM), backend.session() as session:
        session.connection().execute(delete(Person.__table__))
        session.connection().execute(update(Unit.__table__).values(parent_id=None))
        session.connection().execute(delete(Unit.__table__))
        raise_epoch(session)
        session.commit()

    def write(session):
        guide = add_user(session, "guide", "Demo", "Guide", "guide@demo.example.cn", ["admin"], "yanxu-demo")
        for name in ("Invented One", "Invented Two"):
            session.add(Customer(name=name, owner_id=guide.id))
        session.flush()

    monkeypatch.setitem(app.extensions, "demo", write)


@pytest.fixture
def work(backend):
    """Lets the worker do what is owed."""
    return lambda: Runner(backend.engine, ZoneInfo("Asia/Shanghai"), "tests", {"app": backend.app}).run_next()


@pytest.fixture
def loaded(empty, sign_in, work):
    """An administrator who has had it loaded."""
    client = sign_in("admin")
    post(client, f"{PAGE}load")
    assert work().result["written"] == 3
    return client


def removed(client, **more):
    """Answer the question as it stands."""
    return post(client, f"{PAGE}remove", seal=value_of(client.get(f"{PAGE}question").text, "seal"), **more)


def counts(session, *tables):
    with acting(SYSTEM):
        found_ = [session.scalar(select(func.count()).select_from(table)) for table in tables]
        session.rollback()
    return found_


def test_it_is_loaded_once_and_what_is_ones_own_outlives_it(empty, session, people, sign_in, work):
    client = sign_in("admin")
    assert "No demonstration data" in plain(client.get(PAGE).text)
    assert "Remove the demonstration data" not in client.get("/").text, "no step where there is nothing to do"
    users = counts(session, User.__table__)
    for _press in range(2):
        assert post(client, f"{PAGE}load").status_code == 303
    assert client.get(f"{PAGE}progress").json["busy"]
    page = plain(client.get(PAGE).text)
    assert "This is under way already." in page
    assert "No worker is running." in page
    assert work().result == {"written": 3}
    assert work() is None, "pressed twice, owed once"
    page = plain(client.get(PAGE).text)
    assert "There is demonstration data since" in page
    assert "well-known password: guide" in page
    assert "Customers 2" in page
    post(client, f"{PAGE}load")
    assert "The demonstration data is there already." in plain(client.get(PAGE).text)
    assert link(client.get("/").text, "Remove the demonstration data") == PAGE

    with acting(SYSTEM):
        guide = session.scalars(select(User.id).where(User.username == "guide")).one()
        own = book.customer(session, name="Real", owner_id=guide)
        session.commit()
    asked = plain(client.get(f"{PAGE}question").text)
    assert "These rows stay, and lose what they name of the demonstration: Customers: 1 (Owner)" in asked
    assert "What is in the way" not in asked
    for _press in range(2):
        assert removed(client).status_code == 303
    assert work().result == {"written": 3}
    assert work() is None
    assert post(client, f"{PAGE}remove").status_code == 303
    assert "No demonstration data" in plain(client.get(PAGE).text)
    assert counts(session, Customer, User.__table__, JobPeriod) == [1, *users, 2]
    with acting(SYSTEM):
        assert session.get(Customer, own.id, populate_existing=True).owner_id is None
        summaries = select(AuditEntry.verb, AuditEntry.user_id).where(AuditEntry.record == "demonstration")
        told = [tuple(row) for row in session.execute(summaries)]
        session.rollback()
    assert told == [("load", people["admin"].user_id), ("remove", people["admin"].user_id)]
    assert "Here there are already: Customers" in plain(client.get(PAGE).text), "a department of one's own by now"
    assert client.get(f"{PAGE}question").location == PAGE, "there is nothing to ask"
    post(client, f"{PAGE}load")
    assert work().result["refused"] == demonstration.ENTERED
    assert f"Nothing was loaded. {demonstration.ENTERED}" in plain(client.get(PAGE).text)
    assert counts(session, Customer) == [1]


def test_what_cannot_be_without_it_is_told_and_goes_only_as_agreed(loaded, session, work):
    with acting(SYSTEM):
        invented = session.scalars(select(Customer).order_by(Customer.id)).first()
        own = book.contract(session, date(2027, 1, 1), of=invented)
        session.commit()
    asked = plain(loaded.get(f"{PAGE}question").text)
    assert "What is in the way These rows came later and cannot be without the demonstration" in asked
    assert f"Contracts: 1 – {own.number}" in asked
    refused = removed(loaded)
    assert refused.status_code == 422
    assert "Agree that they go along, or move them first." in plain(refused.text)
    assert work() is None
    removed(loaded, along="yes")
    with acting(SYSTEM):
        book.contract(session, date(2027, 2, 1), of=session.get(Customer, invented.id))
        session.commit()
    assert work().result["refused"] == owed.SINCE
    assert f"Nothing was removed. {owed.SINCE}" in plain(loaded.get(PAGE).text)
    assert counts(session, Contract, Customer) == [2, 2], "nothing half done"
    removed(loaded, along="yes")
    work()
    assert counts(session, Contract, Customer) == [0, 0]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_may_is_asked_again_when_it_is_done(loaded, session, people, sign_in, work):
    for name in ("manager", "operations"):
        client = sign_in(name)
        assert client.get(PAGE).status_code == 403
        for address in ("load", "remove"):
            assert post(client, f"{PAGE}{address}").status_code == 403
        assert PAGE not in client.get("/").text
    guide = sign_in("guide")
    assert demonstration.ONE_OF_THEM in plain(guide.get(f"{PAGE}question").text)
    removed(guide)
    assert work() is None
    with acting(SYSTEM):
        invented = load_actor(session, session.scalars(select(User.id).where(User.username == "guide")).one())
    with acting(invented):
        owed.ask(session, owed.REMOVE, demonstration.Found().seal)
        session.commit()
    assert work().result["refused"] == demonstration.ONE_OF_THEM, "nor by another way"
    opens = {("open", page): Scope.ALL for page in (owed.PAGE, "page:reports")}
    viewed = seen_as(people["admin"], replace(people["manager"], reach=opens), writes=False)
    assert [name for _verb, name in viewed.reach] == ["page:reports"], "nobody administers in another's name"
    removed(loaded)
    with acting(SYSTEM):
        revoke(session, session.scalars(select(Role).where(Role.name == "admin")).one(), "open", owed.PAGE)
        session.commit()
    assert "may not do it any more" in work().result["refused"]
    assert counts(session, Customer) == [2]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_production_loads_none_and_still_removes(empty, app, session, sign_in, work, monkeypatch):
    client = sign_in("admin")
    post(client, f"{PAGE}load")
    settings = app.extensions["settings"].model_copy(update={"mode": "production"})
    monkeypatch.setitem(app.extensions, "settings", settings)
    assert work().result["refused"] == demonstration.IN_PRODUCTION
    assert demonstration.IN_PRODUCTION in plain(client.get(PAGE).text)
    post(client, f"{PAGE}load")
    assert work() is None
    assert app.test_cli_runner().invoke(args=["demo"]).output == f"Error: {demonstration.IN_PRODUCTION}\n"
    monkeypatch.undo()
    with acting(SYSTEM):
        with demonstration.noting(session):
            session.add(Customer(name="Brought along"))
        session.commit()
    monkeypatch.setitem(app.extensions, "settings", settings)
    removed(client)
    assert work().result == {"written": 1}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_sign_in_that_is_taken_is_left_alone(empty, session, people, monkeypatch):
    monkeypatch.setattr("models.demo.people.STAFF", STAFF[:2])
    with acting(SYSTEM):
        staff = found(session, SimpleNamespace(randrange=lambda *least_and_most: 1), date(2026, 11, 2))
        names = set(session.scalars(select(User.username)))
        assert {"admin", "admin.demo", "manager.demo"} <= names
        assert session.scalar(select(func.count()).select_from(Unit)) == len(UNITS)
        assert staff["admin"].user_id != people["admin"].user_id
        session.rollback()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_others_write_while_it_is_loaded_waits_and_is_their_own(backend, session):
    with acting(SYSTEM), backend.session() as other:
        with demonstration.noting(session):
            session.add(Customer(name="Invented"))
            other.execute(text("SET LOCAL lock_timeout = '50ms'"))
            other.add(Customer(name="Real"))
            with pytest.raises(OperationalError, match="lock timeout"):
                other.flush()
        session.commit()
        other.rollback()
        other.add(Customer(name="Real"))
        other.commit()
        assert demonstration.counted(session) == {"customer": 1}
