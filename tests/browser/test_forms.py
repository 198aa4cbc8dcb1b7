"""Forms in a real browser: leaving them, coming back to them, sending them by key, what is wrong while one types."""

import json

from playwright.sync_api import expect
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from tests.browser.flows import picker
from tests.browser.test_screens import faults, gadgets  # noqa: F401 - a fixture and a check of the same screens
from tests.gadget import Gadget, GadgetPart


def drafts(page):
    """What is kept on the machine, by key."""
    kept = page.evaluate("JSON.stringify(Object.fromEntries(Object.entries(localStorage)))")
    return {key: value for key, value in json.loads(kept).items() if key.startswith("draft-")}


def stored(page):
    """What is kept, as soon as anything is."""
    for _ in range(40):
        if found := drafts(page):
            return "".join(found.values())
        page.wait_for_timeout(50)
    raise AssertionError("nothing is kept")


def test_what_was_typed_is_warned_of_kept_offered_and_dropped_when_saved(backend, visit, gadgets):  # noqa: F811
    page = visit("sales")
    said = []

    def answer(dialog):
        said.append(dialog.type)
        if len(said) > 1:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    page.goto("/gadget/add")
    page.get_by_role("link", name="Back", exact=True).click()
    page.wait_for_url("**/gadget/")
    assert said == [], "nothing was written"

    page.goto("/gadget/add")
    page.get_by_label("Code").fill("KEPT")
    page.get_by_label("Buyer phone").fill("13800138000")
    picker(page, "Twin").fill("G05")
    page.get_by_role("option", name="G05").click()
    page.get_by_role("button", name="Add a line").click()
    page.locator("#gadget_part tbody tr").get_by_label("Name").fill("Wire")
    page.get_by_role("link", name="Back", exact=True).click()
    assert said == ["confirm"]
    assert page.url.endswith("/gadget/add")
    kept = stored(page)
    assert "KEPT" in kept
    assert "Wire" in kept
    assert "138" not in kept, "nothing private"
    page.get_by_role("link", name="Back", exact=True).click()
    page.wait_for_url("**/gadget/")
    assert said == ["confirm", "confirm"], "asked once, not by the browser again"

    page.goto("/gadget/add")
    offer = page.locator(".yx-offer")
    expect(offer).to_contain_text("is still here")
    assert "{time}" not in offer.inner_text()
    assert not faults(page)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_label("Code")).to_have_value("KEPT")
    expect(page.locator("#gadget_part tbody tr").get_by_label("Name")).to_have_value("Wire")
    expect(page.locator(".ts-wrapper .item").first).to_contain_text("G05")
    expect(page.get_by_label("Buyer phone")).to_have_value("")
    page.get_by_label("Price").fill("ten")
    page.keyboard.press("Control+s")
    expect(page.locator("#i-price-problem")).to_be_visible()
    expect(page.get_by_label("Price")).to_be_focused()
    expect(offer).to_be_hidden()
    assert drafts(page), "not before it is saved"
    page.keyboard.press("Control+A")
    page.keyboard.type("10")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url.split("/")[-1].isdigit())
    assert drafts(page) == {}
    assert said == ["confirm", "confirm"], "sending is no leaving"

    page.goto(f"/gadget/{gadgets['G03']}/edit")
    page.get_by_label("Name", exact=True).first.fill("Half a na")
    stored(page)
    page.reload()
    assert said[2:] == ["beforeunload"]
    page.get_by_role("button", name="Throw it away").click()
    assert drafts(page) == {}
    page.get_by_label("Name", exact=True).first.fill("Half a na")
    stored(page)
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/**")
    assert drafts(page) == {}


def test_a_draft_does_not_overwrite_what_others_saved_meanwhile(backend, visit, gadgets):  # noqa: F811
    page = visit("sales", phone=True, dark=True)
    page.goto(f"/gadget/{gadgets['G03']}/edit")
    page.get_by_label("Name", exact=True).first.fill("Mine")
    stored(page)
    with backend.session() as session, acting(system_actor("tests", "cli")):
        session.get(Gadget, gadgets["G03"]).name = "Theirs"
        session.commit()
    page.goto(f"/gadget/{gadgets['G03']}/edit")
    assert not faults(page)
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Theirs")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Mine")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved by somebody else meanwhile: Theirs")).to_be_visible()
    expect(page.get_by_label("Keep what I wrote")).to_be_checked()


def test_the_buttons_stay_in_sight_and_hide_nothing_that_has_the_focus(backend, visit, gadgets):  # noqa: F811
    with backend.session() as session, acting(system_actor("tests", "cli")):
        session.add_all(GadgetPart(gadget_id=gadgets["G01"], name=f"Part {n}", position=n) for n in range(12))
        session.commit()
    page = visit("sales", phone=True)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/gadget/{gadgets['G01']}/edit")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport(ratio=1)
    for _ in range(30):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => {
                const bar = document.querySelector(".yx-actions").getBoundingClientRect();
                const box = document.activeElement.getBoundingClientRect();
                const beside = document.activeElement.closest(".yx-actions");
                return !beside && box.bottom > bar.top + 1 && box.top < bar.bottom;
            }"""
        )
        assert not hidden, page.evaluate("document.activeElement.outerHTML")


def test_what_is_wrong_is_said_as_a_field_is_left(visit, gadgets):  # noqa: F811
    page = visit("sales")
    page.goto("/gadget/add")
    price, problem = page.get_by_label("Price"), page.locator("#i-price-problem")
    price.fill("ten")
    page.keyboard.press("Tab")
    expect(problem).to_have_text("write a number, such as 1234.50")
    expect(price).to_have_attribute("aria-invalid", "true")
    expect(price).to_have_accessible_description("write a number, such as 1234.50")
    page.get_by_role("button", name="Add a line").click()
    count = page.locator("#gadget_part tbody tr").get_by_label("Count")
    count.fill("some")
    page.keyboard.press("Tab")
    expect(count).to_have_accessible_description("write a number, such as 1234.50")
    assert not faults(page)
    price.fill("10")
    page.keyboard.press("Tab")
    expect(problem).to_have_count(0)
    expect(price).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("Name", exact=True).first.focus()
    page.keyboard.press("Tab")
    expect(page.locator("#i-name-problem, #i-code-problem")).to_have_count(0)


def test_one_goes_from_row_to_row_by_key_but_not_while_one_writes(visit, gadgets):  # noqa: F811
    page = visit("sales")
    page.goto("/gadget/?order=code&q=G1")
    page.get_by_role("link", name="G10").click()
    page.wait_for_url(f"**/gadget/{gadgets['G10']}?**")
    for key, code in (("j", "G11"), ("j", "G12"), ("k", "G11")):
        page.keyboard.press(key)
        page.wait_for_url(f"**/gadget/{gadgets[code]}?**")
    page.get_by_label("Comment").press_sequentially("jk")
    expect(page.get_by_label("Comment")).to_have_value("jk")
    assert f"/gadget/{gadgets['G11']}?" in page.url
    page.emulate_media(media="print")
    shown = page.locator(
        "button:visible, .btn:visible, nav:visible, header:visible, textarea:visible, details summary svg:visible"
    )
    expect(shown).to_have_count(0)
    expect(page.get_by_role("heading", name="G11")).to_be_visible()
    expect(page.locator(".yx-flow")).to_be_visible()
    page.emulate_media(media="screen")
    page.locator(".page-pretitle").get_by_role("link", name="Gadgets").click()
    page.wait_for_url("**/gadget/?order=code&q=G1")


