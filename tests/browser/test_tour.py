"""The tour of a newcomer, by keyboard alone: a dialog that keeps the focus, and does not come back by itself."""

from playwright.sync_api import expect
from sqlalchemy import update

from app.kernel.identity.tables import UserPreference
from tests.department import PASSWORD


def test_a_newcomer_is_shown_around_by_keyboard_and_not_again(visit, backend):
    with backend.session() as session:
        session.execute(update(UserPreference).values(toured=False))
        session.commit()
    page = visit()
    page.goto("/login/")
    page.fill("input[name=username]", "renewal")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    tour = page.get_by_role("dialog")
    expect(page.get_by_role("dialog", name="Your work stands here")).to_be_visible()
    seen = []
    while tour.get_by_role("button", name="Continue").is_visible():
        seen.append(page.evaluate("document.activeElement.textContent"))
        for _press in range(6):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"
            )
            assert focused, "the focus stays within"
        tour.get_by_role("button", name="Continue").press("Enter")
    assert len(seen) + 1 in (4, 5, 6), seen
    with page.expect_response("**/account/toured"):
        page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".yx-toured")).to_have_count(0)
    page.reload()
    page.get_by_role("heading", level=1).wait_for()
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.get_by_role("button", name="Your menu").first.press("Enter")
    page.get_by_role("link", name="Show me around").press("Enter")
    expect(page.get_by_role("dialog", name="Your work stands here")).to_be_visible()
