"""All that match a list are chosen once all of its page are, and worked at portion by portion while one looks on.

Its table is as dense as one chose.
"""

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.kernel.actor import acting, system_actor
from app.panel import chosen
from tests.browser.test_screens import faults
from tests.factories import make
from tests.gadget import Gadget


@pytest.fixture
def gadgets(backend, people, monkeypatch):
    """Thirty gadgets, five more than a page shows; portions are of twelve."""
    monkeypatch.setattr(chosen, "PORTION", 12)
    with backend.session() as session, acting(system_actor("tests", "cli")):
        for n in range(30):
            make(session, Gadget, people["sales"], code=f"G{n:02}", price=5)
        session.commit()


def test_all_that_match_take_a_step(backend, visit, gadgets):
    page = visit("supervisor")
    page.goto("/gadget/?order=code")
    first = page.locator("tbody tr").first
    high = first.bounding_box()["height"]
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Compact tables").click()
    page.reload()
    assert first.bounding_box()["height"] < high, "dense as one chose, on the next page too"
    page.get_by_text("With the chosen ones").click()
    every, count = page.get_by_label("Choose all 30 matching"), page.locator("[data-choosing-target=count]")
    expect(every).to_be_hidden()
    page.get_by_label("All on this page").check()
    expect(page.get_by_text("All 25 on this page are chosen.")).to_be_visible()
    every.check()
    expect(count).to_have_text("30")
    page.get_by_label("Choose G03").uncheck()
    expect(every).to_be_hidden()
    expect(count).to_have_text("24")
    page.get_by_label("All on this page").check()
    every.check()
    assert faults(page) == []
    expect(page.get_by_role("button", name="Hand over")).to_be_hidden()
    page.get_by_role("button", name="Scrap", exact=True).click()
    expect(page.get_by_text("Scrap: 30 rows", exact=True)).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Reason").fill("sold out")
    page.get_by_role("button", name="Scrap: 30").click()
    expect(page.get_by_role("status")).to_contain_text("30 of 30 rows: 30 done, 0 refused.")
    expect(page.locator("tbody tr")).to_have_count(30)
    assert faults(page) == []
    with backend.session() as session, acting(system_actor("tests", "cli")):
        assert session.scalar(select(func.count()).select_from(Gadget).where(Gadget.state == "scrapped")) == 30
