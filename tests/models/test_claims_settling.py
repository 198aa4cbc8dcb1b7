"""Lines of claims: what the terms make of them, what they draw from the limits, and in which order claims come."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.kernel import trash
from app.kernel.actor import acting, system_actor
from app.kernel.tables import Approval, Notice
from app.schema.errors import Invalid, NotPermitted, Refusal
from models.claims import Claim, ClaimLine, Paper, Payout, RequiredPaper, ReserveChange, Survey
from models.claims.states import ClaimState, Flag, Lane, LineDecision, LossCause, PayoutMethod
from models.contracts import ContractCoverage, Instalment, InsuredObject
from models.products import Exclusion
from models.products.states import DeductiblePer, WaterfallOrder
from tests.journey import enter, stopped, walk
from tests.models import book, covers

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).date()
LOSS = TODAY - 3 * DAY
D = Decimal


@pytest.fixture
def a_contract(session, as_system):
    """Makes a contract with these coverages, two hundred days old; returns its id and those of its coverages."""

    def make(*coverages, **fields):
        made = covers.contract(session, TODAY + 165 * DAY, *(coverages or ({},)), **fields)
        session.commit()
        mine = select(ContractCoverage.id).where(ContractCoverage.contract_id == made.id).order_by(ContractCoverage.id)
        return made.id, *session.scalars(mine)

    return make


def reviewed(session, people, contract, *lines, handler="claims", **fields) -> Claim:
    """A claim with these lines whose papers are in; each line an amount, a cover and further fields."""
    claim = enter(session, people["service"], covers.claim(contract, fields.pop("occurred_on", LOSS), **fields))
    walk(session, claim, people[handler], "accept")
    with acting(people[handler]):
        for told in session.scalars(select(ClaimLine).where(ClaimLine.claim_id == claim.id)):
            session.delete(told)
        for amount, cover, more in lines:
            session.add(covers.line(claim.id, amount, cover, **more))
        session.commit()
    walk(session, claim, people[handler], "review")
    return claim


def lines_of(session, claim) -> list[ClaimLine]:
    with acting(system_actor("tests")):
        session.expire_all()
        return list(session.scalars(select(ClaimLine).where(ClaimLine.claim_id == claim.id).order_by(ClaimLine.id)))


def drawn(session) -> list[Decimal]:
    with acting(system_actor("tests")):
        return list(session.scalars(select(ContractCoverage.drawn).order_by(ContractCoverage.id)))


def paid(session) -> list[Decimal]:
    with acting(system_actor("tests")):
        return list(session.scalars(select(Payout.amount).order_by(Payout.id)))


def test_what_was_told_as_one_amount_becomes_a_line_under_the_terms(session, people, a_contract):
    contract, cover = a_contract({"deductible": D(500), "share": D(80)})
    claim = enter(session, people["service"], covers.claim(contract, LOSS, "10000", loss="A tree fell\non the roof"))
    walk(session, claim, people["claims"], "accept")
    [line] = lines_of(session, claim)
    assert (line.name, line.contract_coverage_id, line.claimed) == ("A tree fell", cover, D(10000))
    assert (line.decision, line.accepted, line.payable) == (LineDecision.OPEN, None, D("7600.00"))
    assert line.trace.splitlines() == [
        "loss: 10000.00 = 10000.00",
        "deductible: max(0, 10000.00 − 500.00) = 9500.00",
        "share: 9500.00 × 0.8 = 7600.00",
    ]


def test_without_terms_a_claim_has_no_lines_of_itself(session, people, as_system):
    contract = book.contract(session, TODAY + 100 * DAY).id
    claim = enter(session, people["service"], covers.claim(contract, LOSS))
    walk(session, claim, people["claims"], "accept")
    assert lines_of(session, claim) == []


@pytest.mark.parametrize(("order", "payable"), [("DEDUCTIBLE_FIRST", "7600.00"), ("SHARE_FIRST", "7500.00")])
def test_the_product_sets_the_order(session, people, a_contract, order, payable):
    contract, cover = a_contract({"deductible": D(500), "share": D(80)})
    with acting(system_actor("tests")):
        session.execute(update(covers.ProductVersion).values(waterfall=WaterfallOrder[order]))
        session.commit()
    [line] = lines_of(session, reviewed(session, people, contract, ("10000", cover, {})))
    assert line.payable == D(payable)


def test_each_line_finds_what_those_before_it_have_left(session, people, a_contract):
    contract, first, second = a_contract({"deductible": D(300), "per_claim": D(1000)}, {"share": D(50)})
    claim = reviewed(
        session, people, contract,
        ("200", first, {}), ("800", first, {}), ("900", first, {}), ("100.01", second, {}),
    )  # fmt: skip
    found = lines_of(session, claim)
    assert [line.payable for line in found] == [D("0.00"), D("700.00"), D("300.00"), D("50.01")]
    assert [line.deductible for line in found] == [D("200.00"), D("100.00"), D("0.00"), D("0.00")]
    assert (claim.claimed, claim.reserve) == (D("2000.01"), D("1050.01"))


def test_wear_and_value_come_from_the_thing_insured(session, people, a_contract):
    contract, cover = a_contract({"depreciation": D(2), "per_item": D(900)})
    with acting(system_actor("tests")):
        session.scalars(select(ContractCoverage)).one().sum_insured = D(4000)
        thing = InsuredObject(contract_id=contract, name="Car", made_on=LOSS - 70 * DAY, worth=D(8000))
        session.add(thing)
        session.commit()
    [line] = lines_of(session, reviewed(session, people, contract, ("1000", cover, {"insured_object_id": thing.id})))
    assert [step.split(" = ")[-1] for step in line.trace.splitlines()] == ["1000.00", "900.00", "846.00", "423.00"]
    with acting(people["claims"]):
        line.depreciation = D(50)
        session.commit()
    assert line.payable == D("225.00")


def test_reduced_and_rejected_lines_say_why(session, people, a_contract):
    contract, cover = a_contract()
    claim = reviewed(session, people, contract, ("400", cover, {}), ("600", cover, {}))
    reduced, rejected = lines_of(session, claim)
    with acting(people["claims"]):
        reduced.decision = LineDecision.REDUCED
        with pytest.raises(Invalid):
            session.flush()
        session.rollback()
        reduced.decision, reduced.accepted, reduced.grounds = LineDecision.REDUCED, D(250), "half was old"
        rejected.decision, rejected.grounds = LineDecision.REJECTED, "not insured"
        session.commit()
    assert [(line.accepted, line.payable) for line in (reduced, rejected)] == [(D(250), D(250)), (D(0), D(0))]
    stopped(session, claim, people["claims"], "approve", Refusal, "come to 250", approved="400")
    walk(session, claim, people["claims"], "approve", approved="250")


def test_what_is_worked_out_is_not_written_by_hand(session, people, a_contract):
    contract, cover = a_contract()
    claim = reviewed(session, people, contract, ("400", cover, {}))
    [line] = lines_of(session, claim)
    for row, field, value in (
        (line, "drawn", D(1)), (line, "paid", D(1)), (line, "deductible", D(1)), (claim, "lane", Lane.NAMED),
        (claim, "flags", (Flag.OUTLIER,)), (claim, "reserve", D(1)),
    ):  # fmt: skip
        with acting(people["manager"]):
            setattr(row, field, value)
            try:
                session.commit()
            except NotPermitted:
                session.rollback()
            session.refresh(row)
            assert getattr(row, field) != value, field


def test_a_line_falls_under_a_coverage_of_its_contract(session, people, a_contract):
    contract, _first, _second = a_contract({}, {})
    _other, strange = a_contract(of=None)
    claim = enter(session, people["service"], covers.claim(contract, LOSS))
    walk(session, claim, people["claims"], "accept")
    [line] = lines_of(session, claim)
    for cover, why in ((strange, "not one of the contract"), (None, "under which coverage")):
        with acting(people["claims"]):
            line.contract_coverage_id = cover
            with pytest.raises(Refusal, match=why):
                session.flush()
            session.rollback()


def test_an_open_line_holds_the_decision_up(session, people, a_contract):
    contract, cover = a_contract()
    claim = reviewed(session, people, contract, ("400", cover, {"decision": LineDecision.OPEN}))
    stopped(session, claim, people["claims"], "approve", Refusal, "each line", approved="400")


def test_the_limits_are_not_gone_round_by_taking_the_lines_away(session, people, a_contract):
    contract, _cover = a_contract({"deductible": D(500), "aggregate": D(100)})
    claim = reviewed(session, people, contract)
    assert lines_of(session, claim) == []
    stopped(session, claim, people["claims"], "approve", Refusal, "line by line", approved="1000")


# Limits shared by claims


def test_an_aggregate_is_drawn_by_approval_and_given_back(session, people, a_contract):
    contract, cover = a_contract({"aggregate": D(1000)})
    one = reviewed(session, people, contract, ("700", cover, {}))
    other = reviewed(session, people, contract, ("600", cover, {}), occurred_on=LOSS - 20 * DAY)
    walk(session, one, people["claims"], "approve", approved="700")
    assert (drawn(session), one.reserve) == ([D("700.00")], D("700.00"))
    stopped(session, other, people["claims"], "approve", Refusal, "come to 300", approved="600")
    walk(session, one, people["finance"], "take_back", reason="the account is wrong")
    assert drawn(session) == [D("0.00")]
    walk(session, other, people["claims"], "approve", approved="600")
    walk(session, one, people["claims"], "approve", approved="400")
    walk(session, one, people["finance"], "pay", method="transfer")
    assert (drawn(session), paid(session), one.reserve) == ([D("1000.00")], [D("400.00")], D(0))


def test_a_deductible_of_the_term_is_borne_once(session, people, a_contract):
    contract, cover = a_contract({"deductible": D(500), "deductible_per": DeductiblePer.TERM})
    one = reviewed(session, people, contract, ("700", cover, {}))
    walk(session, one, people["claims"], "approve", approved="200")
    other = reviewed(session, people, contract, ("700", cover, {}), occurred_on=LOSS - 20 * DAY)
    assert lines_of(session, other)[0].payable == D("700.00")


def test_a_claim_opened_again_lowers_what_is_left_for_a_later_one(session, people, a_contract):
    contract, cover = a_contract({"aggregate": D(1000)})
    first = reviewed(session, people, contract, ("500", cover, {}))
    walk(session, first, people["claims"], "approve", approved="500")
    walk(session, first, people["finance"], "pay", method="transfer")
    later = reviewed(session, people, contract, ("500", cover, {}), occurred_on=LOSS - 20 * DAY)
    walk(session, later, people["claims"], "approve", approved="500")

    walk(session, first, people["supervisor"], "reopen", reason="hidden damage")
    session.refresh(later)
    assert (later.state, later.approved, drawn(session)) == (ClaimState.REVIEWING, None, [D("500.00")])
    stopped(session, later, people["claims"], "approve", Refusal, f"{first.number} is open again", approved="500")
    with acting(people["claims"]):
        session.add(covers.line(first.id, "300", cover))
        session.commit()
    walk(session, first, people["claims"], "approve", approved="300")
    assert lines_of(session, later)[0].payable == D("200.00")
    walk(session, later, people["claims"], "approve", approved="200")
    for claim in (first, later):
        walk(session, claim, people["finance"], "pay", method="transfer")
    assert (paid(session), drawn(session)) == ([D("500.00"), D("300.00"), D("200.00")], [D("1000.00")])


def test_the_handler_of_a_later_claim_paid_too_much_is_told(session, people, a_contract):
    """The first claim bore the deductible of the term; once its line is rejected, the later one should have."""
    contract, cover, beside = a_contract(
        {"deductible": D(500), "deductible_per": DeductiblePer.TERM, "aggregate": D(5000)}, {}
    )
    first = reviewed(session, people, contract, ("700", cover, {}))
    walk(session, first, people["claims"], "approve", approved="200")
    walk(session, first, people["finance"], "pay", method="transfer")
    later = reviewed(session, people, contract, ("700", cover, {}), occurred_on=LOSS - 20 * DAY, handler="claims2")
    walk(session, later, people["claims2"], "approve", approved="700")
    walk(session, later, people["finance"], "pay", method="transfer")
    walk(session, first, people["supervisor"], "reopen", reason="it was another car")
    [line] = lines_of(session, first)
    with acting(people["claims"]):
        line.decision, line.grounds = LineDecision.REJECTED, "another car"
        session.add(covers.line(first.id, "450", beside))
        session.commit()
    walk(session, first, people["claims"], "approve", approved="250")
    with acting(system_actor("tests")):
        told = session.scalars(select(Notice).where(Notice.user_id == people["claims2"].user_id)).all()
    assert [each.subject for each in told] == [
        f"Claim {later.number} was paid 700.00; since claim {first.number} was decided anew it comes to 200.00."
    ]


# What stands out


def test_losses_that_are_not_covered_stand_out_and_are_not_paid(session, people, a_contract):
    contract, cover = a_contract({"waiting_days": 300})
    claim = reviewed(session, people, contract, ("100", cover, {}))
    assert claim.flags == (Flag.WAITING_PERIOD,)
    stopped(session, claim, people["claims"], "approve", Refusal, "waiting period", approved="100")
    with acting(system_actor("tests")):
        session.add(
            Exclusion(
                product_version_id=claim.contract.product_version_id, clause="7.2", cause=LossCause.FIRE, wording="x"
            )
        )
        session.add(Instalment(contract_id=contract, due_on=LOSS - 40 * DAY, amount=D(10)))
        session.execute(update(covers.Coverage).values(waiting_days=0))
        session.commit()
    with acting(people["claims"]):
        claim.cause = LossCause.FIRE
        session.commit()
    assert claim.flags == (Flag.INSTALMENT_OWED, Flag.EXCLUDED_CAUSE)
    assert claim.flag_facts.splitlines() == [f"Instalment owed: {LOSS - 40 * DAY}", "Excluded cause: 7.2"]
    stopped(session, claim, people["claims"], "approve", Refusal, "instalment was owed", approved="100")
    with acting(system_actor("tests")):
        session.execute(update(Instalment).values(paid_on=LOSS))
        session.commit()
    stopped(session, claim, people["claims"], "approve", Refusal, "excludes losses", approved="100")
    with acting(people["claims"]):
        claim.cause = LossCause.WATER
        session.commit()
    assert claim.flags is None
    walk(session, claim, people["claims"], "approve", approved="100")


def test_a_loss_told_twice_and_one_too_many_stand_out(session, people, a_contract):
    contract, _cover = a_contract()
    first = enter(session, people["service"], covers.claim(contract, LOSS))
    again = enter(session, people["service"], covers.claim(contract, LOSS - DAY))
    assert (first.flags, again.flags) == (None, (Flag.POSSIBLE_DUPLICATE,))
    assert again.flag_facts == f"Possible duplicate: {first.number}"
    third = enter(session, people["service"], covers.claim(contract, LOSS, cause=LossCause.THEFT))
    assert third.flags == (Flag.REPEATED_LOSS,)
    assert third.flag_facts == f"Repeated loss: {first.number}, {again.number}"


def test_an_amount_far_above_its_kind_stands_out(session, people, a_contract):
    for number in range(20):
        contract, _cover = a_contract()
        enter(session, people["service"], covers.claim(contract, LOSS - number * DAY, "100"))
    contract, _cover = a_contract()
    usual = enter(session, people["service"], covers.claim(contract, LOSS, "300"))
    assert usual.flags is None
    contract, _cover = a_contract()
    odd = enter(session, people["service"], covers.claim(contract, LOSS, "400"))
    assert odd.flags == (Flag.OUTLIER,)


def test_small_and_simple_is_fast_and_large_has_a_name(session, people, a_contract):
    contract, _cover = a_contract()
    for amount, lane in (("2000", Lane.FAST), ("2000.01", Lane.STANDARD), ("50000", Lane.NAMED)):
        claim = enter(session, people["service"], covers.claim(contract, LOSS, amount))
        assert claim.lane == lane, amount
        with acting(system_actor("tests")):
            session.delete(claim)
            session.commit()
    with acting(system_actor("tests")):
        session.execute(update(covers.ProductVersion).values(fast_lane=False))
        session.commit()
    assert enter(session, people["service"], covers.claim(contract, LOSS, "10")).lane == Lane.STANDARD


def test_a_large_claim_is_not_approved_before_somebody_has_been_there(session, people, a_contract):
    contract, cover = a_contract()
    claim = reviewed(session, people, contract, ("60000", cover, {}))
    stopped(session, claim, people["claims"], "approve", Refusal, "surveyed first", approved="60000")
    with acting(people["supervisor"]):
        survey = Survey(claim_id=claim.id, purpose="the damage", owner_id=people["claims2"].user_id)
        session.add(survey)
        session.commit()
    walk(session, survey, people["claims2"], "visit", visited_on=str(TODAY))
    walk(session, survey, people["claims2"], "report", findings="as told", assessed="60000")
    walk(session, claim, people["claims"], "approve", approved="60000")


# Reserves


def test_what_is_set_aside_follows_the_claim_and_is_kept(session, people, a_contract):
    contract, cover = a_contract({"share": D(50)})
    claim = reviewed(session, people, contract, ("800", cover, {}))
    with acting(people["claims"]):
        claim.own_reserve = D(900)
        session.commit()
    assert claim.reserve == D(900)
    walk(session, claim, people["claims"], "approve", approved="400")
    walk(session, claim, people["finance"], "pay", method="transfer")
    with acting(people["claims"]):
        found = session.scalars(select(ReserveChange).order_by(ReserveChange.id)).all()
    # told as 1,000; one line of 500 after acceptance; none while lines are replaced; then 400, 900, approved, paid
    steps = [each.amount for each in found]
    assert (steps[0], steps[-3:]) == (D("1000.00"), [D("900.00"), D("400.00"), D("0.00")])
    assert [each.previous for each in found] == [D(0), *steps[:-1]]
    for who in ("claims", "finance", "manager"):
        with acting(people[who]):
            session.add(ReserveChange(claim_id=claim.id, moved_at=datetime.now(UTC), previous=D(0), amount=D(1)))
            with pytest.raises(NotPermitted):
                session.flush()
            session.rollback()


def test_papers_are_asked_for_when_a_loss_is_reported(session, people, as_system):
    contract = book.contract(session, TODAY + 100 * DAY).id
    session.add(RequiredPaper(code="invoice", name="Invoice"))
    session.commit()
    claim = enter(session, people["service"], covers.claim(contract, LOSS))
    assert session.scalars(select(Paper.name).where(Paper.claim_id == claim.id)).all() == ["Invoice"]


def test_a_claim_put_back_from_the_trash_is_not_reported_anew(session, people, as_system):
    contract = book.contract(session, TODAY + 100 * DAY).id
    session.add(RequiredPaper(code="invoice", name="Invoice"))
    claim = enter(session, people["manager"], covers.claim(contract, LOSS, payee_account=None))
    with acting(people["manager"]):
        session.delete(claim)
        session.commit()
    with acting(people["manager"]):
        [kept] = trash.listed(session)
        trash.restore(session, kept.id)
        session.commit()
    assert session.scalars(select(Paper.name)).all() == ["Invoice"]


# The payee


def test_a_payee_who_is_not_the_insured_by_name_is_explained(session, people, a_contract):
    contract, cover = a_contract()
    claim = reviewed(session, people, contract, ("100", cover, {}), payee_is=None)
    stopped(session, claim, people["claims"], "approve", Refusal, "not the insured by name", approved="100")
    with acting(system_actor("tests")):
        name = claim.contract.customer.name
    with acting(people["claims"]):
        claim.payee = f" {name.upper().replace(' ', '  ')}"
        session.commit()
    walk(session, claim, people["claims"], "approve", approved="100")


# The database


def test_the_database_lets_nobody_approve_or_pay_what_is_their_own(session, people, a_contract):
    contract, cover = a_contract()
    claim = reviewed(session, people, contract, ("100", cover, {}))
    own = {"record": "claim", "row_id": claim.id, "step": "approve", "part": "level9", "verdict": "yes", "seal": "x"}
    with acting(system_actor("tests")), pytest.raises(IntegrityError, match="claim_approve_is_for_others"):
        session.execute(insert(Approval).values(**own, user_id=people["service"].user_id))
    session.rollback()
    walk(session, claim, people["claims"], "approve", approved="100")
    row = {"claim_id": claim.id, "round": 7, "amount": D(1), "payee": "Li Na", "payee_account": covers.ACCOUNT}
    row |= {"number": "PAY-X", "method": PayoutMethod.TRANSFER, "paid_on": TODAY}
    for who, why in (("service", "what_he_or_she_entered"), ("claims", "what_he_or_she_approved")):
        with acting(system_actor("tests")), pytest.raises(IntegrityError, match=why):
            session.execute(insert(Payout).values(**row, created_by_id=people[who].user_id))
        session.rollback()
    with acting(system_actor("tests")):
        session.execute(insert(Payout).values(**row, created_by_id=people["finance"].user_id))


def test_the_database_keeps_the_draws_within_the_aggregate(session, a_contract):
    a_contract({"aggregate": D(1000)})
    with pytest.raises(IntegrityError, match="no_more_is_drawn_than_the_aggregate_limit"):
        session.execute(update(ContractCoverage).values(drawn=D("1000.01")))
