"""The approvals page: what waits for me, how far my limit goes, many at once with the result of each."""

import re

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.tables import Approval
from tests.expense import Expense, ExpenseState
from tests.journey import enter, walk
from tests.screens import plain, post, value_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def expenses(session, people, as_system):
    """Three submitted by sales: 80, 500 and 5,000. Their ids."""
    made = []
    for code, amount in (("E80", 80), ("E500", 500), ("E5000", 5000)):
        row = enter(session, people["sales"], Expense(code=code, amount=amount, payee="Li"))
        walk(session, row, people["sales"], "submit")
        made.append(row.id)
    session.rollback()
    return made


def state_of(session, key):
    session.rollback()
    session.expire_all()
    with acting(system_actor("tests")):
        state = session.get(Expense, key).state
    session.rollback()
    return state


def shown(client):
    """What waits, by the row's code."""
    page = client.get("/approvals/").text
    items = re.findall(r'<div class="list-group-item yx-waiting">(.*?)</div>', page, re.DOTALL)
    return {plain(item).split()[0]: plain(item) for item in items}


def versions(client):
    page = client.get("/approvals/").text
    return re.findall(r'name="row" value="(\d+:\d+)"[^>]*?>', page)


def test_each_sees_what_waits_for_him_or_her_with_amount_and_limit(session, sign_in, people, expenses):
    found = shown(sign_in("supervisor"))
    assert found == {
        "E80": "E80 Level 1: within your limit 80.00 Open",
        "E500": "E500 Level 1: above your limit, then Level 2 500.00 Open",
        "E5000": "E5000 Level 1: above your limit, then Level 2, Level 3 5,000.00 Open",
    }


def test_many_are_approved_at_once_and_the_result_of_each_is_told(session, sign_in, people, expenses):
    client = sign_in("supervisor")
    rows = versions(client)
    with acting(people["sales"]):
        session.get(Expense, expenses[1]).note = "changed meanwhile"
        session.commit()
    answer = post(client, "/approvals/expense/approve", row=[*rows, "999999:1", "x"])
    assert answer.status_code == 303
    told = plain(client.get("/approvals/").text)
    assert "Approve: E80" in told
    assert "Not done for E500: Somebody changed this meanwhile" in told
    assert "Approve: E5000" in told
    assert "Not done for #999999: There is no such" in told
    assert [state_of(session, key) for key in expenses] == [
        ExpenseState.APPROVED,
        ExpenseState.SUBMITTED,
        ExpenseState.SUBMITTED,
    ]
    assert set(shown(client)) == {"E500"}, "what waits for others now is not mine"
    assert shown(sign_in("manager"))["E5000"].startswith("E5000 Level 2: above your limit, then Level 3")


def test_nothing_chosen_is_said_and_a_row_without_version_is_not_taken(session, sign_in, people, expenses):
    client = sign_in("supervisor")
    post(client, "/approvals/expense/approve")
    assert "Choose between 1 and 100 rows." in client.get("/approvals/").text
    post(client, "/approvals/expense/approve", row=[str(expenses[0])])
    assert state_of(session, expenses[0]) == ExpenseState.SUBMITTED


def test_the_rows_page_tells_who_agreed_and_who_is_waited_for(session, sign_in, people, expenses):
    key = expenses[1]
    walk(session, session.get(Expense, key), people["supervisor"], "approve", amount="500")
    session.rollback()
    page = plain(sign_in("manager").get(f"/expense/{key}").text)
    assert "Approvals: Approve Level 1 agreed Supervisor Tester" in page
    assert "Level 2 waited for manager" in page
    with acting(people["sales"]):
        session.get(Expense, key).payee = "Wang"
        session.commit()
    page = plain(sign_in("manager").get(f"/expense/{key}").text)
    assert "Void (1) Level 1 void Supervisor Tester" in page
    assert "What was approved has changed." in page


def test_what_a_step_agrees_to_stands_in_its_form(session, sign_in, expenses):
    page = sign_in("supervisor").get(f"/expense/{expenses[1]}/step/approve").text
    assert value_of(page, "amount") == "500.00"


def test_a_verdict_is_given_on_the_page_and_by_the_api(session, sign_in, people, expenses):
    key = expenses[0]
    walk(session, session.get(Expense, key), people["supervisor"], "approve", amount="80")
    session.rollback()
    client = sign_in("inspector")
    page = client.get(f"/expense/{key}/step/check").text
    assert '<option value="yes">Yes</option>' in page
    refused = post(client, f"/expense/{key}/step/check", verdict="no", version=value_of(page, "version"))
    assert refused.status_code == 422
    post(client, f"/expense/{key}/step/check", verdict="yes", reason="fine", version=value_of(page, "version"))
    api = sign_in("finance")
    version = api.get(f"/api/v1/expense/{key}").json["result"]["version"]
    body = {"version": version, "verdict": "yes"}
    done = api.post(f"/api/v1/expense/{key}/steps/check", json=body, headers={"X-CSRFToken": api.csrf})
    assert done.json["result"]["state"] == "checked"
    with acting(system_actor("tests")):
        given = session.execute(select(Approval.part, Approval.reason).where(Approval.step == "check")).all()
    assert given == [("legal", "fine"), ("money", None)]
