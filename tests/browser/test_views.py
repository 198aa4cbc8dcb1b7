"""Columns chosen and put in order, and what is shown kept under a name: by keyboard, on a phone, for everybody."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_screens import faults, gadgets  # noqa: F401 - a fixture and a check of the same screens


def test_columns_are_chosen_and_moved_by_keyboard_and_kept_as_a_view(visit, gadgets):  # noqa: F811
    page = visit("sales")
    page.goto("/gadget/?state=draft&order=-code")
    columns = page.locator(".yx-columns")
    columns.locator("summary").press("Enter")
    for name in ("Buyer phone", "Owner", "Twin", "State"):
        columns.get_by_role("checkbox", name=name).uncheck()
    columns.get_by_role("button", name="Move up: Price").press("Enter")
    expect(columns.get_by_role("button", name="Move up: Price")).to_be_focused()
    page.keyboard.press("Enter")
    columns.get_by_role("button", name="Show").press("Enter")
    page.wait_for_url("**columns=price%2Ccode%2Cname")
    assert page.locator("thead th").all_inner_texts() == ["Price (CNY)", "Code", "Name"]
    assert "order=-code" in page.url
    page.locator(".yx-views > summary").press("Enter")
    page.get_by_label("Keep what is shown as a view").fill("Dear drafts")
    page.keyboard.press("Enter")
    page.wait_for_url("**view=*")
    tab = page.get_by_role("link", name="Dear drafts")
    expect(tab).to_have_attribute("aria-current", "page")
    page.goto("/gadget/")
    tab.click()
    page.wait_for_url("**view=*")
    assert page.locator("thead th").all_inner_texts() == ["Price (CNY)", "Code", "Name"]
    page.go_back()
    expect(page.locator("thead th").first).to_have_text("Code")
    page.go_forward()
    page.locator(".yx-views > summary").click()
    page.get_by_role("button", name="Open the list with this view").click()
    page.locator("#menu").get_by_role("link", name="Gadgets").click()
    page.wait_for_url("**/gadget/?*view=*")


@pytest.mark.parametrize(
    ("phone", "dark"),
    [
        pytest.param(False, False, id="wide-light", marks=pytest.mark.nightly),
        pytest.param(True, True, id="phone-dark", marks=pytest.mark.nightly),
    ],
)
def test_they_are_for_everybody(visit, gadgets, phone, dark):  # noqa: F811
    page = visit("supervisor", phone=phone, dark=dark)
    page.goto("/gadget/?q=G1&group=state")
    page.locator(".yx-views > summary").click()
    page.get_by_label("Keep what is shown as a view").fill("Of the team")
    page.get_by_label("for my team").check()
    page.locator(".yx-views").get_by_role("button", name="Save").click()
    page.wait_for_url("**view=*")
    for sheet in (".yx-views", ".yx-columns"):
        page.locator(f"{sheet} > summary").click()
        assert faults(page) == [], sheet
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), sheet
        page.locator(f"{sheet} > summary").click() if not phone else page.reload()
