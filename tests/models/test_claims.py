"""Claims: the way from first notice to payout, what stops it, who sees what, and that nothing is paid twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.history import timeline
from app.kernel.settings import set_setting
from app.kernel.tables import Clock, Notice
from app.kernel.workflow import advance
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from app.schema.measure import Figure
from app.schema.registry import registry
from app.schema.roles import Scope
from models.claims import Claim, Paper, Payout, RequiredPaper, Survey
from models.claims.states import ClaimState, LossCause, Payee, PayoutMethod, SurveyState
from models.contracts import Contract
from tests.journey import enter, stopped, walk
from tests.models import book

TODAY = datetime.now(UTC).date()
ACCOUNT = "6222020200011122333"
REFUSED = {"reason": "not covered", "refusal_under": "7.2"}
DECISION = {"payee": "Li Na", "payee_is": Payee.BENEFICIARY, "payee_account": ACCOUNT}


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global TODAY
    TODAY = datetime.now(UTC).date()


@pytest.fixture
def contract(session, as_system):
    made = book.contract(session, TODAY + timedelta(days=100))
    for code, cause in (("id", None), ("invoice", LossCause.COLLISION), ("police report", LossCause.THEFT)):
        session.add(RequiredPaper(code=code, name=code, cause=cause))
    session.commit()
    return made.id


def notice(contract, claimed="8000", **fields) -> Claim:
    values = {"occurred_on": TODAY - timedelta(days=3), "cause": LossCause.COLLISION, "claimed": Decimal(claimed)}
    return Claim(**({"contract_id": contract} | values | DECISION | fields))


@pytest.fixture
def claim(session, people, contract):
    """Reported at the front desk; nobody has taken it."""
    return enter(session, people["service"], notice(contract))


def examine(session, actor, claim, **verdict):
    with acting(actor):
        for paper in session.scalars(select(Paper).where(Paper.claim_id == claim.id)):
            paper.received_on = TODAY
            paper.authentic = paper.complete = paper.relevant = True
            for field, value in verdict.items():
                setattr(paper, field, value)
        session.commit()


@pytest.fixture
def reviewing(session, people, claim):
    """Taken by a specialist, papers examined."""
    walk(session, claim, people["claims"], "accept")
    examine(session, people["claims"], claim)
    walk(session, claim, people["claims"], "review")
    return claim


@pytest.fixture
def approved(session, people, reviewing):
    """Approved by the specialist within authority."""
    walk(session, reviewing, people["claims"], "approve", approved="4800.00")
    return reviewing


def payouts(session) -> list[Payout]:
    with acting(system_actor("tests")):
        return list(session.scalars(select(Payout)))


def test_from_first_notice_to_payout(session, people, claim):
    assert (claim.state, claim.owner_id, claim.number[:4]) == (ClaimState.REPORTED, None, "CLM-")
    walk(session, claim, people["claims"], "accept")
    assert claim.owner_id == people["claims"].user_id
    examine(session, people["claims"], claim)
    walk(session, claim, people["claims"], "review")
    walk(session, claim, people["claims"], "approve", approved="4800")
    assert claim.pay_by - claim.decided_on == timedelta(days=10)
    walk(session, claim, people["finance"], "pay", method="transfer")
    [payout] = payouts(session)
    assert (claim.state, payout.amount, payout.payee, payout.payee_account, payout.method) == (
        ClaimState.PAID,
        Decimal("4800.00"),
        "Li Na",
        ACCOUNT,
        PayoutMethod.TRANSFER,
    )
    with acting(people["claims"]):
        trail = [entry.verb for entry in reversed(timeline(session, claim))]
    assert trail == ["add", "step:accept", "step:review", "step:approve", "step:pay"]


def test_the_papers_of_cause_and_product_are_asked_for(session, people, claim):
    walk(session, claim, people["claims"], "accept")
    with acting(people["claims"]):
        assert set(session.scalars(select(Paper.name))) == {"id", "invoice"}


@pytest.mark.parametrize(("field", "value"), [("received_on", None), ("authentic", None), ("complete", False)])
def test_a_claim_is_not_reviewed_before_its_papers_stand(session, people, claim, field, value):
    walk(session, claim, people["claims"], "accept")
    stopped(session, claim, people["claims"], "review", Refusal, "required paper")
    examine(session, people["claims"], claim, **{field: value})
    stopped(session, claim, people["claims"], "review", Refusal, "required paper")
    examine(session, people["claims"], claim, **{field: value, "required": False})
    walk(session, claim, people["claims"], "review")


def test_days_spent_waiting_for_papers_do_not_count(session, people, contract, as_system):
    reported = datetime.now(UTC) - timedelta(days=8)
    claim = enter(session, people["service"], notice(contract, reported_at=reported))
    in_thirty_days = house_day(reported) + timedelta(days=30)
    assert claim.decide_by == in_thirty_days
    walk(session, claim, people["claims"], "accept")
    assert claim.decide_by is None
    examine(session, people["claims"], claim)
    walk(session, claim, people["claims"], "review")
    assert claim.decide_by == in_thirty_days
    stopped(session, claim, people["claims"], "supplement", Invalid)
    stopped(session, claim, people["claims"], "supplement", Refusal, "which papers", reason="the invoice is a copy")
    walk(session, claim, people["claims"], "supplement", reason="the invoice is a copy", more_papers="invoice: a copy")
    assert (claim.state, claim.decide_by) == (ClaimState.COLLECTING, None)
    session.execute(
        update(Clock).where(Clock.name == "decision").values(paused_at=datetime.now(UTC) - timedelta(days=6))
    )
    session.commit()
    examine(session, people["claims"], claim)
    walk(session, claim, people["claims"], "review")
    assert claim.decide_by == in_thirty_days + timedelta(days=6)


def test_above_the_authority_of_a_specialist_a_leader_agrees_as_well(session, people, reviewing, as_system):
    walk(session, reviewing, people["claims"], "approve", approved="5000.01")
    assert (reviewing.state, reviewing.approved) == (ClaimState.REVIEWING, Decimal("5000.01"))
    stopped(session, reviewing, people["claims"], "approve", Refusal, "had your say", approved="5000.01")
    stopped(session, reviewing, people["finance"], "approve", NotPermitted, approved="5000.01")
    walk(session, reviewing, people["supervisor"], "approve", approved="5000.01")
    assert (reviewing.state, reviewing.approved) == (ClaimState.APPROVED, Decimal("5000.01"))


def test_limits_of_authority_are_settings_and_count_all_rounds(session, people, reviewing, as_system):
    set_setting(session, "claims.authority", "6000")
    set_setting(session, "claims.authority_supervisor", "6500")
    session.commit()
    walk(session, reviewing, people["claims"], "approve", approved="6000")
    walk(session, reviewing, people["finance"], "pay", method="transfer")
    walk(session, reviewing, people["supervisor"], "reopen", reason="hidden damage")
    for who in ("claims", "supervisor", "manager"):
        assert reviewing.state == ClaimState.REVIEWING
        walk(session, reviewing, people[who], "approve", approved="500.01")
    assert reviewing.state == ClaimState.APPROVED


def test_an_amount_that_cannot_be_is_not_approved(session, people, reviewing):
    for approved, why in (("0", "above 0"), ("-5", "above 0"), ("8000.01", "more than was claimed")):
        stopped(session, reviewing, people["supervisor"], "approve", Refusal, why, approved=approved)


def test_a_claim_without_payee_is_not_approved(session, people, reviewing):
    with acting(people["claims"]):
        reviewing.payee_account = None
        session.commit()
    stopped(session, reviewing, people["claims"], "approve", Refusal, "payee and the account", approved="10")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_on", TODAY),
        ("expires_on", TODAY - timedelta(days=4)),
        ("cancelled_on", TODAY - timedelta(days=3)),
        ("voided_on", TODAY),
    ],
)
def test_a_loss_outside_the_cover_is_refused_with_a_reason(session, people, reviewing, contract, field, value):
    with acting(system_actor("tests")):
        setattr(session.get(Contract, contract), field, value)
        session.commit()
    stopped(session, reviewing, people["claims"], "approve", Refusal, "term of the contract", approved="10")
    stopped(session, reviewing, people["claims"], "refuse", NotPermitted, **REFUSED)
    stopped(session, reviewing, people["supervisor"], "refuse", Invalid)
    walk(session, reviewing, people["supervisor"], "refuse", **REFUSED)
    assert reviewing.state == ClaimState.REFUSED
    with acting(people["claims"]):
        assert timeline(session, reviewing)[0].why == "not covered"


def test_a_refusal_is_told_to_the_customer(session, people, reviewing, as_system):
    walk(session, reviewing, people["supervisor"], "refuse", **REFUSED)
    notice_ = select(Clock).where(Clock.name == "refusal_notice")
    clock = session.scalars(notice_).one()
    assert (clock.target, clock.stopped_at) == (3, None)
    walk(session, reviewing, people["claims"], "tell_refusal", refusal_told_on=str(TODAY))
    session.refresh(clock)
    assert (reviewing.refusal_told_on, clock.met) == (TODAY, True)


def test_only_finance_pays(session, people, approved):
    for who in ("claims", "supervisor", "manager", "service", "admin"):
        stopped(session, approved, people[who], "pay", NotPermitted, method="transfer")


def test_whoever_approved_does_not_pay(session, people, reviewing):
    leader = people["supervisor"]
    both = replace(leader, reach={**leader.reach, ("step:pay", "claim"): Scope.TEAM})
    walk(session, reviewing, both, "approve", approved="10")
    stopped(session, reviewing, both, "pay", Refusal, "Four eyes", method="transfer")


@pytest.mark.parametrize("field", ["approved", "payee", "payee_account", "round"])
def test_what_was_approved_is_paid_and_nothing_else(session, people, approved, field):
    with acting(system_actor("tests")):
        value = {"approved": Decimal("4800.01"), "payee": "Li Ma", "payee_account": ACCOUNT + "4", "round": 2}[field]
        session.execute(update(Claim).values({field: value}))
        session.commit()
    stopped(session, approved, people["finance"], "pay", Refusal, "changed since", method="transfer")
    assert payouts(session) == []
    walk(session, approved, people["finance"], "take_back", reason="the payee was changed")
    assert (approved.state, approved.approved) == (ClaimState.REVIEWING, None)


def test_a_decided_claim_and_its_papers_are_changed_by_steps_alone(session, people, approved):
    with acting(people["claims"]):
        approved.payee = "Somebody else"
        with pytest.raises(Conflict, match="Approved"):
            session.flush()
        session.rollback()
        session.scalars(select(Paper)).first().relevant = False
        with pytest.raises(Conflict, match="Approved"):
            session.flush()
        session.rollback()
        session.add(Paper(claim_id=approved.id, name="one more"))
        with pytest.raises(Conflict, match="Approved"):
            session.flush()


def test_a_claim_opened_again_is_paid_in_a_round_of_its_own(session, people, approved):
    walk(session, approved, people["finance"], "pay", method="transfer")
    stopped(session, approved, people["claims"], "reopen", NotPermitted, reason="hidden damage")
    walk(session, approved, people["supervisor"], "reopen", reason="hidden damage")
    assert (approved.round, approved.approved) == (2, None)
    stopped(session, approved, people["manager"], "approve", Refusal, "more than was", approved="3200.01")
    walk(session, approved, people["claims"], "approve", approved="3200")
    assert approved.state == ClaimState.REVIEWING
    walk(session, approved, people["manager"], "approve", approved="3200")
    walk(session, approved, people["finance"], "pay", method="transfer")
    assert [(p.round, p.amount) for p in payouts(session)] == [(1, Decimal("4800.00")), (2, Decimal("3200.00"))]


def test_a_survey_holds_the_decision_up_and_hands_over_what_it_found(session, people, reviewing, as_system):
    surveyor = people["claims2"]
    with acting(people["supervisor"]):
        survey = Survey(claim_id=reviewing.id, purpose="two stories", owner_id=surveyor.user_id)
        session.add(survey)
        session.commit()
    stopped(session, reviewing, people["claims"], "approve", Refusal, "survey", approved="10")
    walk(session, survey, surveyor, "visit", visited_on=str(TODAY))
    stopped(session, survey, surveyor, "report", Invalid, findings="a dent")
    walk(session, survey, surveyor, "report", findings="a dent", assessed="900")
    session.refresh(reviewing)
    assert (survey.state, reviewing.assessed, reviewing.findings) == (SurveyState.REPORTED, Decimal("900.00"), "a dent")
    assert session.scalars(select(Notice.user_id).where(Notice.user_id.is_not(None))).all() == [
        people["claims"].user_id
    ]
    walk(session, reviewing, people["claims"], "approve", approved="900")


def test_the_surveyor_reads_the_claim_and_changes_nothing_of_it(session, people, reviewing):
    with acting(people["claims2"]):
        assert session.scalars(select(Claim)).all() == []
    with acting(people["supervisor"]):
        session.add(Survey(claim_id=reviewing.id, purpose="x", owner_id=people["claims2"].user_id))
        session.commit()
    with acting(people["claims2"]):
        [seen] = session.scalars(select(Claim))
        seen.loss = "other"
        with pytest.raises(NotPermitted):
            session.flush()
    session.rollback()
    stopped(session, reviewing, people["claims2"], "withdraw", NotPermitted, reason="x")


SEES = ("claims", "supervisor", "manager", "finance", "inspector")


def test_a_taken_claim_is_seen_by_its_owner_the_leaders_and_finance(session, people, approved):
    walk(session, approved, people["finance"], "pay", method="transfer")
    for who in ("claims2", "supervisor2", "service", "sales", "renewal", "admin", *SEES):
        with acting(people[who]):
            for record in (Claim, Paper, Payout):
                assert bool(session.scalars(select(record)).all()) == (who in SEES), (who, record.__name__)


def test_whoever_sees_a_claim_sees_its_contract(session, people, approved):
    for who, sees in (("claims", True), ("claims2", False)):
        with acting(people[who]):
            assert bool(session.scalars(select(Contract)).all()) == sees


def test_a_refused_amount_is_not_kept_by_a_later_commit(session, people, reviewing):
    with acting(people["claims"]):
        with pytest.raises(Refusal, match="more than was"):
            advance(session, reviewing, "approve", answers={"approved": "8001"})
        session.commit()
    with acting(system_actor("tests")):
        assert session.scalars(select(Claim.approved)).all() == [None]


def test_an_untaken_claim_is_seen_by_whoever_may_take_it(session, people, claim):
    for who in ("claims", "claims2", "service"):
        with acting(people[who]):
            assert len(session.scalars(select(Claim)).all()) == 1
    walk(session, claim, people["claims2"], "accept")
    stopped(session, claim, people["claims2"], "accept", Conflict)


def test_nobody_writes_a_payout_by_hand(session, people, approved):
    for who in ("claims", "finance", "manager", "supervisor"):
        with acting(people[who]):
            session.add(a_payout(approved))
            with pytest.raises(NotPermitted):
                session.flush()
        session.rollback()


def a_payout(claim, **fields) -> Payout:
    values = {"claim_id": claim.id, "round": claim.round, "amount": Decimal(1), "payee": "Li Na"}
    rest = {"payee_account": ACCOUNT, "method": PayoutMethod.TRANSFER, "paid_on": date(2026, 3, 1)}
    return Payout(**(values | rest | fields))


@pytest.mark.parametrize(
    ("row", "what"), [({}, "uq_payout|payout.claim_id"), ({"round": 9, "amount": Decimal(0)}, "above_0")]
)
def test_the_database_refuses_a_second_payout_and_one_of_nothing(session, people, approved, as_system, row, what):
    walk(session, approved, people["finance"], "pay", method="transfer")
    session.add(a_payout(approved, **row))
    with pytest.raises(IntegrityError, match=what):
        session.flush()


def test_the_database_refuses_amounts_below_0(session, contract, as_system):
    session.add(notice(contract, "-0.01"))
    with pytest.raises(IntegrityError, match="claimed_is_not_negative"):
        session.flush()


def test_claims_decided_on_time_are_counted_by_owner(session, people, contract, as_system):
    owner, day = people["claims"].user_id, timedelta(days=1)
    reported = datetime.now(UTC) - timedelta(days=30)
    limit = house_day(reported) + timedelta(days=30)
    for late, of in ((-1, owner), (0, owner), (1, owner), (1, None)):
        session.add(notice(contract, reported_at=reported, decided_on=limit + day * late, owner_id=of))
    session.add(notice(contract, reported_at=reported, decided_on=limit - day * 9, owner_id=owner))
    session.commit()
    measure, period = registry.measures["claims_on_time"], (limit - day, limit + day)
    assert measure.figure(session, owner, *period) == Figure(Decimal(2), Decimal(3))
    assert measure.figure(session, None, *period) == Figure(Decimal(2), Decimal(4))
    assert len(session.scalars(measure.rows(owner, *period)).all()) == 3


def test_twenty_who_pay_at_once_pay_once(backend, people, approved, session):
    session.rollback()
    barrier, outcomes = Barrier(20), []

    def race() -> None:
        with backend.session() as own, acting(people["finance"]):
            row = own.scalars(select(Claim)).one()
            own.rollback()
            barrier.wait()
            try:
                walk(own, row, people["finance"], "pay", method="transfer")
                outcomes.append("paid")
            except Refusal as refusal:
                own.rollback()
                outcomes.append(type(refusal).__name__)

    threads = [Thread(target=race) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Conflict"] * 19 + ["paid"]
    assert [p.amount for p in payouts(session)] == [Decimal("4800.00")]
