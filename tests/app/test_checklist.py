"""First steps: each is done when the database says so, for administrators alone, until the house hides them."""

from datetime import UTC, datetime

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.permissions import add_user
from app.kernel.settings import set_setting
from app.kernel.tables import Heartbeat
from app.kernel.workflow import adopt
from app.schema.registry import registry
from models.contracts import Contract
from models.products import Product
from models.products.states import ProductState
from models.renewals import Renewal
from tests.factories import make
from tests.screens import link, plain, post
from views import checklist

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def states(page):
    """Whether each task is done, by what it says."""
    inner = page.partition('id="first-steps"')[2].partition("</section>")[0]
    items = [plain(each) for each in inner.split("<li")[1:]]
    told = [task.label for task in checklist.TASKS if any(task.label in each for each in items)]
    return {label: any("done: " + label in each for each in items) for label in told}


@pytest.fixture
def written(session):
    """Write something as the system and commit."""

    def write(act):
        with acting(system_actor("t")):
            act()
            session.commit()

    return write


def done(client, label):
    return states(client.get("/").text)[label]


def test_each_task_is_done_when_the_facts_say_so(session, people, sign_in, app, written):
    client = sign_in("admin")
    found = states(client.get("/").text)
    assert found["Enter the units"]
    assert found["Enter the people"]
    assert found["Give everybody a role"]
    todo = [label for label, was in found.items() if not was]
    assert todo == [
        "Name a second administrator",
        *(["Look after this year's holidays"] if not found["Look after this year's holidays"] else []),
        "Set the limits that have no default",
        "Connect a mail server",
        "Keep the worker running",
        "Put a product on sale",
        "Import the contracts",
        "Let the first list of renewals be made",
    ]
    facts = {
        "Name a second administrator": lambda: add_user(
            session, "b", "B", "B", "b@example.cn", ["admin"], "correct-42-x"
        ),
        "Keep the worker running": lambda: session.add(Heartbeat(worker="w", at=datetime.now(UTC))),
        "Put a product on sale": lambda: sell(session),
        "Import the contracts": lambda: make(session, Contract, people["renewal"]),
        "Let the first list of renewals be made": lambda: make(session, Renewal, people["renewal"]),
        "Set the limits that have no default": lambda: [
            set_setting(session, each, 2)
            for each in registry.settings
            if each.default is None and each is not checklist.ENTERED_THROUGH
        ],
    }
    for label, act in facts.items():
        assert not done(client, label)
        written(act)
        assert done(client, label), label
    written(lambda: session.add(User(username="c", first_name="C", last_name="C", email="c@example.cn", active=True)))
    assert not done(client, "Give everybody a role")


def sell(session):
    adopt(session, make(session, Product), ProductState.ON_SALE)


def test_the_calendar_and_the_mail_server(session, sign_in, app, written, monkeypatch):
    client = sign_in("admin")
    connected = app.extensions["settings"].model_copy(update={"smtp_url": "smtp://mail.example"})
    monkeypatch.setitem(app.extensions, "settings", connected)
    assert done(client, "Connect a mail server")
    today = house_day(datetime.now(UTC))
    monkeypatch.setattr(checklist, "unknown_years", lambda session, day: [today.year])
    assert not done(client, "Look after this year's holidays")
    monkeypatch.setattr(checklist, "unknown_years", lambda session, day: [])
    assert done(client, "Look after this year's holidays")


def test_a_task_leads_only_where_one_may_go(sign_in):
    client = sign_in("admin")
    page = client.get("/").text
    assert client.get(link(page, "Enter the people")).status_code == 200
    assert client.get(link(page, "Set the limits that have no default")).status_code == 200
    assert "<strong>Import the contracts</strong>" in page, "administrators open no imports"


def test_others_see_none_and_hiding_holds_for_all(session, sign_in):
    for name in ("manager", "renewal"):
        client = sign_in(name)
        assert "first-steps" not in client.get("/").text
        assert post(client, "/people/first-steps/hide").status_code == 403
    client = sign_in("admin")
    assert post(client, "/people/first-steps/hide").status_code == 302
    page = client.get("/").text
    assert "The first steps are hidden." in page
    assert 'id="first-steps"' not in page
    with acting(system_actor("t")):
        set_setting(session, "house.first_steps", "yes")
        session.commit()
    assert 'id="first-steps"' in client.get("/").text
    assert session.scalar(select(User.id).where(User.username == "admin"))


def test_when_all_is_done_nothing_is_shown(sign_in, monkeypatch):
    client = sign_in("admin")
    monkeypatch.setattr("app.panel.checklist._tasks", [checklist.TASKS[0]])
    assert 'id="first-steps"' not in client.get("/").text
