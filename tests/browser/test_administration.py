"""Administration in a real browser: a permission changed with preview and undo, by counted clicks and by keyboard."""

import pytest
from flask_appbuilder.security.sqla.models import Role
from playwright.sync_api import Route, expect
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.rights import rights_of
from tests.browser.test_screens import faults


@pytest.fixture
def seals(backend):
    """What the roles are, as digests, read anew each time."""

    def read(name):
        with backend.session() as session, acting(system_actor("tests")):
            id_ = session.scalars(select(Role.id).where(Role.name == name)).one()
            return rights_of(session, [id_])[id_].seal

    return read


def counted(page):
    """Count what is pressed on the page from here on."""
    page.add_init_script(
        "addEventListener('click', (event) => { if (event.isTrusted && event.detail) "
        "sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1; }, true)"
    )
    page.reload()
    return lambda: int(page.evaluate("sessionStorage.clicks || 0"))


def test_a_permission_is_changed_in_five_clicks_and_taken_back_in_one(visit, seals):
    page, before = visit("admin"), seals("sales")
    clicks = counted(page)
    page.get_by_role("link", name="Roles", exact=True).first.click()
    page.get_by_role("link", name="sales", exact=True).click()
    page.get_by_role("checkbox", name="Contracts: Export").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Sales Tester")).to_be_visible()
    page.get_by_role("button", name="Give and take").click()
    expect(page.get_by_role("status").filter(has_text="1 permissions given, 0 taken.")).to_be_visible()
    assert clicks() == 5
    assert seals("sales") != before
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="again what it was before")).to_be_visible()
    assert clicks() == 6
    assert seals("sales") == before


def reach(page, locator, skip=True):
    """Go to an element as the keyboard does, past the menu where it stands in the page itself."""
    locator.wait_for()
    if skip and page.evaluate("document.activeElement === document.body"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    for _press in range(200):
        if locator.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {locator}")


def test_and_by_keyboard_alone(visit, seals):
    page, before = visit("admin"), seals("sales")
    clicks = counted(page)
    reach(page, page.get_by_role("link", name="Roles", exact=True).first, skip=False)
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("link", name="sales", exact=True))
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("searchbox", name="Find a record or a right"))
    page.keyboard.type("contracts: exp")
    reach(page, page.get_by_role("checkbox", name="Contracts: Export"))
    page.keyboard.press("Space")
    reach(page, page.get_by_role("button", name="Preview"))
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("button", name="Give and take"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 permissions given")).to_be_visible()
    assert seals("sales") != before
    reach(page, page.get_by_role("button", name="Undo"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="again what it was before")).to_be_visible()
    assert (seals("sales"), clicks()) == (before, 0)


def test_the_matrix_shows_what_is_looked_for(visit):
    page = visit("admin")
    page.goto("/people/roles/")
    page.get_by_role("link", name="finance", exact=True).click()
    find = page.get_by_role("searchbox", name="Find a record or a right")
    find.fill("payouts")
    expect(page.get_by_role("checkbox", name="Payouts: See")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Contracts: See")).to_be_hidden()
    find.press("Enter")
    expect(page.get_by_role("checkbox", name="Payouts: See")).to_be_visible()
    find.fill("nothing of the kind")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    find.fill("")
    page.get_by_text("Only what is granted").click()
    expect(page.get_by_role("checkbox", name="Leads: See")).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Payouts: See")).to_be_checked()


def test_a_question_is_asked_in_two_parts_however_fast_one_answers(visit, people):
    page = visit("admin")
    scripts: list[Route] = []
    page.route("**/rights.js*", lambda route: scripts.append(route), times=1)
    page.goto(f"/people/{people['sales'].user_id}")
    with page.expect_request("**/rights.js*"):
        page.get_by_role("link", name="Why can, why can’t").click()
    page.get_by_label("Record", exact=True).select_option("Contracts")
    scripts[0].continue_()
    page.get_by_label("What", exact=True).select_option("Delete")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="No, Sales Tester may not: Delete · Contracts")).to_be_visible()
    expect(page.get_by_text("No role of this person grants it (sales).")).to_be_visible()


@pytest.mark.parametrize(
    ("phone", "dark"),
    [
        pytest.param(False, False, id="wide-light", marks=pytest.mark.nightly),
        pytest.param(True, True, id="phone-dark", marks=pytest.mark.nightly),
    ],
)
def test_the_pages_are_for_everybody(visit, people, phone, dark):
    page = visit("admin", phone=phone, dark=dark)
    why = f"/people/why/{people['sales'].user_id}?record=claim&verb=edit&row=1"
    for path in ("/people/roles/", "/people/roles/compare?record=claim", why, "/help/unit"):
        page.goto(path)
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/people/roles/")
    page.get_by_role("link", name="supervisor", exact=True).click()
    page.get_by_role("searchbox", name="Find a record or a right").fill("claims: ")  # axe looks at what is shown alone
    page.locator("input[value='step:approve|claim']").click()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    assert faults(page) == []
