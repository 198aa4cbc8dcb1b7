"""Flow E, a typo corrected in a list: by two clicks, by keyboard alone, on a phone, and when somebody was faster."""

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from tests.browser.test_screens import faults, gadgets, kept  # noqa: F401 - a fixture and checks of the same screens
from tests.gadget import Gadget

COUNTING = "addEventListener('click', () => { window.clicked = (window.clicked ?? 0) + 1; }, true)"


def cell(page, code, column):
    """The cell of a row in a column, by their names."""
    heads = [head.strip() for head in page.locator("thead th").all_inner_texts()]
    return page.locator("tbody tr").filter(has_text=code).locator("td").nth(heads.index(column))


@pytest.fixture
def table(visit, gadgets):  # noqa: F811
    """The list of gadgets, as its owner sees it."""

    def shown(**how):
        page = visit("sales", **how)
        page.goto("/gadget/?order=code")
        page.wait_for_selector("td > .yx-pencil")
        return page

    return shown


def test_a_typo_is_corrected_by_two_clicks(backend, table):
    page = table()
    page.evaluate(COUNTING)
    name = cell(page, "G03", "Name")
    name.hover()
    page.get_by_role("button", name="Edit: Name, G03").click()
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    assert page.evaluate("document.getSelection().toString()") == "小工具 3", "typing takes its place"
    page.keyboard.type("Ladder")
    page.get_by_role("button", name="Save").click()
    expect(cell(page, "G03", "Name")).to_have_text("Ladder")
    assert page.evaluate("clicked") == 2
    assert kept(backend, "G03").name == "Ladder"
    assert page.url.endswith("/gadget/?order=code"), "nobody was sent anywhere"


def test_the_same_by_keyboard_alone(backend, table):
    page = table()
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "yx-pencil":
            break
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    pencil = page.get_by_role("button", name="Edit: Name, G02")
    expect(pencil).to_be_focused()
    page.keyboard.press("F2")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Saw")
    page.keyboard.press("Escape")
    expect(pencil).to_be_focused()
    expect(cell(page, "G02", "Name")).to_have_text("小工具 2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Saw")
    page.keyboard.press("Enter")
    expect(cell(page, "G02", "Name")).to_have_text("Saw")
    expect(pencil).to_be_focused()
    expect(page.locator("[data-cells-target=told]")).to_have_text("Saved.")
    assert kept(backend, "G02").name == "Saw"
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.className")
    assert focused != "yx-pencil", "all of them together are one stop"


def test_what_is_wrong_is_said_beside_the_cell_and_keeps_what_was_typed(backend, table):
    page = table()
    price = cell(page, "G04", "Price (CNY)")
    price.dblclick()
    field = page.get_by_role("textbox", name="Price")
    expect(field).to_be_focused()
    page.keyboard.type("much")
    page.keyboard.press("Enter")
    expect(price.locator(".invalid-feedback")).to_contain_text("write a number")
    expect(field).to_be_focused()
    expect(field).to_have_value("much")
    assert faults(page) == []
    with backend.session() as session, acting(system_actor("tests", "cli")):
        session.get(Gadget, kept(backend, "G04").id).price = 7
        session.commit()
    page.keyboard.type("8.50")
    page.keyboard.press("Enter")
    expect(price).to_contain_text("Saved by somebody else meanwhile: 7.00")
    expect(field).to_have_value("8.50")
    assert faults(page) == []
    page.get_by_label("Keep what I wrote").check()
    page.get_by_role("button", name="Save").click()
    expect(cell(page, "G04", "Price (CNY)")).to_have_text("8.50")


def test_a_link_is_picked_in_the_list(backend, table, gadgets):  # noqa: F811
    page = table()
    page.get_by_role("button", name="Edit: Twin, G05").press("Enter")
    expect(page.get_by_role("combobox", name="Twin")).to_be_focused()
    offered = page.locator(".ts-dropdown [role=option]")
    offered.first.wait_for()
    page.keyboard.type("G17")
    expect(offered).to_have_count(1)  # of the first list, which holds it too, another one is at hand
    page.keyboard.press("Enter")
    expect(page.locator("td .ts-wrapper .item")).to_have_text("G17")
    page.keyboard.press("Enter")
    expect(cell(page, "G05", "Twin").get_by_role("link")).to_have_text("G17")
    assert kept(backend, "G05").twin_id == gadgets["G17"]


@pytest.mark.parametrize(
    ("phone", "dark"),
    [
        pytest.param(False, False, id="wide-light", marks=pytest.mark.nightly),
        pytest.param(True, True, id="phone-dark"),
    ],
)
def test_it_is_for_everybody(backend, table, phone, dark):
    page = table(phone=phone, dark=dark)
    row = page.locator("tbody tr").filter(has_text="G06")
    if not phone:
        row.locator("td").nth(1).hover()
    assert faults(page) == []
    row.get_by_role("button", name="Edit: Name, G06").click()
    field = page.get_by_role("textbox", name="Name")
    expect(field).to_be_focused()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    field.fill("Rake")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Rake")
    assert kept(backend, "G06").name == "Rake"
