"""Races, with real sessions and connections: each row is decided once, an edit is never lost untold, and what is sent
twice is done once."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import OperationalError

from app.kernel.actor import acting, system_actor
from app.kernel.database import engine_options, is_locked, prepare
from app.kernel.guard import GuardedSession
from app.kernel.tables import Approval, AuditEntry
from app.kernel.workflow import adopt, advance
from app.schema.errors import Refusal
from tests.expense import Expense, ExpenseState
from tests.screens import post, value_of

CONNECTIONS = 30


@pytest.fixture
def crowd(backend):
    """Sessions for many threads at once; whoever finds no free connection waits for one."""
    options = engine_options(backend.url) | {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": 600}
    engine = prepare(create_engine(backend.url, **options))
    yield lambda: GuardedSession(bind=engine, expire_on_commit=False)
    engine.dispose()


def submitted(session, people, count):
    """So many expenses of sales, submitted; their ids."""
    owner = people["sales"]
    with acting(system_actor("tests")):
        made = [
            Expense(code=f"E{n}", amount=80, payee="Li", owner_id=owner.user_id, unit_id=owner.unit_id)
            for n in range(count)
        ]
        session.add_all(made)
        session.flush()
        for row in made:
            adopt(session, row, ExpenseState.SUBMITTED)
        session.commit()
        return [row.id for row in made]


@pytest.mark.parametrize("size", [15, pytest.param(100, marks=pytest.mark.nightly)])
def test_of_as_many_simultaneous_approvals_as_there_are_rows_each_row_takes_one(session, people, crowd, size):
    """`size` rows, and on each of them `size` approvals at once: exactly `size` effects."""
    keys = submitted(session, people, size)
    approvers, barrier = (people["supervisor"], people["manager"]), Barrier(size)

    def approve_all(number: int) -> Counter:
        found: Counter = Counter()
        barrier.wait()
        for key in keys:
            with crowd() as own, acting(approvers[number % 2]):
                try:
                    advance(own, own.get(Expense, key), "approve", answers={"amount": "80"})
                    own.commit()
                    found["taken"] += 1
                except Refusal as refusal:
                    own.rollback()
                    found[type(refusal).__name__] += 1
                except OperationalError as error:
                    own.rollback()
                    if not is_locked(error):
                        raise
                    found["busy"] += 1
        return found

    with ThreadPoolExecutor(size) as pool:
        outcomes = sum(pool.map(approve_all, range(size)), Counter())
    assert outcomes["taken"] == size, outcomes
    assert outcomes.total() == size * size
    assert set(outcomes) <= {"taken", "Conflict", "busy"}, outcomes
    session.rollback()
    with acting(system_actor("tests")):
        counted = select(func.count(), func.count(AuditEntry.record_id.distinct()))
        assert session.execute(counted.where(AuditEntry.verb == "step:approve")).one() == (size, size)
        assert session.execute(select(func.count(), func.count(Approval.row_id.distinct()))).one() == (size, size)
        assert set(session.execute(select(Expense.state, Expense.trail))) == {(ExpenseState.APPROVED, "approve ")}


def at_once(clients, send):
    """What each of the clients is answered when all send at the same moment."""
    barrier = Barrier(len(clients))

    def one(client):
        barrier.wait()
        return send(client)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(one, clients))


def test_of_many_browsers_one_approves(session, people, sign_in):
    (key,) = submitted(session, people, 1)
    session.rollback()
    clients = [sign_in(who) for who in ("supervisor", "manager", "finance") * 2]
    version = value_of(clients[0].get(f"/expense/{key}/step/approve").text, "version")
    path = f"/expense/{key}/step/approve"
    answers = at_once(clients, lambda client: post(client, path, amount="80", version=version))
    assert sorted(a.status_code for a in answers) == [303, 409, 409, 409, 409, 409]
    with acting(system_actor("tests")):
        assert session.scalars(select(Expense.trail)).all() == ["approve "]


def test_of_many_who_edit_at_once_one_saves_and_the_others_are_told(session, people, sign_in):
    (key,) = submitted(session, people, 1)
    session.rollback()
    clients = [sign_in(who) for who in ("sales", "supervisor", "manager") * 2]
    pages = [client.get(f"/expense/{key}/edit").text for client in clients]
    texts = iter(range(len(clients)))

    def edit(client):
        return post(client, f"/expense/{key}/edit", note=f"note {next(texts)}", version=value_of(pages[0], "version"))

    answers = at_once(clients, edit)
    assert sorted(a.status_code for a in answers) == [303, 409, 409, 409, 409, 409]
    with acting(system_actor("tests")):
        (kept,) = session.scalars(select(Expense.note))
        edits = (AuditEntry.verb == "edit", AuditEntry.record == "expense", AuditEntry.user_id.is_not(None))
        assert session.scalar(select(func.count()).where(*edits)) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert f"Take what was saved: {kept}" in answer.text
            assert value_of(answer.text, "note") != kept


def test_a_form_sent_many_times_at_once_makes_one_row(session, people, sign_in):
    clients = [sign_in("sales") for _ in range(6)]
    once = value_of(clients[0].get("/expense/add").text, "once")
    answers = at_once(clients, lambda client: post(client, "/expense/add", code="N1", amount="5", once=once))
    with acting(system_actor("tests")):
        (key,) = session.scalars(select(Expense.id))
    assert {(a.status_code, a.location, told(a)) for a in answers} == {(303, f"/expense/{key}", "")}


def told(answer):
    """What a page says is wrong."""
    return " ".join(re.findall(r'(?:alert-danger" role="alert">|-problem">)(.*?)</div>', answer.text))


def test_a_request_with_a_key_sent_many_times_at_once_makes_one_row(session, people, sign_in):
    clients = [sign_in("sales") for _ in range(6)]

    def send(client):
        headers = {"X-CSRFToken": client.csrf, "Idempotency-Key": "order-7"}
        return client.post("/api/v1/expense/", json={"code": "N1", "amount": "5"}, headers=headers)

    answers = at_once(clients, send)
    assert {a.status_code for a in answers} == {201}
    assert len({a.json["result"]["id"] for a in answers}) == 1
    with acting(system_actor("tests")):
        assert session.scalar(select(func.count()).select_from(Expense)) == 1
