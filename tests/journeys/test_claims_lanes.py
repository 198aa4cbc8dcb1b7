"""Claims by the API from notice to payout, each lane its own way: who decides, by when, and what voids a decision."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from app.kernel.tables import Approval, Clock
from models.claims import Claim, ClaimLine, Payout
from models.claims.states import ClaimState
from models.contracts import ContractCoverage
from tests.house import ACCOUNT, House
from tests.models import covers

TODAY = datetime.now(UTC).date()


@pytest.fixture
def house(app, backend, sign_in):
    """A department with one contract, insured for 40,000 in all, a deductible of 500 and a share of 80 %."""
    made = House(app, backend, sign_in)
    terms = {"deductible": Decimal(500), "share": Decimal(80), "aggregate": Decimal(40_000)}
    made.contract = made.write(lambda s: covers.contract(s, TODAY + timedelta(days=165), terms).id)
    return made


def lines(house):
    return told(house)["lines"]["claim_line"]


def told(house):
    answer = house.api("claims", "GET", f"claim/{house.claim}")
    return answer["result"] | {"lines": answer.get("lines") or answer["result"]["lines"]}


def write(house, *given):
    """Write lines of the claim, new ones or old."""
    house.api(
        "claims", "PUT", f"claim/{house.claim}", version=told(house)["version"], lines={"claim_line": list(given)}
    )


def decide(house):
    """The handler approves every line of the claim."""
    write(house, *({"id": each["id"], "version": each["version"], "decision": "approved"} for each in lines(house)))


def reviewing(house, claimed, **more):
    """A claim with one line, papers in."""
    house.report(**({"occurred_on": str(TODAY - timedelta(days=3)), "claimed": claimed} | more))
    house.step("claims", "accept")
    house.step("claims", "review")


def state(house):
    return house.look(select(Claim.state).where(Claim.id == house.claim))[0][0]


def test_the_fast_lane_is_decided_within_its_clock_by_one_person(house):
    reviewing(house, "1500")
    assert (told(house)["lane"], told(house)["flags"]) == ("fast", None)
    decide(house)
    house.step("claims", "approve", approved="800")
    assert state(house) == ClaimState.APPROVED
    clocks = house.look(select(Clock.target, Clock.met).where(Clock.row_id == house.claim, Clock.name == "promise"))
    assert clocks == [(1, True)]
    assert house.look(select(func.count(Approval.id)))[0][0] == 1
    house.step("finance", "pay", method="transfer")
    assert house.look(select(Payout.amount)) == [(Decimal("800.00"),)]


def test_a_large_claim_is_surveyed_agreed_to_by_two_and_paid(house):
    reviewing(house, "20000")
    place = house.look(select(Claim.owner_id, Claim.unit_id).where(Claim.id == house.claim))[0]
    survey = house.api("supervisor", "POST", "survey/", claim_id=house.claim, purpose="two stories", owner_id=place[0])
    decide(house)
    refused = house.step("claims", "approve", (422,), approved="15600")
    assert "survey" in str(refused)
    for name, answers in (
        ("visit", {"visited_on": str(TODAY)}),
        ("report", {"findings": "a dent", "assessed": "19000"}),
    ):
        key = survey["result"]["id"]
        version = house.api("claims", "GET", f"survey/{key}")["result"]["version"]
        house.api("claims", "POST", f"survey/{key}/steps/{name}", version=version, **answers)
    house.step("claims", "approve", approved="15600")
    assert state(house) == ClaimState.REVIEWING
    assert "come to 15600" in str(house.step("supervisor", "approve", (422,), approved="15000"))
    house.step("supervisor", "approve", approved="15600")
    assert state(house) == ClaimState.APPROVED
    house.step("finance", "pay", method="transfer")
    assert house.look(select(Payout.amount)) == [(Decimal("15600.00"),)]
    assert house.look(select(ContractCoverage.drawn)) == [(Decimal("15600.00"),)]


def test_a_payee_changed_after_approval_voids_it(house):
    reviewing(house, "3000")
    decide(house)
    house.step("claims", "approve", approved="2000")
    house.api("claims", "PUT", f"claim/{house.claim}", (409,), version=told(house)["version"], payee="Li Ma")
    house.write(lambda s: s.execute(update(Claim).where(Claim.id == house.claim).values(payee="Li Ma")))
    assert "changed since" in str(house.step("finance", "pay", (422,), method="transfer"))
    house.step("finance", "take_back", reason="the payee was changed")
    assert house.look(select(ContractCoverage.drawn)) == [(Decimal(0),)]
    assert house.look(select(func.count(Approval.id)).where(Approval.void_at.is_(None)))[0][0] == 0
    house.step("claims", "approve", approved="2000")
    house.step("finance", "pay", method="transfer")
    assert house.look(select(Payout.payee, Payout.payee_account)) == [("Li Ma", ACCOUNT)]


def test_a_claim_opened_again_lowers_what_is_left_for_a_later_one(house):
    house.write(lambda s: s.execute(update(ContractCoverage).values(aggregate=Decimal(3000))))
    reviewing(house, "3000")
    decide(house)
    first = house.claim
    house.step("claims", "approve", approved="2000")
    house.step("finance", "pay", method="transfer")
    reviewing(house, "1750", occurred_on=str(TODAY - timedelta(days=20)))
    decide(house)
    later = house.claim
    house.step("claims", "approve", approved="1000")

    house.claim = first
    house.step("supervisor", "reopen", reason="hidden damage")
    house.claim = later
    assert state(house) == ClaimState.REVIEWING
    assert "open again" in str(house.step("claims", "approve", (422,), approved="1000"))
    house.claim = first
    write(house, {"name": "Hidden damage", "claimed": "750", "decision": "approved"})
    house.step("claims", "approve", approved="600")
    house.step("finance", "pay", method="transfer")
    house.claim = later
    assert lines(house)[0]["payable"] == "400.00"
    house.step("claims", "approve", approved="400")
    house.step("finance", "pay", method="transfer")
    assert house.look(select(Payout.amount).order_by(Payout.id)) == [(Decimal(2000),), (Decimal(600),), (Decimal(400),)]
    assert house.look(select(func.sum(ClaimLine.paid)))[0][0] == Decimal(3000)
