"""A card is moved on by dragging it or by its menu, by the step that leads there and nowhere else."""

import pytest
from playwright.sync_api import expect

from app.kernel.actor import acting, system_actor
from tests.browser.test_screens import faults
from tests.factories import make
from tests.gadget import Gadget


@pytest.fixture
def board(backend, people, visit):
    """The board of three gadgets of the person's."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        for n in range(3):
            make(session, Gadget, people["sales"], code=f"B{n}", price=5)
        session.commit()
    page = visit("sales")
    page.goto("/gadget/board?order=code")
    return page


def lane(page, name):
    return page.get_by_role("region", name=name)


def test_a_card_is_dragged_to_where_a_step_leads(board):
    card = lane(board, "Draft").get_by_role("listitem").filter(has_text="B0")
    card.locator("dt").first.drag_to(lane(board, "Sold").get_by_role("list"))
    expect(lane(board, "Draft").get_by_role("link", name="B0", exact=True)).to_be_visible()
    card.locator("dt").first.drag_to(lane(board, "Offered").get_by_role("list"))
    board.wait_for_load_state("networkidle")
    expect(lane(board, "Offered").get_by_role("link", name="B0", exact=True)).to_be_visible()
    assert board.url.endswith("/gadget/board?order=code"), "one is back at the same board"


def test_the_same_by_keyboard_and_nothing_keeps_anybody_out(board):
    menu = lane(board, "Draft").locator("summary").first
    menu.focus()
    board.keyboard.press("Enter")
    board.keyboard.press("Tab")
    board.keyboard.press("Enter")
    expect(lane(board, "Offered").get_by_role("link", name="B0", exact=True)).to_be_visible()
    lane(board, "Draft").locator("summary").first.click()
    assert faults(board) == []
