"""The search palette in a real browser: by keyboard alone, on a phone, in the dark, for who hears it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_screens import faults, gadgets  # noqa: F401 - a fixture and a check of the same screens


def test_a_row_is_found_and_opened_by_keyboard_alone(visit, gadgets):  # noqa: F811
    page = visit("sales")
    page.goto("/gadget/")
    palette = page.get_by_role("dialog", name="Search everything")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search everything")).to_be_focused()
    page.keyboard.type("G1")
    expect(palette.get_by_role("option", selected=True)).to_have_text(re.compile("G19"))
    expect(palette.get_by_role("status")).to_have_text("6 results")
    page.keyboard.press("ArrowUp")
    expect(palette.get_by_role("option", selected=True)).to_have_text("Show all: Gadgets")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = page.evaluate("document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).text")
    assert "G18" in active
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/gadget/{gadgets['G18']}")
    page.keyboard.press("/")
    page.keyboard.type("G07")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/gadget/{gadgets['G07']}")
    page.keyboard.press("/")
    expect(palette.get_by_role("group", name="Opened last").get_by_role("option")).to_have_text(re.compile("G18"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/gadget/{gadgets['G18']}")


def test_it_opens_over_a_field_and_gives_the_focus_back(visit, gadgets):  # noqa: F811
    page = visit("sales")
    page.goto("/gadget/")
    field = page.get_by_role("searchbox", name="Search")
    field.focus()
    page.keyboard.type("a/")
    expect(field).to_have_value("a/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search everything")).to_be_focused()
    page.keyboard.type("nothing of the kind")
    expect(page.get_by_role("status")).to_have_text("Nothing found")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field).to_be_focused()
    assert page.url.endswith("/gadget/")


@pytest.mark.parametrize(
    ("phone", "dark"),
    [
        pytest.param(False, False, id="wide-light", marks=pytest.mark.nightly),
        pytest.param(True, True, id="phone-dark"),
    ],
)
def test_it_is_for_everybody(visit, gadgets, phone, dark):  # noqa: F811
    page = visit("sales", phone=phone, dark=dark)
    page.goto(f"/gadget/{gadgets['G03']}")
    page.get_by_role("button", name="Search everything").click()
    page.get_by_role("combobox", name="Search everything").fill("gadget")
    page.get_by_role("option", name="Add: Gadget").wait_for()
    page.get_by_role("combobox", name="Search everything").fill("G0")
    page.get_by_role("option", name="G09").wait_for()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("option", name="G08").click()
    page.wait_for_url(f"**/gadget/{gadgets['G08']}")
