"""The claim desk: a claim of three lines is decided in 4 + 3 clicks and by keys alone, and nothing typed is lost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from models.claims import Claim, ClaimLine
from models.claims.states import ClaimState, LineDecision
from models.contracts import ContractCoverage
from tests.browser.flows import Mouse
from tests.models import covers

TODAY = datetime.now(UTC).date()
LOSS = TODAY - timedelta(days=4)
LINES = (("Bumper", "1800"), ("Tail lamp", "950"), ("Rear window", "1200"))


@pytest.fixture
def claims(backend, people):
    """Two claims of three open lines each on the specialist's desk; their ids, the more urgent one first."""
    found = []
    with backend.session() as session, acting(system_actor("tests", "cli")):
        for n in range(2):
            contract = covers.contract(session, TODAY + timedelta(days=165), {"deductible": Decimal(500)})
            cover = session.scalars(select(ContractCoverage.id).order_by(ContractCoverage.id.desc()).limit(1)).one()
            owner = people["claims"]
            place = {"owner_id": owner.user_id, "unit_id": owner.unit_id}
            row = covers.claim(contract.id, LOSS, "3950", decide_by=TODAY + timedelta(days=n), **place)
            session.add(row)
            session.flush()
            for name, amount in LINES:
                session.add(covers.line(row.id, amount, cover, name=name, decision=LineDecision.OPEN))
                session.flush()
            adopt(session, row, ClaimState.REVIEWING)
            session.flush()
            found.append(row.id)
        session.commit()
    return found


@pytest.fixture
def kept(backend, people):
    """Reads the decisions on the lines of a claim, and its state."""

    def read(claim):
        with backend.session() as session, acting(system_actor("tests", "cli")):
            mine = select(ClaimLine).where(ClaimLine.claim_id == claim).order_by(ClaimLine.id)
            told = [(line.decision.value, line.accepted, line.grounds) for line in session.scalars(mine)]
            row = session.get(Claim, claim)
            return row.state, row.approved, told

    return read


DECIDED = [
    ("approved", Decimal(1800), None),
    ("reduced", Decimal(600), "half was old"),
    ("rejected", Decimal(0), "not insured"),
]


def line_of(page, name):
    return page.get_by_role("listitem").filter(has=page.get_by_text(name, exact=True))


def test_a_claim_of_three_lines_is_decided_by_mouse(visit, claims, kept):
    """Seven clicks: the desk, one for each line, one to save what two of them ask for, and to confirm."""
    page = visit("claims")
    way = Mouse(page)
    way.press(page.get_by_role("navigation", name="Records and pages").get_by_role("link", name="Claim desk"))
    page.wait_for_url(f"**/claims/desk/{claims[0]}")
    expect(page.get_by_text("Decide on each line first")).to_be_visible()
    way.press(line_of(page, "Bumper").get_by_role("button", name="Approve"))
    lamp, window = line_of(page, "Tail lamp"), line_of(page, "Rear window")
    expect(page.get_by_text("1 of 3 lines decided")).to_be_visible()
    expect(lamp).to_have_attribute("aria-current", "true")
    way.press(lamp.get_by_role("button", name="Reduce"))
    way.write(lamp.get_by_label("Accepted amount"), "600")
    way.write(lamp.get_by_label("Grounds"), "half was old")
    way.press(lamp.get_by_role("button", name="Save the line"))
    way.press(window.get_by_role("button", name="Reject"))
    expect(window.get_by_label("Accepted amount")).to_be_hidden()
    way.write(window.get_by_label("Grounds"), "not insured")
    way.press(window.get_by_role("button", name="Save the line"))
    expect(page.get_by_role("radio", name="Approve")).to_be_checked()
    expect(page.get_by_label("Approved amount")).to_have_value("1900.00")
    way.press(page.get_by_role("button", name="Confirm, next claim"))
    page.wait_for_url(f"**/claims/desk/{claims[1]}")
    expect(page.get_by_text("Approve: CLM-")).to_contain_text("1,900.00")
    assert kept(claims[0]) == (ClaimState.APPROVED, Decimal(1900), DECIDED)
    assert way.clicks <= 4 + len(LINES)


def test_a_claim_of_three_lines_is_decided_by_keys_alone(visit, claims, kept):
    """One key for each line, what it asks for, Enter; then Enter once more."""
    page = visit("claims")
    page.goto("/claims/desk/")
    page.keyboard.press("a")
    page.keyboard.press("r")
    lamp, window = line_of(page, "Tail lamp"), line_of(page, "Rear window")
    expect(lamp.get_by_label("Accepted amount")).to_be_focused()
    page.keyboard.type("951")
    page.keyboard.press("Tab")
    page.keyboard.type("xarj")
    page.keyboard.press("Enter")
    expect(lamp.get_by_text("No more is accepted than claimed")).to_be_visible()
    expect(lamp.get_by_label("Grounds")).to_have_value("xarj")
    expect(lamp).to_have_attribute("aria-current", "true")
    expect(lamp.get_by_label("Accepted amount")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("600")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("half was old")
    page.keyboard.press("Enter")
    expect(window).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    expect(line_of(page, "Bumper")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.type("not insured")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/claims/desk/{claims[1]}")
    assert kept(claims[0]) == (ClaimState.APPROVED, Decimal(1900), DECIDED)


def test_what_is_typed_stays_keys_can_be_off_and_a_late_line_says_so(backend, people, visit, claims, kept):
    page = visit("claims")
    page.goto(f"/claims/desk/{claims[0]}")
    bumper, lamp = line_of(page, "Bumper"), line_of(page, "Tail lamp")
    page.keyboard.press("j")
    page.keyboard.press("r")
    lamp.get_by_label("Grounds").fill("half written")
    page.get_by_role("radio", name="Ask for more papers").locator("xpath=../label").click()
    page.get_by_label("Reason").fill("where is the bill?")
    bumper.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 of 3 lines decided")).to_be_visible()
    expect(lamp.get_by_label("Grounds")).to_have_value("half written")
    expect(page.get_by_role("radio", name="Ask for more papers")).to_be_checked()
    expect(page.get_by_label("Reason")).to_have_value("where is the bill?")
    with backend.session() as session, acting(system_actor("tests", "cli")):
        mine = select(ClaimLine).where(ClaimLine.claim_id == claims[0], ClaimLine.name == "Tail lamp")
        session.scalars(mine).one().salvage = Decimal(50)
        session.commit()
    lamp.get_by_role("button", name="Approve").click()
    expect(lamp.get_by_text("Somebody changed this meanwhile")).to_be_visible()
    expect(lamp.get_by_text("900.00").first).to_be_visible()
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("button", name="Confirm, next claim").click()
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"], "a line is half written"
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate("document.documentElement.dataset.keys = 'off'")
    lamp.focus()
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert [decision for decision, *_rest in kept(claims[0])[2]] == ["approved", "open", "open"]
