"""Files in a real browser: a signature drawn with the pointer or typed, a scan sent with a form, a list on the page."""

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from app.kernel.content import content_of
from app.kernel.store import the_store
from app.kernel.workflow import adopt
from app.schema.registry import registry
from models.claims.states import ClaimState, SurveyState
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
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 900


def test_a_list_of_files_is_sent_and_downloaded(visit, survey):
    _survey, key = survey
    page = visit("claims")
    page.goto(f"/claim/{key}")
    page.set_input_files("input[name=files]", [{"name": "报告.pdf", "mimeType": "application/pdf", "buffer": PDF}])
    page.locator("#files").get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(f"**/claim/{key}#files")
    with page.expect_download() as got:
        page.locator("#files").get_by_role("link", name="报告.pdf").click()
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
