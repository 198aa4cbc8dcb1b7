"""What follows a closed claim: money that comes back for it, and the look back by somebody who had no part in it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.tables import Notice
from app.kernel.why import explain
from app.kernel.workflow import adopt, advance
from app.schema import check
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from app.schema.registry import registry
from app.schema.workflow import Step, Workflow
from models.claims import CaseReview, Claim, Payout, Recovery
from models.claims.amounts import recovered
from models.claims.states import (
    CauseClass,
    ClaimState,
    Control,
    LossCause,
    Payee,
    PayoutMethod,
    RecoveryKind,
    RecoveryState,
    ReviewState,
)
from models.people import Person
from tests.journey import enter, stopped, walk
from tests.models import book
from tests.screens import post

TODAY = house_day(datetime.now(UTC))
SYSTEM = system_actor("tests", "cli")
ELSE = "somebody.else"


@pytest.fixture
def claim(session, people, as_system):
    """A claim of 800 entered at the front desk, approved by its handler and paid by finance."""
    contract = book.contract(session, TODAY + timedelta(days=100))
    session.commit()
    values = {"occurred_on": TODAY - timedelta(days=3), "cause": LossCause.COLLISION, "claimed": Decimal(900)}
    payee = {"payee": "Li Na", "payee_is": Payee.BENEFICIARY, "payee_account": "6222020200011122333"}
    made = Claim(contract_id=contract.id, **payee, **values)
    enter(session, people["service"], made)
    for step in ("accept", "review"):
        walk(session, made, people["claims"], step)
    walk(session, made, people["claims"], "approve", approved="800")
    walk(session, made, people["finance"], "pay", method="transfer")
    return made


def recovery(claim, **fields):
    values = {"kind": RecoveryKind.THIRD_PARTY, "debtor": "他方保险公司", "expected": Decimal(500)}
    return Recovery(claim_id=claim.id, **values | fields)


# Recoveries


def test_money_is_claimed_received_and_lowers_what_the_claim_cost(session, people, claim):
    row = enter(session, people["claims"], recovery(claim))
    assert row.number.startswith("REC-")
    walk(session, row, people["claims"], "demand")
    stopped(session, row, people["claims"], "receive", NotPermitted, received="450", received_on=str(TODAY))
    stopped(session, row, people["finance"], "receive", Invalid, received="450")
    walk(session, row, people["finance"], "receive", received="450", received_on=str(TODAY))
    with acting(SYSTEM):
        assert session.execute(select(recovered().c.amount)).scalars().all() == [Decimal("450.00")]
    stopped(session, row, people["finance"], "give_up", Refusal, reason="x")


def test_what_does_not_come_is_given_up_with_the_reason(session, people, claim):
    row = enter(session, people["finance"], recovery(claim, kind=RecoveryKind.SALVAGE))
    stopped(session, row, people["finance"], "give_up", Invalid)
    stopped(session, row, people["claims"], "give_up", NotPermitted, reason="no trace of him")
    walk(session, row, people["finance"], "give_up", reason="no trace of him")
    assert row.state == RecoveryState.GIVEN_UP


def test_no_more_comes_back_than_was_paid(session, people, claim):
    first, second = (enter(session, people["finance"], recovery(claim)) for _ in range(2))
    walk(session, first, people["finance"], "receive", received="500.01", received_on=str(TODAY))
    stopped(
        session, second, people["finance"], "receive", Conflict, "more than", received="300", received_on=str(TODAY)
    )
    walk(session, second, people["finance"], "receive", received="299.99", received_on=str(TODAY))


def test_nothing_comes_back_of_what_was_not_paid(session, people, as_system):
    contract = book.contract(session, TODAY)
    open_ = Claim(contract_id=contract.id, occurred_on=TODAY, cause=LossCause.FIRE, claimed=Decimal(9))
    session.add(open_)
    session.commit()
    row = enter(session, people["finance"], recovery(open_))
    stopped(session, row, people["finance"], "demand", Refusal, "Nothing has been paid")


def test_received_at_once_no_more_comes_back_than_was_paid(session, people, claim, backend):
    keys = [enter(session, people["finance"], recovery(claim)).id for _ in range(6)]
    session.rollback()
    start, outcomes = Barrier(len(keys)), []

    def receive(key):
        start.wait()
        with acting(people["finance"]), backend.session() as own:
            try:
                answers = {"received": "300", "received_on": str(TODAY)}
                advance(own, own.get(Recovery, key), "receive", answers=answers)
                own.commit()
                outcomes.append("received")
            except Conflict:
                own.rollback()
                outcomes.append("refused")

    threads = [Thread(target=receive, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["received"] * 2 + ["refused"] * 4


@pytest.mark.parametrize("values", [{"expected": 0}, {"received": Decimal(1)}, {"received": 0, "received_on": TODAY}])
def test_the_database_keeps_amounts_above_0_and_days_with_them(session, people, claim, values):
    row = enter(session, people["finance"], recovery(claim))
    with acting(SYSTEM), pytest.raises(IntegrityError):
        session.execute(update(Recovery).where(Recovery.id == row.id).values(values))
    session.rollback()


# Case reviews


def review(session, claim, **fields):
    with acting(SYSTEM):
        addressee = session.scalars(select(Person).where(Person.name == "Underwriter Tester")).one()
    values = {"found": "制动片磨损未告知", "cause_class": CauseClass.DISCLOSURE, "control": Control.UNDERWRITING}
    more = {"advice": "承保前验车", "addressee_id": addressee.id, "due_on": TODAY + timedelta(days=30)}
    return CaseReview(claim_id=claim.id, **values | more | fields)


def test_from_the_draft_to_advice_carried_out(session, people, claim):
    row = enter(session, people["inspector"], review(session, claim))
    walk(session, row, people["inspector"], "submit")
    stopped(session, row, people["inspector"], "accept", NotPermitted)
    walk(session, row, people["manager"], "send_back", reason="which model?")
    walk(session, row, people["inspector"], "submit")
    walk(session, row, people["manager"], "accept")
    with acting(SYSTEM):
        notices = session.scalars(select(Notice).where(Notice.dedupe_key.startswith("claims.case_review/"))).all()
        assert [(n.user_id, n.body) for n in notices] == [(people["underwriter"].user_id, "承保前验车")]
    walk(session, row, people["inspector"], "done")
    assert row.state == ReviewState.DONE


INVOLVED = ("add", "step:approve", "step:refuse", "step:pay")


@pytest.fixture
def involved(session, people, claim):
    """Puts down that somebody took a step of the claim, as the history keeps it."""

    def note(actor, verb):
        with acting(actor):
            from_history = session.connection()
            from_history.execute(
                registry["claim"].metadata.tables["audit_entry"].insert(),
                {
                    "at": datetime.now(UTC), "user_id": actor.user_id, "actor": actor.name, "source": "web",
                    "record": "claim", "record_id": claim.id, "verb": verb, "changes": {},
                },
            )  # fmt: skip
            session.commit()

    return note


@pytest.mark.parametrize("verb", INVOLVED)
def test_who_entered_decided_or_paid_a_claim_does_not_review_it(session, people, claim, involved, verb):
    supervisor = people["supervisor"]
    # The engine refuses the step, and says why.
    others = enter(session, people["inspector"], review(session, claim))
    row = enter(session, supervisor, review(session, claim))
    involved(supervisor, verb)
    stopped(session, row, supervisor, "submit", Refusal, "Four eyes")
    with acting(supervisor):
        answer = explain(session, supervisor, ("step:submit", "case_review"), row.id)
    told = [reason.why.places["earlier"].msgid for reason in answer.reasons if "earlier" in reason.why.places]
    assert told == ["Add" if verb == "add" else {"approve": "Approve", "refuse": "Refuse", "pay": "Pay"}[verb[5:]]]
    # The database refuses the row, also to whoever writes past the engine.
    session.add(review(session, claim))
    with acting(supervisor), pytest.raises(IntegrityError, match=ELSE):
        session.flush()
    session.rollback()
    with acting(SYSTEM):
        mine = update(CaseReview).where(CaseReview.id == others.id).values(owner_id=supervisor.user_id)
        with pytest.raises(IntegrityError, match=ELSE):
            session.execute(mine)
        session.rollback()


def test_the_form_tells_who_was_involved_that_somebody_else_does_it(session, sign_in, people, claim, involved):
    involved(people["supervisor"], "step:approve")
    values = vars(review(session, claim)).items()
    form = {name: str(getattr(value, "value", value)) for name, value in values if name[0] != "_"}
    session.rollback()
    supervisor = sign_in("supervisor")
    answer = post(supervisor, "/case_review/add", **form)
    assert answer.status_code == 422
    assert "who entered, decided or paid the claim does not review it" in answer.text


def test_who_is_drawn_in_later_moves_the_review_no_further(session, people, claim, involved):
    row = enter(session, people["inspector"], review(session, claim))
    involved(people["inspector"], "step:approve")
    with acting(SYSTEM), pytest.raises(IntegrityError, match=ELSE):
        session.execute(update(CaseReview).where(CaseReview.id == row.id).values(state=ReviewState.SUBMITTED))
    session.rollback()


def test_the_reviewer_and_the_manager_are_two(session, people, claim):
    row = enter(session, people["inspector"], review(session, claim))
    walk(session, row, people["inspector"], "submit")
    stopped(session, row, people["inspector"], "accept", NotPermitted)


def test_a_step_of_another_row_has_to_be_one(monkeypatch):
    S = ReviewState

    def said(not_by):
        monkeypatch.setattr(
            CaseReview, "workflow", Workflow(Step("submit", S.DRAFT, S.SUBMITTED, by="x", not_by=not_by))
        )
        return [fault for fault in check.faults_of(CaseReview, registry) if "not_by" in fault]

    assert said(("claim.approve", "claim.add", "add")) == []
    assert said("claim.fly") == ["step 'submit' says not_by='claim.fly', which is no step of claim"]
    assert said("contractor.add") == ["step 'submit' says not_by='contractor.add', which is no step of it"]


def test_paid_before_our_time_may_be_reviewed_by_anybody(session, people, as_system):
    contract = book.contract(session, TODAY)
    old = Claim(contract_id=contract.id, occurred_on=TODAY, cause=LossCause.FIRE, claimed=Decimal(9))
    adopt(session, old, ClaimState.PAID)
    session.add(old)
    session.flush()
    session.add(
        Payout(claim_id=old.id, round=1, amount=Decimal(9), payee="x", method=PayoutMethod.TRANSFER, paid_on=TODAY)
    )
    session.commit()
    row = enter(session, people["supervisor"], review(session, old))
    walk(session, row, people["supervisor"], "submit")
