"""A month of rows: weeks where there is room, day by day on a phone; each row opens its page."""

from datetime import date

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from app.panel.calendar import SHOWN
from tests.browser.test_screens import faults
from tests.factories import make
from tests.specimen import Specimen


@pytest.fixture
def specimens(backend, people):
    """Two on one day of November, more than fit on another."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        for n in range(SHOWN + 4):
            make(session, Specimen, people["sales"], code=f"S{n:02}", day=date(2026, 11, 4 if n > 1 else 3))
        session.commit()


def test_a_month_stands_in_weeks_and_on_a_phone_day_by_day(visit, specimens):
    page = visit("sales")
    page.goto("/specimen/calendar?on=day&during=2026-11")
    first, second = page.locator(".yx-day").nth(2), page.locator(".yx-day").nth(3)
    assert first.bounding_box()["y"] == second.bounding_box()["y"], "days of a week stand side by side"
    assert page.locator(".yx-day").nth(9).bounding_box()["x"] == first.bounding_box()["x"], "weeks below one another"
    assert faults(page) == []
    page.get_by_role("link", name="Month after").click()
    expect(page.get_by_role("heading", name="December 2026")).to_be_visible()
    page.go_back()
    second.get_by_role("link", name="and 2 more").click()
    expect(page.locator("tbody tr")).to_have_count(SHOWN + 2)
    page.go_back()
    page.get_by_role("link", name="S00", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("S00")
    phone = visit("sales", phone=True, dark=True)
    phone.goto("/specimen/calendar?on=day&during=2026-11")
    expect(phone.get_by_text("Tue, Nov 3")).to_be_visible()
    expect(phone.locator(".yx-day:visible")).to_have_count(2)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(phone) == []
