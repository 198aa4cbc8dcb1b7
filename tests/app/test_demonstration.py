"""Demonstration data told from what came later, and taken away: exactly it, its people, and nothing else."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.kernel import demonstration, filling
from app.kernel.actor import acting, system_actor
from app.kernel.history.reading import page
from app.kernel.permissions import add_user
from app.kernel.tables import Clock, Notice
from app.schema.errors import NotPermitted, Refusal
from app.schema.record import metadata
from app.schema.registry import registry
from models.contracts import Contract
from models.customers import Customer
from tests.factories import make
from tests.models import book

KEPT = (
    "ab_role",
    "ab_permission",
    "ab_view_menu",
    "ab_permission_view",
    "audit_entry",
    "audit_seal",
    "serial",
    "epoch",
)


def counted(session):
    """How many rows each table has, but for what only ever grows."""
    connection = session.connection()
    tables = [t for t in metadata.sorted_tables if t.name not in KEPT and t.name != "demo_range"]
    return {t.name: connection.scalar(select(func.count()).select_from(t)) for t in tables}


def test_what_was_noted_goes_and_everything_else_stays_as_it_was(backend, session, people):
    with acting(system_actor("tests", "cli")):
        make(session, registry["claim"], people["claims"])
        real = book.customer(session, people["sales"])
        session.commit()
        before = counted(session)
        with demonstration.noting(session):
            filling.fill(session, 400, seed=3, language="both", today=date(2026, 11, 2))
            add_user(session, "guide", "Demo", "Guide", "guide@demo.example.cn", ["sales"], "yanxu-demo")
        session.commit()
        assert counted(session)["customer"] > before["customer"]
        later = book.customer(session, people["sales"])
        later.owner_id = session.connection().scalar(select(func.max(metadata.tables["ab_user"].c.id)))
        session.commit()
        told = demonstration.found(session)
        assert told.ours["ab_user"] == 1
        assert told.hanging == {}
        demonstration.remove(session)
        session.commit()
        after = counted(session)
        assert after.pop("customer") == before.pop("customer") + 1
        assert {name: n for name, n in after.items() if n != before[name]} == {}
        assert session.get(Customer, real.id).owner_id == people["sales"].user_id
        assert session.get(Customer, later.id).owner_id is None, "whose keeper was invented is nobody's"
        assert demonstration.found(session).ours == {}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_hangs_on_it_is_told_and_goes_only_if_it_is_asked_for(backend, session, people):
    with acting(system_actor("tests", "cli")):
        with demonstration.noting(session):
            invented = book.customer(session, people["sales"], name="Invented")
        session.commit()
        contract = book.contract(session, date(2027, 1, 1), of=invented)
        renewal = book.renewal(session, contract)
        session.commit()
        gone = contract.id
        told = demonstration.found(session)
        assert (told.ours, told.hanging) == ({"customer": 1}, {"contract": [gone], "renewal": [renewal.id]})
        with pytest.raises(Refusal, match="hang on the demonstration"):
            demonstration.remove(session)
        assert session.get(Contract, gone) is not None
        demonstration.remove(session, with_hanging=True)
        session.commit()
        for table in (Customer, Contract, Clock, Notice):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        again = book.contract(session, date(2027, 1, 1))
        session.commit()
        assert again.id == gone, "SQLite gives the number again"
        verbs = [each.what.verb for each in page(session, again, None, 50)[0] if hasattr(each.what, "verb")]
        assert verbs.count("add") == 1, "with a history of its own"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_row_that_was_given_the_number_of_a_deleted_one_stays(backend, session, people):
    with acting(system_actor("tests", "cli")):
        with demonstration.noting(session):
            invented = book.customer(session, people["sales"], name="Invented")
        session.commit()
        number = invented.id
        session.delete(invented)
        session.commit()
        real = book.customer(session, people["sales"], name="Real")
        session.commit()
        assert real.id == number, "SQLite gives the number again"
        assert demonstration.found(session).ours == {}
        demonstration.remove(session)
        session.commit()
        assert session.get(Customer, number).name == "Real"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_somebody_must_be_left_to_administer_and_only_the_system_removes(backend, session, people):
    with acting(system_actor("tests", "cli")):
        everybody = metadata.tables["ab_user"]
        last = session.connection().scalar(select(func.max(everybody.c.id)))
        session.add(demonstration.DemoRange(table="ab_user", first=1, last=last))
        session.commit()
        with pytest.raises(Refusal, match="administer"):
            demonstration.remove(session)
        session.rollback()
        assert session.connection().scalar(select(func.count()).select_from(everybody)) == last
    with acting(people["admin"]), pytest.raises(NotPermitted, match="Only the system"):
        demonstration.remove(session)


def test_the_commands_tell_and_remove(sqlite_backend):
    sqlite_backend.reset()
    run = sqlite_backend.app.test_cli_runner().invoke
    assert "No demonstration rows are known" in run(args=["demo", "status"]).output
    filled = run(args=["demo", "--size", "300", "--on", "2026-11-02"])
    assert filled.exit_code == 0, filled.output
    assert "demonstration rows" in run(args=["demo", "status"]).output
    gone = run(args=["demo", "remove", "--yes"])
    assert "The demonstration is gone." in gone.output, gone.output
    assert "No demonstration rows are known" in run(args=["demo", "status"]).output
