"""An administrator adds a field, a level of authority and a role, all in the browser; another process obeys at once."""

from datetime import date

import pytest
import requests
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from app.schema import tailored
from models.contracts.states import ContractState
from tests.models import book
from tests.servers.second import second


@pytest.fixture
def elsewhere(backend):
    """The address of another process that serves the same database."""
    with second(backend.app.extensions["settings"].data_dir, backend.url) as address:
        yield address
    tailored.put_in_force(tailored.Tailored())


@pytest.fixture
def contract(backend):
    """The id of a contract anybody in the team may see."""
    with backend.session() as session, acting(system_actor("tests")):
        made = book.contract(session, date(2027, 3, 1), keeper=backend.people["sales"], state=ContractState.DRAFT)
        session.commit()
        return made.id


def as_in(page, elsewhere):
    """A session of requests to the other process, signed in as on the page."""
    session = requests.Session()
    for cookie in page.context.cookies():
        session.cookies.set(cookie["name"], cookie["value"])
    session.get(f"{elsewhere}/inbox/").raise_for_status()
    return session


def saved(page):
    expect(page.get_by_role("status").filter(has_text="obeyed everywhere")).to_be_visible()


def test_a_field_a_level_and_a_role_are_added_and_taken_back(visit, elsewhere, contract):
    page = visit("admin")
    there, manager, sales = (as_in(each, elsewhere) for each in (page, visit("manager"), visit("sales")))
    url, api = f"{elsewhere}/contract", f"{elsewhere}/api/v1/contract/"
    assert "x_colour" not in manager.get(f"{api}{contract}").json()["result"]

    page.get_by_role("link", name="Customise").click()
    page.get_by_role("link", name="Contracts").last.click()
    page.get_by_role("link", name="Add a field").click()
    page.get_by_label("What it is called").fill("Colour | 颜色")
    page.get_by_label("Short name").fill("colour")
    page.get_by_label("Choices").fill("red = Red | 红\nblue = Blue | 蓝")
    page.get_by_label("Needed").check()
    page.get_by_label("Shown in the list").check()
    page.get_by_role("button", name="Save").click()
    saved(page)
    page.goto("/customise/levels/claim.approve")
    page.get_by_role("button", name="Add a level").click()
    page.get_by_role("textbox", name="Up to").fill("90000")
    page.get_by_role("group", name="Agreed to by").nth(2).get_by_label("underwriter").check()
    page.get_by_role("button", name="Save").click()
    saved(page)
    page.goto("/people/roles/")
    page.get_by_label("Name of the new role").fill("assessor")
    page.get_by_label("May do what this role may").select_option("claims")
    page.get_by_role("button", name="Add role").click()
    expect(page.get_by_role("heading", name="assessor")).to_be_visible()

    row = manager.get(f"{api}{contract}").json()["result"]
    assert row["x_colour"] is None
    form = sales.get(f"{url}/add").text
    assert ('name="x_colour"' in form, ">Blue<" in form) == (True, True)
    body = {"x_colour": "red", "version": row["version"]}
    changed = sales.patch(f"{api}{contract}", json=body, headers={"X-CSRFToken": token_in(form), "Referer": elsewhere})
    assert changed.json().get("result", {}).get("x_colour") == "red", changed.text
    assert [len(manager.get(f"{api}?x_colour={each}").json()["result"]) for each in ("red", "blue")] == [1, 0]
    listed = manager.get(f"{url}/?x_colour=red").text
    assert ("Colour" in listed, ">Red<" in listed) == (True, True)
    assert "Colour" in manager.get(f"{url}/{contract}").text.partition('id="timeline"')[2], "the history tells of it"
    token = token_in(listed)
    file = manager.post(f"{url}/export.csv", data={"csrf_token": token}, headers={"Referer": elsewhere}).text
    assert ("Colour" in file.splitlines()[0], "Red" in file) == (True, True)
    assert "90000" in there.get(f"{elsewhere}/customise/levels/claim.approve").text
    assert "assessor" in there.get(f"{elsewhere}/people/roles/").text

    page.goto("/customise/")
    for what in ("assessor · role added", "levels of authority changed", "Colour · field added"):
        line = page.get_by_role("listitem").filter(has_text=what)
        line.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status").filter(has_text="again what it was before")).to_be_visible()
    assert "x_colour" not in manager.get(f"{api}{contract}").json()["result"]
    assert "x_colour" not in sales.get(f"{url}/add").text
    assert "90000" not in there.get(f"{elsewhere}/customise/levels/claim.approve").text
    assert "assessor" not in there.get(f"{elsewhere}/people/roles/").text


def token_in(page):
    """The token that stands in a page for what is sent from it."""
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]
