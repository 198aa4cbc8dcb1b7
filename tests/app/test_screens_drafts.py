"""What a form tells the browser of itself: what may be kept on the machine, and for whom; how it is sent by key."""

import re

import pytest

from app.panel.forms import form_of
from tests.app.test_identity_viewing import allow, begin
from tests.gadget import Gadget
from tests.screens import post
from tests.specimen import Specimen


def kept(page):
    """The names of the fields of the form that the browser may keep on the machine."""
    boxes = re.split(r'<div class="col-(?:12|md-6) mb-3"', page)[1:]
    return {re.search(r'name="([\w.]+)"', box)[1] for box in boxes if box.startswith(" data-draft")}


def test_nothing_private_and_no_file_is_kept_on_the_machine(sign_in):
    page = sign_in("sales").get("/specimen/add").text
    private = {f.key for f in Specimen.__table__.columns if (kind := f.info.get("kind")) and kind.private}
    files = {"paper", "photo", "signed", "secret"}
    assert len(private) > 3
    assert kept(page) & (private | files) == set()
    assert {"name", "story", "gadget_id", "colours", "agreed"} <= kept(page)


def test_what_one_may_write_but_not_read_is_not_kept(sign_in, as_system):
    asked = {each.name: each for each in form_of(Gadget).inputs}
    assert asked["name"].draftable
    asked["name"].blind = True
    assert not asked["name"].draftable


def test_a_draft_is_by_person_and_nobody_s_while_one_sees_the_panel_as_another(sign_in, people, session):
    client = sign_in("sales")
    page = client.get("/gadget/add").text
    assert f'data-unsaved-person-value="{people["sales"].user_id}"' in page
    assert "data-typed" not in page
    refused = post(client, "/gadget/add", name="Kept")
    assert refused.status_code == 422
    assert "data-typed" in refused.text
    allow(session, "admin", "page:impersonate_write")
    admin = sign_in("admin")
    assert begin(admin, people, "sales", writes="on").status_code == 303
    assert 'data-unsaved-person-value=""' in admin.get("/gadget/add").text


@pytest.mark.parametrize("word", ["data-saved", "signout#forget"])
def test_the_page_after_a_save_says_so_and_signing_out_forgets(sign_in, word):
    client = sign_in("sales")
    where = post(client, "/gadget/add", code="D1").location
    assert word in client.get(where).text
    assert "data-saved" not in client.get(where).text, "once"
