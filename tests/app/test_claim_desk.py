"""The claim desk: which claim comes next, what stands on it, lines decided one by one, the decision, the next claim."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel import permissions
from app.kernel.actor import acting, system_actor
from app.kernel.workflow import advance
from models.claims import Claim, ClaimLine, Paper, Survey
from models.claims.states import ClaimState, LineDecision, LossCause
from models.contracts import ContractCoverage
from models.products import Exclusion
from tests.journey import enter, walk
from tests.models import covers
from tests.screens import plain, post, problem_at, statements, value_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
DAY = timedelta(days=1)
TODAY = datetime.now(UTC).date()
LOSS = TODAY - 3 * DAY
D = Decimal
OPEN = LineDecision.OPEN


@pytest.fixture
def contract(session, as_system):
    """A contract with two coverages, one of them up to 10,000 in all; its id and theirs."""
    made = covers.contract(session, TODAY + 165 * DAY, {"deductible": D(100), "aggregate": D(10_000)}, {"share": D(80)})
    session.commit()
    mine = select(ContractCoverage.id).where(ContractCoverage.contract_id == made.id).order_by(ContractCoverage.id)
    keys = (made.id, *session.scalars(mine))
    session.rollback()
    return keys


@pytest.fixture
def claim_of(session, people, contract):
    """Makes a reviewed claim with open lines of these amounts under the first coverage; its id and theirs."""

    def make(*amounts, handler="claims", days=3, **fields):
        row = enter(session, people["service"], covers.claim(contract[0], TODAY - days * DAY, **fields))
        walk(session, row, people[handler], "accept")
        with acting(people[handler]):
            for told in session.scalars(select(ClaimLine).where(ClaimLine.claim_id == row.id)):
                session.delete(told)
            lines = [
                covers.line(row.id, amount, contract[1], name=f"Thing {amount}", decision=OPEN) for amount in amounts
            ]
            session.add_all(lines)
            session.flush()
            session.add(
                Paper(claim_id=row.id, name="Bill", received_on=TODAY, authentic=True, complete=True, relevant=True)
            )
            session.commit()
        keys = (row.id, *(line.id for line in lines))
        walk(session, row, people[handler], "review")
        return keys

    return make


def read(session, record, key):
    with acting(system_actor("tests")):
        session.expunge_all()
        row = session.get(record, key)
        session.expunge(row)
        session.rollback()
        return row


def step(session, actor, claim, name, **answers):
    with acting(actor):
        advance(session, session.get(Claim, claim), name, answers=answers)
        session.commit()


def version_of(page, line):
    """The version of a line as the desk has it."""
    return re.search(rf'id="line-{line}"[^>]*data-version="(\d+)"', page)[1]


def sums(page):
    """What the lines come to, by label."""
    totals = page.split('data-fresh="totals"')[1].split("</section>")[0]
    return dict(re.findall(r"<dt>(.*?)</dt><dd[^>]*><span[^>]*>(.*?)</span>", totals))


def decide(desk, claim, line, decision, part="?part=1", **more):
    page = desk.get(f"/claims/desk/{claim}").text
    told = {"version": version_of(page, line), "decision": decision} | more
    return post(desk, f"/claims/desk/{claim}/line/{line}{part}", **told)


def test_the_most_urgent_of_mine_comes_first_and_later_ones_after_it(sign_in, claim_of, session, people):
    desk = sign_in("claims")
    assert "No claim waits for your decision" in desk.get("/claims/desk/").text
    late, urgent = claim_of("300")[0], claim_of("400", reported_at=datetime.now(UTC) - 9 * DAY)[0]
    others = claim_of("500", handler="claims2", reported_at=datetime.now(UTC) - 20 * DAY)[0]
    first = desk.get("/claims/desk/")
    assert first.location == f"/claims/desk/{urgent}"
    page = desk.get(first.location).text
    assert "2 claims on your desk" in page
    assert desk.get(f"/claims/desk/?after={urgent}").location == f"/claims/desk/{late}"
    assert desk.get(f"/claims/desk/?after={late}").location == f"/claims/desk/{urgent}", "round and round"
    assert desk.get(f"/claims/desk/?claim={late}").location == f"/claims/desk/{late}"
    assert desk.get(f"/claims/desk/{others}").status_code == 404, "through the ordinary gate"
    with acting(people["claims"]):
        session.add(Survey(claim_id=urgent, purpose="look at it"))
        session.commit()
    assert desk.get("/claims/desk/").location == f"/claims/desk/{late}", "what is surveyed waits for the surveyor"
    assert sign_in("finance").get("/claims/desk/").status_code == 403
    step(session, people["claims"], late, "supplement", reason="a page is missing", more_papers="Bill: page 2")
    assert desk.get(f"/claims/desk/{late}").location == f"/claim/{late}", "it does not wait for a decision"


def test_the_desk_shows_papers_loss_flags_cover_and_no_account(sign_in, claim_of, session, people, contract):
    claim, line = claim_of("700", loss="A tree fell")
    with acting(system_actor("tests")):
        session.add(Paper(claim_id=claim, name="Photo", required=False))
        session.get(ContractCoverage, contract[1]).drawn = D(4000)
        session.commit()
    claim_of("200")
    page = sign_in("claims").get(f"/claims/desk/{claim}").text
    told = plain(page)
    assert "A tree fell" in told
    assert "Bill accepted" in told
    assert "Photo missing not required" in told
    assert "Limit 10,000.00 Drawn 4,000.00 Still left 6,000.00" in told
    assert "Deductible max(0, 700.00 − 100.00) = 600.00" in told
    assert covers.ACCOUNT not in page
    assert covers.ACCOUNT[-4:] in page, "masked, not left out"
    other = sign_in("claims").get(f"/claims/desk/{line and claim + 1}").text
    assert "Possible duplicate" in plain(other.split('id="flags"')[1].split("</section>")[0])


def test_lines_are_decided_one_by_one_and_the_rest_follows(sign_in, claim_of, session):
    claim, one, two, three = claim_of("300", "400", "500")
    desk = sign_in("claims")
    page = desk.get(f"/claims/desk/{claim}").text
    assert (sums(page)["Due now"], value_of(page, "approved")) == ("1,100.00", "1100.00")
    assert "Decide on each line first" in page
    assert 'value="approve" checked' not in page
    answer = decide(desk, claim, one, "approved")
    assert answer.status_code == 200
    assert "<html" not in answer.text, "the part that changes alone"
    assert "1 of 3 lines decided" in answer.text
    bare = decide(desk, claim, two, "reduced", accepted="", grounds="")
    assert bare.status_code == 422
    assert bare.text.count("Fill this in.") == 2
    answer = decide(desk, claim, two, "reduced", accepted="150", grounds="half was old")
    assert sums(answer.text)["Accepted amount"] == "450.00"
    answer = decide(desk, claim, three, "rejected", grounds="not insured")
    assert (sums(answer.text)["Due now"], value_of(answer.text, "approved")) == ("350.00", "350.00")
    assert re.search(r'value="approve" checked', answer.text)
    rows = [read(session, ClaimLine, key) for key in (one, two, three)]
    assert [(row.decision, row.accepted, row.payable) for row in rows] == [
        (LineDecision.APPROVED, D(300), D(200)),
        (LineDecision.REDUCED, D(150), D(150)),
        (LineDecision.REJECTED, D(0), D(0)),
    ]
    assert decide(desk, claim, three, "approved").status_code == 200
    assert read(session, ClaimLine, three).grounds is None, "they were those of the rejection"


def test_what_is_refused_is_said_at_its_line_and_what_was_typed_stays(sign_in, claim_of, session, people):
    claim, one, two = claim_of("300", "400")
    desk = sign_in("claims")
    too_much = decide(desk, claim, one, "reduced", accepted="301", grounds="all of it")
    assert too_much.status_code == 422
    assert "No more is accepted than claimed" in too_much.text.split(f'id="line-{one}"')[1].split("</li>")[0]
    stale = post(desk, f"/claims/desk/{claim}/line/{one}?part=1", version="99", decision="approved")
    assert stale.status_code == 409
    assert "Somebody changed this meanwhile" in stale.text.split(f'id="line-{one}"')[1].split("</li>")[0]
    assert post(desk, f"/claims/desk/{claim}/line/{one}?part=1", version="1", decision="stolen").status_code == 422
    page = decide(desk, claim, one, "reduced", part="", accepted="x1", grounds="half was old")
    assert page.status_code == 422, "without script the whole desk comes back"
    assert "<html" in page.text
    assert (value_of(page.text, "accepted"), value_of(page.text, "grounds")) == ("x1", "half was old")
    done = decide(desk, claim, one, "approved", part="")
    assert (done.status_code, done.location) == (303, f"/claims/desk/{claim}#line-{one}")
    other, strange = claim_of("900", days=40)
    assert (
        post(desk, f"/claims/desk/{claim}/line/{strange}?part=1", version="1", decision="approved").status_code == 404
    )
    assert sign_in("claims2").get(f"/claims/desk/{claim}").status_code == 404
    assert decide_blindly(sign_in("claims2"), claim, two).status_code == 404
    assert decide_blindly(sign_in("inspector"), claim, two).status_code == 403
    decide(desk, claim, two, "approved")
    step(session, people["claims"], claim, "approve", approved="600")
    late = decide_blindly(desk, claim, two, version=read(session, ClaimLine, two).version)
    assert (late.status_code, "cannot be changed" in late.text or "Nothing can be changed" in late.text) == (409, True)
    assert other != claim


def decide_blindly(client, claim, line, version="1"):
    told = {"version": version, "decision": "rejected", "grounds": "no"}
    return post(client, f"/claims/desk/{claim}/line/{line}?part=1", **told)


def test_a_decision_opens_the_next_claim_and_says_what_was_done(sign_in, claim_of, session):
    claim, line = claim_of("300", reported_at=datetime.now(UTC) - 5 * DAY)
    after = claim_of("400", days=60)[0]
    desk = sign_in("claims")
    early = post(desk, f"/claims/desk/{claim}", version=value_of(desk.get(f"/claims/desk/{claim}").text, "version"))
    assert (early.status_code, "Choose what is decided." in early.text) == (422, True)
    decide(desk, claim, line, "approved")
    page = desk.get(f"/claims/desk/{claim}").text
    version = value_of(page.split('id="decision"')[1], "version")
    wrong = post(desk, f"/claims/desk/{claim}", outcome="approve", approved="250", version=version)
    assert wrong.status_code == 422
    assert "come to 200" in problem_at(wrong.text, "approved", "i-d-")
    assert value_of(wrong.text, "approved") == "250"
    done = post(desk, f"/claims/desk/{claim}", outcome="approve", approved="200.00", version=version)
    assert (done.status_code, done.location) == (303, "/claims/desk/")
    page = desk.get("/claims/desk/", follow_redirects=True).text
    assert f"Approve: {read(session, Claim, claim).number}, 200.00" in plain(page)
    assert f"/claims/desk/{after}/line/" in page, "the next one stands there"
    assert read(session, Claim, claim).state == ClaimState.APPROVED
    assert post(desk, f"/claims/desk/{after}", outcome="steal", version="1").status_code == 404


def test_above_ones_limit_the_others_are_named_and_it_waits_at_their_desk(sign_in, claim_of, session):
    claim, line = claim_of("6000")
    desk, leader = sign_in("claims"), sign_in("supervisor")
    assert "No claim waits" in leader.get("/claims/desk/").text
    decide(desk, claim, line, "approved")
    version = read(session, Claim, claim).version
    post(desk, f"/claims/desk/{claim}", outcome="approve", approved="5900", version=version)
    empty = desk.get("/claims/desk/", follow_redirects=True).text
    assert "No claim waits" in empty, "one has had one's say"
    assert "Still to agree: Level 2 (supervisor)" in plain(empty)
    assert leader.get("/claims/desk/").location == f"/claims/desk/{claim}"
    page = leader.get(f"/claims/desk/{claim}").text
    assert "waited for" in page.split('data-fresh="boards"')[1]
    version = read(session, Claim, claim).version
    post(leader, f"/claims/desk/{claim}", outcome="approve", approved=value_of(page, "approved"), version=version)
    assert read(session, Claim, claim).state == ClaimState.APPROVED


def test_what_cannot_be_paid_goes_to_who_may_refuse_it(sign_in, claim_of, session, contract):
    claim, line = claim_of("300")
    desk, leader = sign_in("claims"), sign_in("supervisor")
    answer = decide(desk, claim, line, "rejected", grounds="not insured")
    assert "waits for a leader now" in answer.text
    assert "No claim waits" in desk.get("/claims/desk/").text
    page = leader.get("/claims/desk/", follow_redirects=True).text
    assert re.search(r'value="refuse"[^>]* checked', page)
    told = {"outcome": "refuse", "version": read(session, Claim, claim).version}
    assert post(leader, f"/claims/desk/{claim}", **told).status_code == 422
    again = post(leader, f"/claims/desk/{claim}/again", **told, reason="nothing is insured").text
    assert value_of(again, "reason") == "nothing is insured"
    told |= {"reason": "nothing is insured", "refusal_under": "1.1"}
    assert post(leader, f"/claims/desk/{claim}", **told).status_code == 303
    assert read(session, Claim, claim).state == ClaimState.REFUSED
    with acting(system_actor("tests")):
        version = session.get(Claim, claim).contract.product_version_id
        session.add(Exclusion(product_version_id=version, clause="7.2", cause=LossCause.WATER, wording="No water."))
        session.commit()
    barred = claim_of("500", days=90, cause=LossCause.WATER)[0]
    assert "No claim waits" in desk.get("/claims/desk/").text
    page = leader.get("/claims/desk/", follow_redirects=True).text
    assert f"/claims/desk/{barred}/line/" in page
    assert "The product excludes losses of this cause" in page
    decision = page.split('id="decision"')[1]
    assert re.search(r'value="refuse"[^>]* checked', decision)
    clause = value_of(decision, "refusal_clause_id")
    told = {"outcome": "refuse", "version": value_of(decision, "version"), "reason": "water"}
    assert post(leader, f"/claims/desk/{barred}", **told, refusal_clause_id=clause).status_code == 303
    row = read(session, Claim, barred)
    assert (row.state, str(row.refusal_clause_id)) == (ClaimState.REFUSED, clause), "the clause was filled in"


def test_who_may_not_change_claims_decides_on_no_line(sign_in, claim_of, session, backend):
    claim, line = claim_of("300")
    with acting(system_actor("tests")):
        role = session.scalars(select(Role).where(Role.name == "inspector")).one()
        permissions.grant(session, role, "open", "page:claim_desk")
        session.commit()
    backend.app.extensions["actors"].forget()
    looking = sign_in("inspector")
    page = looking.get(f"/claims/desk/{claim}")
    assert page.status_code == 200
    assert 'name="decision"' not in page.text, "no buttons either"
    assert decide_blindly(looking, claim, line, version_of(page.text, line)).status_code == 403
    assert read(session, ClaimLine, line).decision == OPEN


def test_more_lines_ask_the_database_no_more(sign_in, claim_of, backend):
    few, many = claim_of("300", "200")[0], claim_of(*map(str, range(100, 112)), days=60)[0]
    desk, counts = sign_in("claims"), []
    for claim in (few, few, many):
        with statements(backend.engine) as sent:
            assert desk.get(f"/claims/desk/{claim}").status_code == 200
        counts.append(len(sent))
    assert counts[2] <= counts[1] <= 45, counts


def test_the_page_of_a_claim_under_review_leads_to_the_desk(sign_in, claim_of, session, people):
    claim, _line = claim_of("300")
    assert f'href="/claims/desk/{claim}"' in sign_in("claims").get(f"/claim/{claim}").text
    assert f'href="/claims/desk/{claim}"' not in sign_in("finance").get(f"/claim/{claim}").text
    step(session, people["supervisor"], claim, "supplement", reason="a page is missing", more_papers="Bill: page 2")
    assert f'href="/claims/desk/{claim}"' not in sign_in("claims").get(f"/claim/{claim}").text
