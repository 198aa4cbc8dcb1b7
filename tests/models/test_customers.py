"""Customers: who sees them, and through what."""

from datetime import date

import pytest
from sqlalchemy import event, select

from app.kernel.access import find
from app.kernel.actor import acting
from app.schema.errors import NotFound, NotPermitted
from models.customers import ContactPerson, Customer
from models.customers.states import CustomerState
from tests.models import book


@pytest.fixture
def files(session, people, as_system):
    """Five customers: kept, served by a contract, served by a renewal, in the pool, and somebody else's."""
    made = {
        "kept": book.customer(session, people["renewal"]),
        "contract": book.customer(session, people["renewal3"]),
        "renewal": book.customer(session, people["renewal3"]),
        "pool": book.customer(session),
        "other": book.customer(session, people["renewal3"]),
    }
    book.contract(session, date(2026, 5, 1), of=made["contract"], keeper=people["renewal"])
    theirs = book.contract(session, date(2026, 5, 1), of=made["renewal"], keeper=people["renewal3"])
    book.renewal(session, theirs, people["renewal"])
    book.renewal(session, book.contract(session, date(2026, 5, 2), of=made["pool"]))
    book.renewal(session, book.contract(session, date(2026, 5, 3), of=made["other"]), people["renewal3"])
    session.commit()
    return {name: row.id for name, row in made.items()}


def seen(session, actor, record=Customer):
    with acting(actor):
        return set(session.scalars(select(record.id)))


def test_a_specialist_sees_those_kept_or_served_and_the_pool(session, people, files):
    expected = {files[name] for name in ("kept", "contract", "renewal", "pool")}
    assert seen(session, people["renewal"]) == expected
    with acting(people["renewal"]), pytest.raises(NotFound):
        find(session, Customer, files["other"])


def test_sales_see_none_of_the_renewals_customers(session, people, files):
    assert seen(session, people["sales"]) == set()


def test_the_supervisor_sees_the_team_and_the_pool_and_the_manager_all(session, people, files):
    assert files["other"] not in seen(session, people["supervisor"])
    assert seen(session, people["supervisor"]) >= {files[name] for name in ("kept", "contract", "renewal", "pool")}
    assert seen(session, people["manager"]) == set(files.values())


def test_the_front_desk_finds_whoever_calls(session, people, files):
    assert seen(session, people["service"]) == set(files.values())


def test_contact_persons_are_seen_as_their_customer_is(session, people, files, as_system):
    rows = [ContactPerson(customer_id=files[name], name=name) for name in ("kept", "other")]
    session.add_all(rows)
    session.commit()
    assert seen(session, people["renewal"], ContactPerson) == {rows[0].id}
    session.add(ContactPerson(customer_id=files["other"], name="intruder"))
    with acting(people["renewal"]), pytest.raises(NotPermitted):
        session.flush()


def test_a_new_customer_has_a_number_and_is_kept_by_whoever_adds_it(session, people):
    with acting(people["renewal"]):
        made = Customer(name="王芳")
        session.add(made)
        session.flush()
    assert made.number.startswith("CUS-")
    assert (made.owner_id, made.state) == (people["renewal"].user_id, CustomerState.NEW)


def test_nobody_makes_a_customer_ones_own_by_saying_so(session, people, files):
    with acting(people["renewal"]):
        theirs = find(session, Customer, files["renewal"])
        session.expire(theirs)
        theirs.owner_id, theirs.unit_id = people["renewal"].user_id, people["renewal"].unit_id
        with pytest.raises(NotPermitted, match="among those you may change"):
            session.flush()


def test_a_file_not_loaded_yet_is_judged_by_its_old_keeper(session, people, files):
    with acting(people["supervisor"]):
        kept = find(session, Customer, files["kept"])
        session.expire(kept)
        kept.owner_id, kept.unit_id = people["sales"].user_id, people["sales"].unit_id
        session.flush()
    assert kept.owner_id == people["sales"].user_id


def test_the_way_through_other_records_is_one_set_of_ids_asked_once(backend, session, people, files):
    """An OR across tables would be asked of every row: minutes, not milliseconds, in a large book."""
    asked = []
    event.listen(backend.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert len(seen(session, people["renewal"])) == 4
    (statement,) = (sql for sql in asked if "FROM customer" in sql)
    assert statement.count("customer.owner_id IN") == 1
    assert "OR customer.id IN" not in statement
    assert "UNION ALL" in statement
