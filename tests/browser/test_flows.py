"""What the department does all day, in how many clicks, and each again by the keyboard alone. Typing is not counted."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import advance
from models.claims import Claim, RequiredPaper
from models.claims.states import LossCause
from models.contracts import Contract
from models.renewals import Renewal
from models.renewals.states import RenewalState
from tests.browser.flows import Keyboard, Mouse
from tests.expense import Expense, ExpenseState
from tests.models import book

TODAY = datetime.now(UTC).date()
EXTRACT = Path(__file__).resolve().parents[1] / "data" / "renewals_200.csv"
by_both = pytest.mark.parametrize("hand", [Mouse, Keyboard], ids=["mouse", "keyboard"])


@pytest.fixture
def kept(backend, people):
    """Count and read rows as the system."""

    def read(statement):
        with backend.session() as session, acting(system_actor("tests", "cli")):
            return session.scalars(statement).all()

    return read


@pytest.fixture
def renewals(backend, people):
    """Three new renewals on the specialist's desk."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        for n in range(3):
            contract = book.contract(session, TODAY + timedelta(days=10 + n))
            contract.customer.phone = f"+861380013800{n}"
            book.renewal(session, contract, owner=people["renewal"])
        session.commit()


@by_both
def test_a_renewal_and_the_next_customer(visit, kept, renewals, hand):
    """Five clicks; seven with a quote."""
    page = visit("renewal")
    way = hand(page)
    way.press(page.get_by_role("navigation", name="Records and pages").get_by_role("link", name="Renewal desk"))
    first = page.get_by_role("heading", level=1).text_content()
    way.press(page.get_by_role("button", name="Call now").last)
    expect(page.locator("a[href^='tel:']").last).to_be_visible()
    way.choose(page.get_by_label("Contact channel"), "Phone")
    way.write(page.get_by_label("Feedback"), "wants to think it over")
    way.write(page.get_by_label("Next contact on"), (TODAY + timedelta(days=3)).isoformat())
    way.press(page.get_by_role("button", name="Save and next customer"))
    expect(page.get_by_text("Saved:")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(first)
    assert kept(select(Renewal.state).order_by(Renewal.id))[0] == RenewalState.CONTACTED
    assert way.clicks <= 5
    before = way.clicks
    way.press(page.get_by_role("button", name="Call now").last)
    expect(page.locator("a[href^='tel:']").last).to_be_visible()
    way.press(page.get_by_role("radio", name="Agree"))
    way.write(page.get_by_label("Offered premium"), "880.00")
    way.choose(page.get_by_label("Contact channel"), "Phone")
    way.press(page.get_by_role("button", name="Save and next customer"))
    expect(page.get_by_text("Saved:")).to_be_visible()
    assert RenewalState.AGREED in kept(select(Renewal.state))
    assert way.clicks - before <= 7


@by_both
def test_a_claim_is_reported_from_a_phone_number(backend, people, visit, kept, renewals, hand):
    """Five clicks; then the papers it needs stand there, to be told at once."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        session.add(RequiredPaper(code="BILL", name="Bill of the repair", cause=LossCause.COLLISION))
        session.add(RequiredPaper(code="POLICE", name="Report of the police", cause=LossCause.THEFT))
        session.commit()
    page = visit("service")
    way = hand(page)
    way.press(page.get_by_role("button", name="Search everything").first)
    page.keyboard.type("138 0013 8001")
    palette = page.get_by_role("dialog", name="Search everything")
    [number] = kept(select(Contract.number).where(Contract.customer.has(phone="+8613800138001")))
    if hand is Mouse:
        way.press(palette.get_by_role("group", name="Contracts").get_by_role("option", name=number))
    else:
        expect(palette.get_by_role("group", name="Contracts")).to_be_visible()
        while number not in (palette.get_by_role("option", selected=True).text_content() or ""):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.wait_for_url("**/contract/*")
    way.press(page.locator("section", has=page.get_by_role("link", name="Claims")).get_by_role("link", name="Add"))
    page.wait_for_url("**/claim/add**")
    way.write(page.get_by_label("Occurred on"), (TODAY - timedelta(days=1)).isoformat())
    way.choose(page.get_by_label("Cause"), "Collision")
    way.write(page.get_by_label("Claimed"), "1200")
    way.press(page.get_by_role("main").get_by_role("button", name="Add", exact=True))
    expect(page.get_by_text("Added.")).to_be_visible()
    [claim] = kept(select(Claim))
    assert claim.claimed == 1200
    assert kept(select(Contract.number).where(Contract.id == claim.contract_id)) == [number]
    expect(page.get_by_text("Bill of the repair")).to_be_visible()
    expect(page.get_by_text("Report of the police")).to_have_count(0)
    assert way.clicks <= 5


@by_both
def test_ten_are_approved_two_of_them_over_the_limit(backend, people, visit, kept, hand):
    """Four clicks for the eight, three for each of the two."""
    with backend.session() as session, acting(people["sales"]) as actor:
        for n, amount in enumerate([80] * 8 + [500] * 2):
            row = Expense(code=f"E{amount}-{n}", amount=amount, payee="Li", owner_id=actor.user_id)
            session.add(row)
            session.flush()
            advance(session, row, "submit")
        session.commit()
    page = visit("supervisor")
    way = hand(page)
    way.press(page.get_by_role("navigation", name="Records and pages").get_by_role("link", name="Approvals"))
    way.press(page.get_by_label("All 8 within my limit"))
    expect(page.get_by_role("checkbox", name="E500")).to_have_count(2)
    assert not page.get_by_role("checkbox", name="E500").first.is_checked(), "what goes above stands apart"
    way.press(page.get_by_role("button", name=re.compile("^Approve")))
    expect(page.get_by_text("Approve: E80")).to_have_count(8)
    assert kept(select(func.count()).where(Expense.state == ExpenseState.APPROVED)) == [8]
    assert way.clicks <= 4
    for left in (1, 0):
        before = way.clicks
        way.press(page.get_by_role("checkbox", name="E500").first)
        way.press(page.get_by_role("button", name=re.compile("^Approve")))
        expect(page.get_by_role("checkbox", name="E500")).to_have_count(left)
        assert way.clicks - before <= 3
    left = kept(select(func.count()).where(Expense.state == ExpenseState.SUBMITTED))
    assert left == [2], "the manager agrees as well"


@by_both
def test_a_sheet_is_imported(visit, tmp_path, hand):
    """Five clicks."""
    file = tmp_path / "expiring.csv"
    file.write_bytes(EXTRACT.read_bytes())
    page = visit("manager")
    way = hand(page)
    way.press(page.get_by_role("navigation", name="Records and pages").get_by_role("link", name="Import files"))
    way.choose(page.get_by_label("What the file holds"), "Expiring motor policies with outcome")
    way.hand(page.get_by_label("File", exact=True), str(file))
    way.press(page.get_by_role("button", name="Look at it"))
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    way.press(page.get_by_role("button", name="Load 200 rows"))
    expect(page.get_by_role("button", name="Load 200 rows")).to_have_count(0)
    assert way.clicks <= 5
