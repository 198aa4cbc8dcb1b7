"""Files in a real browser: a signature drawn with the pointer or typed, a scan sent with a form, a list on the page."""

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from app.kernel.content import content_of
from app.kernel.store import the_store
from app.kernel.workflow import adopt
from app.schema.registry import registry
from models.claims.states import ClaimState, SurveyState
from tests import papers
from tests.factories import make
from tests.files import PDF


@pytest.fixture
def survey(session, people):
    """The id of a survey under way, and that of its claim."""
    with acting(system_actor("t")):
        row = make(session, registry["survey"], people["claims"], photo=None, signed=None)
        adopt(session, row, SurveyState.ON_SITE)
        claim = session.get(registry["claim"], row.claim_id)
        claim.owner_id = people["claims"].user_id
        adopt(session, claim, ClaimState.REVIEWING)
        session.commit()
        return row.id, claim.id


def signed(session, key):
    """The bytes of the survey's signature; None for none."""
    with acting(system_actor("t")):
        session.rollback()
        row = session.get(registry["survey"], key, populate_existing=True)
        file = row.signed
        session.rollback()
    return None if file is None else the_store().open(file.id).read()


@pytest.mark.parametrize("typed", [False, True])
def test_a_survey_is_signed_with_the_pointer_or_by_keyboard(visit, session, survey, typed):
    key, _claim = survey
    page = visit("claims", phone=not typed)
    page.goto(f"/survey/{key}/step/report")
    page.fill("textarea[name=findings]", "The door is broken.")
    page.fill("input[name=assessed]", "120")
    if typed:
        page.get_by_label("or type the name").fill("Wang Wei")
    else:
        pad = page.locator("canvas.yx-pad")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        page.mouse.move(box["x"] + 30, box["y"] + 40)
        page.mouse.down()
        for step in range(1, 9):
            page.mouse.move(box["x"] + 30 + 20 * step, box["y"] + 40 + (step % 3) * 12)
        page.mouse.up()
    page.get_by_role("button", name="Hand in the report").click()
    page.wait_for_url(f"**/survey/{key}")
    picture = content_of(signed(session, key))
    assert (picture.type, picture.width, picture.height) == ("image/png", 900, 270)
    shown = page.locator("img.yx-thumb")
    expect(shown).to_have_js_property("naturalWidth", 240)  # as we draw it, not as it was sent


def test_a_list_of_files_is_sent_and_downloaded(visit, survey):
    _survey, key = survey
    page = visit("claims")
    page.goto(f"/claim/{key}")
    page.set_input_files("input[name=files]", [{"name": "报告.pdf", "mimeType": "application/pdf", "buffer": PDF}])
    page.locator("#files").get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(f"**/claim/{key}#files")
    with page.expect_download() as got:
        page.locator("#files").get_by_role("link", name="报告.pdf", exact=True).click()
    assert got.value.suggested_filename == "报告.pdf"
    assert got.value.path().read_bytes() == PDF


def test_a_file_just_chosen_counts_as_given(visit):
    page = visit("manager")
    page.goto("/dossier/add")
    box = page.locator("[data-shown-if]", has=page.locator("[name=address]"))
    box.evaluate("""box => box.dataset.shownIf = '["given","report"]'""")
    page.fill("[name=code]", "D1")
    expect(box).to_be_hidden()
    page.set_input_files("[name=file-report]", {"name": "r.pdf", "mimeType": "application/pdf", "buffer": PDF})
    expect(box).to_be_visible()
    page.set_input_files("[name=file-report]", [])
    expect(box).to_be_hidden()


def test_papers_are_looked_at_in_place_by_keyboard_and_what_has_no_preview_is_downloaded(visit, survey):
    _survey, key = survey
    page = visit("claims")
    page.goto(f"/claim/{key}")
    sent = (
        ("scan.pdf", "application/pdf", papers.pdf(31, (595, 842))),
        ("damaged.pdf", "application/pdf", PDF),
        ("photo.jpg", "image/jpeg", papers.photo()),
        ("words.txt", "text/plain", b"just words"),
    )
    page.set_input_files("input[name=files]", [dict(zip(("name", "mimeType", "buffer"), s, strict=True)) for s in sent])
    page.locator("#files").get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(f"**/claim/{key}#files")
    small = page.locator("#files [data-preview]")
    expect(small).to_have_count(2)  # the damaged one has lost its own by now
    for at in range(2):
        expect(small.nth(at).locator("img")).to_have_js_property("naturalHeight", 240)
    small.first.focus()
    page.keyboard.press("Enter")
    dialog, pages = page.get_by_role("dialog", name="scan.pdf"), page.locator(".yx-pages > img")
    expect(dialog.get_by_text("31 pages", exact=False).first).to_be_visible()
    expect(pages).to_have_count(20)
    expect(pages.first).to_have_js_property("naturalWidth", 1400)
    expect(page.locator(".yx-pages")).to_be_focused()
    expect(pages.last).to_have_js_property("naturalWidth", 0)  # drawn when somebody comes that far
    expect(dialog.get_by_role("button", name="Previous paper")).to_be_disabled()
    page.keyboard.press("End")
    expect(pages.last).to_have_js_property("naturalWidth", 1400)
    page.keyboard.press("ArrowRight")
    dialog = page.get_by_role("dialog", name="photo.jpg")
    expect(dialog.locator(".yx-pages > img")).to_have_js_property("naturalWidth", 400)
    expect(dialog.get_by_role("button", name="Next paper")).to_be_disabled()
    with page.expect_download() as got:
        dialog.get_by_role("link", name="Download").click()
    assert got.value.path().read_bytes() == sent[2][2], "the file as it was sent"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(small.nth(1)).to_be_focused()
