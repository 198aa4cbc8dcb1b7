"""Lines inside a form, by keyboard and on a phone: add, remove, move, sum, save."""

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from tests.gadget import Gadget, GadgetPart


@pytest.fixture
def gadget(backend, people):
    """A gadget of sales with three parts; its id."""
    actor = people["sales"]
    with backend.session() as session, acting(system_actor("tests", "cli")):
        row = Gadget(code="G1", name="Lamp", owner_id=actor.user_id, unit_id=actor.unit_id)
        session.add(row)
        session.flush()
        for n, name in enumerate(("Bulb", "Cable", "Shade")):
            session.add(GadgetPart(gadget_id=row.id, name=name, position=n + 1, cost=10 * (n + 1)))
        session.commit()
        return row.id


def parts(backend):
    """Name and count in order, as they stand in the database."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        return [(p.name, p.count) for p in session.scalars(select(GadgetPart).order_by(GadgetPart.position))]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_lines_are_added_moved_and_removed_by_keyboard(backend, visit, gadget, phone):
    page = visit("sales", phone=phone, dark=phone)
    page.goto(f"/gadget/{gadget}/edit")
    rows = page.locator("#gadget_part tbody tr:visible")
    assert rows.count() == 3, "empty lines are for who has no script"
    total = page.locator("#gadget_part output[data-field=cost]")
    assert total.inner_text() == "60.00"
    page.get_by_role("button", name="Add a line").press("Enter")
    rows.nth(3).get_by_label("Name").wait_for()
    page.wait_for_function("document.activeElement.name?.endsWith('.name')")
    page.keyboard.type("Switch")
    rows.nth(3).get_by_label("Count").fill("2")
    rows.nth(3).get_by_label("Cost").fill("1,000.50")
    assert total.inner_text() == "1,060.50"
    rows.nth(3).get_by_label("Cost").press("Alt+ArrowUp")
    rows.nth(2).get_by_role("button", name="Move up").press("Enter")
    rows.nth(0).get_by_role("button", name="Remove").press("Enter")
    assert rows.count() == 3
    assert total.inner_text() == "1,050.50"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    page.wait_for_url(f"**/gadget/{gadget}")
    assert parts(backend) == [("Switch", 2), ("Cable", 1), ("Shade", 1)]


def test_what_is_wrong_is_shown_at_its_cell_and_the_rest_stays(backend, visit, gadget):
    page = visit("sales")
    page.goto("/gadget/add")
    page.get_by_label("Code").fill("G2")
    page.get_by_role("button", name="Add a line").click()
    row = page.locator("#gadget_part tbody tr:visible")
    row.get_by_label("Name").fill("Wire")
    row.get_by_label("Count").fill("some")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("write a number").wait_for()
    assert row.count() == 1
    assert row.get_by_label("Name").input_value() == "Wire"
    row.get_by_label("Count").fill("5")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(lambda url: url.split("/")[-1].isdigit())
    assert ("Wire", 5) in parts(backend)
