"""The derived screens in a real browser: by keyboard, on a phone, in the dark, for who hears them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.ledger import Status
from app.kernel.tables import JobPeriod
from tests.browser.flows import picker
from tests.gadget import Gadget, GadgetPart
from tests.servers.skips import skip_loudly

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']}"


@pytest.fixture
def gadgets(backend, people):
    """Thirty gadgets of sales, the first with a part and the twin of the second; ids by code."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        actor = people["sales"]
        rows = [
            Gadget(
                code=f"G{n:02}",
                name=f"小工具 {n}",
                price=Decimal(n),
                buyer_phone="+8613800138000",
                owner_id=actor.user_id,
                unit_id=actor.unit_id,
            )
            for n in range(30)
        ]
        session.add_all(rows)
        session.flush()
        session.add(GadgetPart(gadget_id=rows[0].id, name="Wheel"))
        rows[0].twin_id = rows[1].id
        session.commit()
        return {row.code: row.id for row in rows}


def kept(backend, code):
    with backend.session() as session, acting(system_actor("tests", "cli")):
        return session.scalars(select(Gadget).where(Gadget.code == code)).one_or_none()


def test_a_row_is_added_with_the_keyboard_alone(backend, visit, gadgets):
    page = visit("sales")
    page.goto("/gadget/add")
    page.get_by_label("Code").press_sequentially("KEYS")
    page.keyboard.press("Tab")
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    page.keyboard.type("12.50")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Twin"
    page.get_by_role("option", name="G00").wait_for()
    page.keyboard.type("G")
    page.keyboard.press("Backspace")
    page.get_by_role("option", name="G00").wait_for()
    page.keyboard.type("G17")
    page.keyboard.press("Enter")
    assert page.locator(".ts-wrapper .item").count() == 0, "nothing is chosen that was not asked for"
    page.get_by_role("option", name="G17").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("Code").press("Enter")
    page.wait_for_url(re.compile(r"/gadget/\d+$"))
    row = kept(backend, "KEYS")
    assert (row.name, row.price, row.twin_id) == ("By hand", Decimal("12.50"), gadgets["G17"])


def test_a_form_with_faults_keeps_what_was_picked(visit, gadgets):
    page = visit("sales")
    page.goto("/gadget/add")
    picker(page, "Twin").fill("G05")
    page.get_by_role("option", name="G05").click()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector("#i-code-problem")
    assert page.locator(".ts-wrapper .item").first.inner_text().startswith("G05")


def test_search_and_filters_stand_in_the_address(visit, gadgets):
    page = visit("sales")
    page.goto("/gadget/?order=-code")
    page.get_by_role("searchbox", name="Search").fill("小工具 2")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    assert "order=-code" in page.url
    assert "state=" not in page.url, "empty filters stay out of the address"
    page.get_by_text("Filters", exact=True).click()
    page.locator("select[name=state]").select_option("draft")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**state=draft**")
    assert page.locator("tbody tr").count() == 11
    page.get_by_role("link", name="Take away the filter State: Draft").click()
    page.wait_for_url(lambda url: "state=" not in url)


def test_a_step_is_taken_on_all_rows_of_a_page(backend, visit, gadgets):
    page = visit("sales")
    page.goto("/gadget/?order=code")
    page.get_by_text("With the chosen ones").click()
    page.get_by_label("All on this page").check()
    count = page.locator("[data-choosing-target=count]")
    expect(count).to_have_text("25")
    page.get_by_label("Choose G03").uncheck()
    expect(count).to_have_text("24")
    page.get_by_role("button", name="Offer", exact=True).click()
    page.wait_for_url("**/gadget/steps/offer**")
    told = page.locator("tbody tr").all_inner_texts()
    assert len(told) == 24
    assert all("done" in each for each in told[1:]), "each has a price"
    assert "refused" in told[0], "the first costs nothing"
    assert [kept(backend, code).state for code in ("G00", "G02", "G03")] == ["draft", "offered", "draft"]


def test_lines_are_added_and_removed_on_the_page(backend, visit, gadgets):
    page = visit("sales")
    page.goto(f"/gadget/{gadgets['G00']}")
    page.locator("#gadget_part").get_by_role("link", name="Add").click()
    page.get_by_label("Name").fill("Bell")
    page.locator("#gadget_part").get_by_role("button", name="Add").click()
    page.wait_for_selector("text=Bell")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete Bell").click()
    assert page.get_by_text("Bell").count()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete Bell").click()
    page.wait_for_selector("text=Deleted.")
    assert page.get_by_text("Bell").count() == 0


@pytest.mark.parametrize("mode", [pytest.param("wide-light", marks=pytest.mark.nightly), "phone-dark"])
def test_every_screen_is_for_everybody(visit, gadgets, mode):
    """No fault an accessibility checker finds, no sideways scroll, on the screens of a record and at the door.

    Half of the screens in each mode; the audit of every page (`tests.audit`) takes the others.
    """
    if not AXE.is_file():
        skip_loudly("axe-core is not here: run make assets")
    first = gadgets["G00"]
    page = visit("supervisor", phone=mode == "phone-dark", dark=mode == "phone-dark")
    for address in {
        "wide-light": ("/home/morning", "/gadget/", f"/gadget/{first}", f"/gadget/{first}/delete", "/gadget/999999"),
        "phone-dark": (
            "/",
            "/gadget/?q=nothing&state=draft",
            "/gadget/board",
            f"/gadget/{first}/edit",
            f"/gadget/{first}/lines/gadget_part/add",
        ),
    }[mode]:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert faults(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_a_job_that_tells_of_a_long_hash_fits_a_phone(backend, visit):
    told = {"written": 1339, "stood": 0, "seal": 1, "head": "98d96362" * 8}
    now = datetime.now(UTC)
    with backend.session() as session, acting(system_actor("tests", "cli")):
        session.add(JobPeriod(job="history.seal", period="x", due=now, status=Status.DONE, started_at=now, result=told))
        session.commit()
    page = visit("operations", phone=True)
    page.goto("/jobs/")
    page.wait_for_selector("text=98d96362")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_form_without_lines_fits_however_many_columns_they_have(visit):
    page = visit("claims")
    page.goto("/claim/add")
    page.wait_for_load_state("networkidle")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_lines_wider_than_their_place_are_scrolled_by_keys(visit, gadgets):
    page = visit("supervisor")
    page.goto(f"/gadget/{gadgets['G00']}")
    lines = page.get_by_role("group", name="Parts")
    expect(lines).not_to_have_attribute("tabindex", "0")
    lines.evaluate("place => { place.style.width = '3rem'; }")
    expect(lines).to_have_attribute("tabindex", "0")


def faults(page):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {RULES})")
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found["violations"]]
