"""The renewal desk by keys and chips: what is typed is kept, and a key by itself obeys the person's switch."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from tests.models import book


@pytest.fixture
def renewal(backend, people):
    """A new renewal on the specialist's desk; its id."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        contract = book.contract(session, datetime.now(UTC).date() + timedelta(days=9))
        made = book.renewal(session, contract, owner=people["renewal"])
        session.commit()
        return made.id


def test_outcomes_by_keys_days_by_chips_drafts_and_the_switch_of_keys(visit, renewal):
    page = visit("renewal")
    page.goto(f"/desk/{renewal}")
    agree = page.get_by_role("radio", name="Agree")
    premium, feedback = page.get_by_label("Offered premium"), page.get_by_label("Feedback")
    expect(premium).to_be_hidden()
    page.keyboard.press("3")
    expect(agree).to_be_checked()
    expect(premium).to_be_visible()
    assert premium.get_attribute("required") is not None
    page.get_by_role("link", name="Agree to 1,200.00").click()
    expect(premium).to_have_value("1200.00")
    page.get_by_role("button", name="In 3 working days").click()
    expect(page.get_by_label("Next contact on")).not_to_have_value("")
    feedback.fill("counted to 4")
    feedback.press("4")
    expect(agree).to_be_checked()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="Later, next customer").click()
    expect(feedback).to_have_value("counted to 44")
    page.wait_for_timeout(600)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("radio", name="First contact")).to_be_checked()
    page.get_by_role("button", name="Take it back").click()
    expect(agree).to_be_checked()
    expect(premium).to_have_value("1200.00")
    expect(feedback).to_have_value("counted to 44")
    page.goto("/inbox/")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    keys.get_by_role("button", name="Turn them off").click()
    page.get_by_role("button", name="Your menu").first.click()
    page.get_by_role("button", name="Keys", exact=True).click()
    expect(keys.get_by_text("Keys by themselves are off.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Your menu")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.goto(f"/desk/{renewal}")
    page.keyboard.press("3")
    expect(page.get_by_role("radio", name="First contact")).to_be_checked()
