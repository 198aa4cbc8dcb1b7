"""A block of a spreadsheet on the clipboard, pasted into a line with Ctrl+V, looked at, and taken back."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from tests.gadget import Gadget, GadgetPart

BLOCK = 'Bulb\t１２\t"1,000.50"\tG2\tyes\nCable\tmany\t2\tnone\tno\tleft over\n"Shade ""S"""\t3\t4\tG1\tyes\n'


@pytest.fixture
def gadget(backend, people):
    """A gadget of sales with two parts, and another one; its id."""
    actor = people["sales"]
    with backend.session() as session, acting(system_actor("tests", "cli")):
        rows = [Gadget(code=code, name="Lamp", owner_id=actor.user_id, unit_id=actor.unit_id) for code in ("G1", "G2")]
        session.add_all(rows)
        session.flush()
        for n, name in enumerate(("a", "b")):
            session.add(GadgetPart(gadget_id=rows[0].id, name=name, position=n + 1, cost=1))
        session.commit()
        return rows[0].id


def test_a_block_fills_right_and_down_and_is_taken_back(backend, visit, gadget):
    page = visit("sales")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/gadget/{gadget}/edit")
    rows = page.locator("#gadget_part tbody tr:visible")
    total = page.locator("#gadget_part output[data-field=cost]")

    def names():
        return [rows.nth(n).get_by_label("Name").input_value() for n in range(rows.count())]

    def paste():
        page.evaluate("text => navigator.clipboard.writeText(text)", BLOCK)
        rows.nth(1).get_by_label("Name").focus()
        page.keyboard.press("Control+v")
        expect(page.get_by_text("Cells pasted: 14.")).to_be_visible()

    paste()
    assert names() == ["a", "Bulb", "Cable", 'Shade "S"']
    assert rows.nth(1).get_by_label("Count").input_value() == "12"
    assert total.inner_text() == "1,007.50"
    assert rows.nth(1).locator("select[name$=twin_id]").evaluate("e => e.selectedOptions[0].text").startswith("G2")
    expect(rows.nth(1).get_by_role("checkbox")).to_be_checked()
    assert rows.nth(2).get_by_label("Count").input_value() == "many", "nothing is lost"
    expect(rows.nth(2).get_by_text("is not a number")).to_be_visible()
    expect(rows.nth(2).get_by_text("there is no “none” to choose here")).to_be_visible()
    expect(page.get_by_text("Not placed: left over (beyond the last column)")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(rows).to_have_count(2)
    assert names() == ["a", "b"]
    assert total.inner_text() == "2.00"
    expect(page.locator("#gadget_part .invalid-feedback")).to_have_count(0)
    paste()
    page.get_by_role("button", name="Take the paste back").click()
    assert names() == ["a", "b"]
    paste()
    rows.nth(2).get_by_label("Count").fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**/gadget/{gadget}")
    with backend.session() as session, acting(system_actor("tests", "cli")):
        kept = session.scalars(select(GadgetPart).order_by(GadgetPart.position)).all()
        assert [(part.name[:5], part.count, part.spare) for part in kept[1:]] == [
            ("Bulb", 12, True),
            ("Cable", 7, False),
            ("Shade", 3, True),
        ]
        assert kept[1].twin_id != kept[3].twin_id
