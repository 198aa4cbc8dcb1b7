"""The page of a row: limits that tick, sections one goes to, who else looks; and a row beside its list."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from models.claims import Claim
from tests.browser.test_screens import faults, gadgets  # noqa: F401 - a fixture and a check of the same screens
from tests.factories import make
from tests.journey import walk


@pytest.fixture
def claim(backend, people):
    """A claim of the claims specialist under review: its decision is due, and its page is long."""
    with backend.session() as session:
        with acting(system_actor("tests", "cli")):
            row = make(session, Claim, people["claims"], claimed=100, reported_at=datetime.now(UTC) - timedelta(days=1))
            session.commit()
        for step in ("accept", "review"):
            walk(session, row, people["claims"], step)
        return row.id


def test_limits_tick_sections_are_links_and_others_are_seen(visit, claim):
    page, other = visit("claims", alone=True), visit("supervisor")
    page.clock.install()
    page.goto(f"/claim/{claim}")
    limit = page.locator(".yx-limits time").first
    expect(limit).to_contain_text("due in")
    said = limit.inner_text()
    page.clock.fast_forward(72 * 3600 * 1000)
    expect(limit).not_to_have_text(said)
    page.clock.fast_forward(2400 * 3600 * 1000)
    expect(limit).to_contain_text("late by")
    expect(page.locator(".yx-limits .badge").first).to_have_class("badge yx-tone-bad")

    page.mouse.move(200, 200)
    page.clock.fast_forward(20_000)
    other.goto(f"/claim/{claim}")
    expect(other.get_by_text("Claims Tester is looking at it.")).to_be_visible()
    page.goto("/inbox/")
    other.reload()
    expect(other.locator(".yx-onlookers > span")).to_be_hidden()

    bar = other.get_by_role("navigation", name="On this page")
    bar.get_by_role("link", name="Surveys").click()
    assert other.url.endswith("#related-survey-claim_id")
    bar.get_by_role("link", name="History").click()
    other.go_back()
    assert other.url.endswith("#related-survey-claim_id")
    # Where one goes back to, the browser scrolls to by itself, and when it likes: until then one scrolls up again.
    details = bar.get_by_role("link", name="Details").element_handle()
    other.wait_for_function(
        "each => { scrollTo(0, 0); return each.getAttribute('aria-current') === 'true'; }", arg=details
    )
    other.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(bar.get_by_role("link", name="Case reviews")).to_have_attribute("aria-current", "true")
    expect(bar).to_be_in_viewport()


@pytest.mark.parametrize(
    ("phone", "dark"),
    [
        pytest.param(False, False, id="wide-light", marks=pytest.mark.nightly),
        pytest.param(True, True, id="phone-dark", marks=pytest.mark.nightly),
    ],
)
def test_the_page_is_for_everybody(visit, claim, phone, dark):
    page = visit("claims", phone=phone, dark=dark)
    page.goto(f"/claim/{claim}")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_row_is_looked_at_beside_its_list_by_keyboard(visit, gadgets):  # noqa: F811
    page = visit("sales")
    page.goto("/gadget/?order=code")
    page.locator(".yx-title", has_text="G01").focus()
    page.keyboard.press("Space")
    dialog = page.locator("dialog.yx-beside")
    expect(dialog.get_by_role("heading", name="G01")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("j")
    expect(dialog.get_by_role("heading", name="G02")).to_be_visible()
    page.evaluate("document.documentElement.dataset.keys = 'off'")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".yx-title", has_text="G02")).to_be_focused()
    assert page.url.endswith("/gadget/?order=code")
    page.locator("tbody tr").nth(4).hover()
    page.get_by_role("button", name="Look at it beside the list").click()
    expect(dialog.get_by_role("heading", name="G04")).to_be_visible()
    dialog.get_by_role("button", name="Offer").click()
    page.wait_for_url("**/gadget/?order=code")
    expect(page.locator("tbody tr").nth(4)).to_contain_text("Offered")
    page.locator("tbody tr").nth(4).hover()
    page.get_by_role("button", name="Look at it beside the list").click()
    dialog.get_by_role("link", name="Open the page").click()
    page.wait_for_url("**/gadget/*from=*")