def test_a_row_that_is_missing_is_added_from_the_form_and_chosen(backend, visit, gadgets):  # noqa: F811
    page = visit("sales", phone=True)
    page.goto("/gadget/add")
    page.get_by_label("Code").fill("OUTER")
    page.get_by_role("button", name="Add a line").click()
    with page.expect_popup() as opened:
        page.locator(".yx-grid").get_by_role("link", name="Add new: Gadget").click()
    opened.value.get_by_label("Code").fill("CELL")
    opened.value.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".yx-grid .ts-wrapper .item")).to_contain_text("CELL")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Add new: Gadget").first.press("Enter")
    inner = opened.value
    inner.get_by_role("button", name="Add", exact=True).click()
    inner.wait_for_selector("#i-code-problem")
    inner.get_by_label("Code").fill("INNER")
    with inner.expect_event("close"):
        inner.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".ts-wrapper .item").first).to_contain_text("INNER")
    expect(page.get_by_label("Code")).to_have_value("OUTER")
    assert not faults(page)
    page.locator("#gadget_part tbody tr").get_by_label("Name").fill("Wire")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(lambda url: url.split("/")[-1].isdigit())
    with backend.session() as session, acting(system_actor("tests", "cli")):
        codes = {row.id: row.code for row in session.scalars(select(Gadget))}
        outer = session.scalars(select(Gadget).where(Gadget.code == "OUTER")).one()
        assert codes[outer.twin_id] == "INNER"
        parts = session.scalars(select(GadgetPart).where(GadgetPart.gadget_id == outer.id))
        assert [codes[part.twin_id] for part in parts] == ["CELL"]
