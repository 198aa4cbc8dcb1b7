"""Agreements a step needs: who, how many, in which order, bound to what; and that nothing is agreed to twice."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.kernel import approvals
from app.kernel.actor import acting, current_actor, system_actor
from app.kernel.history import timeline
from app.kernel.settings import set_setting
from app.kernel.tables import Approval
from app.kernel.workflow import advance, offers
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from app.schema.events import _reactions
from app.schema.roles import Scope
from tests.expense import Expense, ExpensePaid, ExpenseState
from tests.journey import enter, stopped, walk

S = ExpenseState
ACCOUNT = "6222020200011122333"


@pytest.fixture
def expense(session, people, as_system):
    """Submitted by sales, 80.00."""
    made = enter(session, people["sales"], Expense(code="E1", amount=80, payee="Li Na", account=ACCOUNT, note="taxi"))
    walk(session, made, people["sales"], "submit")
    return made


@pytest.fixture
def approved(session, people, expense):
    """Approved by the supervisor."""
    walk(session, expense, people["supervisor"], "approve", amount="80")
    return expense


def given(session, live=True):
    with acting(system_actor("tests")):
        wanted = Approval.void_at.is_(None) if live else Approval.void_at.is_not(None)
        session.expire_all()
        return [(a.part, a.verdict) for a in session.scalars(select(Approval).where(wanted).order_by(Approval.id))]


def with_verbs(actor, *verbs, scope=Scope.ALL):
    return replace(actor, reach={**actor.reach, **{(verb, "expense"): scope for verb in verbs}})


@pytest.mark.parametrize(
    ("amount", "approvers"),
    [
        ("100.00", ["supervisor"]),
        ("100.01", ["supervisor", "manager"]),
        ("1000.00", ["supervisor", "manager"]),
        ("1000.01", ["supervisor", "manager", "finance"]),
    ],
)
def test_the_amount_says_how_high_one_must_go_and_the_last_moves_the_state(session, people, expense, amount, approvers):
    for number, who in enumerate(approvers):
        assert expense.state == S.SUBMITTED
        assert expense.trail is None, "the effect waits for the last"
        walk(session, expense, people[who], "approve", amount=amount)
        assert len(given(session)) == number + 1
    assert (expense.state, expense.trail.split()) == (S.APPROVED, ["approve"])


def test_without_sequence_one_of_the_level_that_covers_it_agrees(session, people, expense, monkeypatch):
    monkeypatch.setattr(Expense.workflow.step("approve").needs, "declared_sequence", False)
    stopped(session, expense, people["supervisor"], "approve", Refusal, "somebody else", amount="500")
    walk(session, expense, people["manager"], "approve", amount="500")
    assert (expense.state, given(session)) == (S.APPROVED, [("level2", "yes")])


def test_the_order_of_the_levels_is_kept(session, people, expense):
    walk(session, expense, people["supervisor"], "approve", amount="500")
    other = with_verbs(people["supervisor2"], "step:approve", "step:approve.level1", "read")
    stopped(session, expense, other, "approve", Refusal, "somebody else", amount="500")
    assert given(session) == [("level1", "yes")]


def test_who_may_agree_above_may_agree_below_but_nobody_twice(session, people, expense):
    walk(session, expense, people["manager"], "approve", amount="500")
    assert given(session) == [("level1", "yes")]
    stopped(session, expense, people["manager"], "approve", Refusal, "had your say", amount="500")
    walk(session, expense, people["finance"], "approve", amount="500")
    assert expense.state == S.APPROVED


def test_limits_are_settings_and_one_that_is_not_set_gives_no_authority(session, people, expense):
    set_setting(session, "tests.low", "400")
    session.commit()
    assert [p.name for p in needed(session, expense, "400")] == ["level1"]
    set_setting(session, "tests.low", "")
    session.commit()
    assert [p.name for p in needed(session, expense, "1")] == ["level1", "level2"]


def needed(session, expense, amount):
    expense.amount = int(amount)
    with session.no_autoflush:
        return approvals.needed(session, expense, Expense.workflow.step("approve"))


def test_nobody_approves_a_row_of_ones_own_or_an_amount_one_wrote(session, people, as_system):
    leader = with_verbs(people["supervisor"], "add", "edit", "step:submit")
    own = enter(session, leader, Expense(code="E2", amount=5, owner_id=leader.user_id, unit_id=leader.unit_id))
    walk(session, own, leader, "submit")
    stopped(session, own, leader, "approve", Refusal, "of his or her own", amount="5")
    others = enter(session, people["sales"], Expense(code="E3", amount=5))
    walk(session, others, people["sales"], "submit")
    with acting(leader):
        others.amount = 90
        session.commit()
    stopped(session, others, leader, "approve", Refusal, "of his or her own", amount="90")
    walk(session, others, people["manager"], "approve", amount="90")
    assert others.state == S.APPROVED


def test_an_amount_changed_while_approving_begins_anew(session, people, expense):
    walk(session, expense, people["supervisor"], "approve", amount="500")
    walk(session, expense, people["manager"], "approve", amount="450")
    assert (expense.state, given(session), given(session, live=False)) == (
        S.SUBMITTED,
        [("level1", "yes")],
        [("level1", "yes")],
    )
    walk(session, expense, people["finance"], "approve", amount="450")
    assert expense.state == S.APPROVED


@pytest.mark.parametrize(
    ("field", "value"), [("amount", 501), ("payee", "Li Ma"), ("account", ACCOUNT + "4")], ids=lambda v: str(v)
)
@pytest.mark.parametrize("way", ["edit", "beside the session"])
def test_an_approval_is_void_when_what_it_is_bound_to_changes(session, people, expense, field, value, way):
    walk(session, expense, people["supervisor"], "approve", amount="500")
    if way == "edit":
        with acting(people["sales"]):
            setattr(expense, field, value)
            session.commit()
        assert given(session) == []
    else:
        session.execute(update(Expense).values({field: value}))
        session.commit()
    with acting(system_actor("tests")):
        session.refresh(expense)
        assert approvals.standing(session, expense, Expense.workflow.step("approve")) == []
    walk(session, expense, people["manager"], "approve", amount=str(expense.amount))
    assert expense.state == S.SUBMITTED, "the first level has to agree again"


def test_what_is_not_sealed_may_change(session, people, expense):
    walk(session, expense, people["supervisor"], "approve", amount="500")
    with acting(people["sales"]):
        expense.note = "bus"
        session.commit()
    assert given(session) == [("level1", "yes")]


def test_a_later_step_is_bound_to_what_was_approved(session, people, approved):
    session.execute(update(Expense).values(account=ACCOUNT + "4"))
    session.commit()
    stopped(session, approved, people["finance"], "check", Refusal, "changed since", verdict="yes")
    walk(session, approved, people["manager"], "give_back", reason="another account")
    assert (given(session), approved.note, approved.state) == ([], None, S.SUBMITTED)
    walk(session, approved, people["supervisor"], "approve", amount="80")
    walk(session, approved, people["finance"], "check", verdict="yes")


def test_a_return_needs_its_reason_and_begins_the_decision_anew(session, people, approved):
    stopped(session, approved, people["manager"], "give_back", Invalid)
    walk(session, approved, people["manager"], "give_back", reason="once more")
    assert (given(session), len(given(session, live=False))) == ([], 1)
    with acting(people["manager"]):
        assert timeline(session, approved)[0].why == "once more"
    walk(session, approved, people["supervisor"], "approve", amount="80")
    assert approved.state == S.APPROVED


def test_only_the_submitter_withdraws_and_only_while_nobody_decided(session, people, expense):
    colleague = with_verbs(people["service"], "step:withdraw", "read")
    stopped(session, expense, colleague, "withdraw", Refusal, "whoever submitted", reason="x")
    stopped(session, expense, people["sales"], "withdraw", Invalid)
    walk(session, expense, people["sales"], "withdraw", reason="a typing error")
    walk(session, expense, people["sales"], "submit")
    walk(session, expense, people["supervisor"], "approve", amount="500")
    stopped(session, expense, people["sales"], "withdraw", Refusal, "decided on this already", reason="x")


@pytest.mark.parametrize("order", [("inspector", "finance"), ("underwriter", "inspector")])
def test_reviews_come_in_any_order_and_a_quorum_moves_the_state(session, people, approved, order):
    first, second = order
    walk(session, approved, people[first], "check", verdict="yes", reason="looks right")
    assert approved.state == S.APPROVED
    stopped(session, approved, people[first], "check", Refusal, "had your say", verdict="yes")
    walk(session, approved, people[second], "check", verdict="yes")
    assert approved.state == S.CHECKED
    with acting(people["manager"]):
        entries = timeline(session, approved)[:2]
    assert [(e.verb, e.actor) for e in entries] == [
        ("step:check", f"{second.capitalize()} Tester"),
        ("step:check", f"{first.capitalize()} Tester"),
    ]
    assert entries[1].why == "looks right"
    assert "approval" in entries[1].changes


def test_a_reviewer_gives_a_reason_for_a_no_and_it_leads_where_it_should(session, people, approved):
    stopped(session, approved, people["finance"], "check", Invalid)
    stopped(session, approved, people["finance"], "check", Invalid, verdict="perhaps")
    stopped(session, approved, people["finance"], "check", Invalid, verdict="no")
    stopped(session, approved, people["manager"], "check", NotPermitted, verdict="yes")
    walk(session, approved, people["finance"], "check", verdict="no", reason="no budget")
    assert (approved.state, approved.trail.split()) == (S.REFUSED, ["approve", "entered-refused"])


def test_reviewers_do_not_wait_in_line_for_one_another(session, people, approved):
    version = approved.version
    for who in ("inspector", "finance"):
        with acting(people[who]):
            advance(session, approved, "check", answers={"verdict": "yes"}, version=version)
            session.commit()
    assert approved.state == S.CHECKED


def test_effects_run_in_order_and_the_event_is_told_in_the_same_transaction(session, people, approved, monkeypatch):
    told = []
    monkeypatch.setitem(_reactions, ExpensePaid, [lambda event, own: told.append((event, own, current_actor().system))])
    for who in ("inspector", "finance"):
        walk(session, approved, people[who], "check", verdict="yes")
    assert told == []
    walk(session, approved, people["finance"], "pay")
    assert approved.trail.split() == ["approve", "left-checked", "pay", "entered-paid"]
    assert told == [(ExpensePaid(approved.id), session, True)]


def test_a_reaction_that_refuses_undoes_the_step(session, people, approved, monkeypatch):
    def refuse(event, own):
        raise Refusal("Not today.")

    monkeypatch.setitem(_reactions, ExpensePaid, [refuse])
    for who in ("inspector", "finance"):
        walk(session, approved, people[who], "check", verdict="yes")
    stopped(session, approved, people["finance"], "pay", Refusal, "Not today")
    assert approved.payments == 0


def test_a_form_of_before_another_approval_is_stale(session, people, expense):
    version = expense.version
    walk(session, expense, people["supervisor"], "approve", amount="500")
    with acting(people["manager"]), pytest.raises(Conflict):
        advance(session, expense, "approve", answers={"amount": "500"}, version=version)


def test_a_waiting_approval_is_offered_to_the_next_and_closed_to_others(session, people, expense):
    walk(session, expense, people["supervisor"], "approve", amount="500")
    reasons = {}
    for who in ("supervisor", "manager", "finance", "sales"):
        with acting(people[who]):
            found = [o for o in offers(session, expense, current_actor()) if o.step.name == "approve"]
            reasons[who] = found[0].reason if found else "not granted"
    assert reasons == {
        "supervisor": approvals.GIVEN,
        "manager": None,
        "finance": None,
        "sales": "not granted",
    }


def test_taking_a_level_from_a_role_closes_it(session, people, expense):
    without = replace(
        people["manager"], reach={k: v for k, v in people["manager"].reach.items() if k[0] != "step:approve.level2"}
    )
    walk(session, expense, people["supervisor"], "approve", amount="500")
    stopped(session, expense, without, "approve", Refusal, "somebody else", amount="500")


@pytest.fixture
def deputy(people):
    """The supervisor, standing in for the manager."""
    absent = people["manager"]
    return replace(people["supervisor"], represented={absent.user_id: absent.name}, absent=(absent,))


def test_a_deputy_agrees_in_the_place_of_who_is_absent_and_history_names_both(session, people, expense, deputy):
    other = with_verbs(people["supervisor2"], "step:approve", "step:approve.level1", "read")
    walk(session, expense, other, "approve", amount="500")
    walk(session, expense, deputy, "approve", amount="500")
    assert expense.state == S.APPROVED
    with acting(people["manager"]):
        entry = timeline(session, expense)[0]
        given = session.scalars(select(Approval).order_by(Approval.id.desc())).first()
    assert (given.part, given.user_id, given.for_id) == ("level2", deputy.user_id, people["manager"].user_id)
    assert "Supervisor Tester" in entry.actor
    assert entry.changes["in_place_of"] == [None, "Manager Tester"]


def test_a_deputy_does_not_agree_twice_nor_after_who_is_absent(session, people, expense, deputy):
    walk(session, expense, deputy, "approve", amount="500")
    stopped(session, expense, deputy, "approve", Refusal, "had your say", amount="500")
    walk(session, expense, people["manager"], "approve", amount="500")
    assert expense.state == S.APPROVED


def test_the_absent_persons_own_agreement_counts_for_the_deputy(session, people, expense):
    absent = people["manager"]
    nobody = with_verbs(replace(people["service"], absent=(absent,)), "read")
    walk(session, expense, absent, "approve", amount="500")
    stopped(session, expense, nobody, "approve", Refusal, "somebody else", amount="500")
    stopped(session, expense, nobody, "give_back", NotPermitted, reason="x")


def test_nobody_approves_the_absent_persons_own_amount_as_deputy(session, people, as_system, deputy):
    leader = with_verbs(people["manager"], "add", "step:submit")
    own = enter(session, leader, Expense(code="E9", amount=500, unit_id=people["supervisor"].unit_id))
    walk(session, own, leader, "submit")
    other = with_verbs(people["supervisor2"], "step:approve", "step:approve.level1", "read")
    walk(session, own, other, "approve", amount="500")
    stopped(session, own, deputy, "approve", Refusal, "somebody else", amount="500")


ROW = {"record": "expense", "row_id": 1, "step": "approve", "part": "level1", "verdict": "yes", "seal": "x"}


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ({}, True),
        ({"who": "manager"}, True),
        ({"part": "level2"}, True),
        ({"part": "level2", "who": "manager"}, False),
        ({"part": "level2", "who": "manager", "for_": "supervisor"}, True),
        ({"row_id": 2}, False),
    ],
)
def test_the_database_itself_lets_no_part_and_no_person_agree_twice(session, people, as_system, second, refused):
    def write(who="supervisor", for_=None, **more):
        values = {"user_id": people[who].user_id, "for_id": people[for_ or who].user_id}
        session.execute(insert(Approval).values(**(ROW | values | more)))
        session.flush()

    write()
    if refused:
        with pytest.raises(IntegrityError):
            write(**second)
        return
    write(**second)
