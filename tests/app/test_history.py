"""Every change leaves an entry in its own transaction, masked like the field, and numbers leave no gap."""

from decimal import Decimal
from threading import Thread

from sqlalchemy import func, select

from app.kernel.actor import acting, on_behalf
from app.kernel.history import summarise, timeline
from app.kernel.numbering import take
from app.kernel.tables import AuditEntry
from tests.gadget import Gadget


def entries(session):
    return session.scalars(select(AuditEntry).where(AuditEntry.record == "gadget").order_by(AuditEntry.id)).all()


def test_add_edit_and_delete_are_told_with_old_and_new(session, people):
    with acting(people["manager"]) as actor:
        row = Gadget(code="a", price=Decimal("1.00"))
        session.add(row)
        session.commit()
        row.price, row.name = Decimal("2.00"), "named"
        session.commit()
        session.delete(row)
        session.commit()
    add, edit, delete = entries(session)
    assert (add.verb, edit.verb, delete.verb) == ("add", "edit", "delete")
    assert edit.changes == {"price": ["1.00", "2.00"], "name": [None, "named"]}
    assert delete.changes["code"] == ["a", None]
    assert {(e.user_id, e.actor, e.record_id) for e in (add, edit, delete)} == {(actor.user_id, actor.name, row.id)}


def test_a_rolled_back_change_leaves_no_entry(session, people):
    with acting(people["manager"]):
        session.add(Gadget(code="a"))
        session.flush()
        session.rollback()
    assert entries(session) == []


def test_saving_without_a_change_leaves_no_entry_and_keeps_the_version(session, people):
    with acting(people["manager"]):
        row = Gadget(code="a", price=1)
        session.add(row)
        session.commit()
        version = row.version
        row.code = "a"
        session.commit()
        assert row.version == version
    assert len(entries(session)) == 1


def test_private_values_are_masked_in_it(session, people):
    with acting(people["manager"]):
        session.add(Gadget(code="a", buyer_phone="+8613800138000"))
        session.commit()
    assert "13800138" not in str(entries(session)[0].changes)


def test_what_the_system_did_for_a_person_names_the_person_and_why(session, people):
    with acting(people["service"]) as actor, on_behalf("closing a renewal"):
        session.add(Gadget(code="a"))
        session.commit()
    entry = entries(session)[0]
    assert (entry.user_id, entry.actor, entry.why) == (actor.user_id, actor.name, "closing a renewal")


def test_a_set_based_change_is_one_entry(session, as_system):
    summarise(session, "gadget", "import", {"count": 3, "keys": [1, 2, 3]})
    session.commit()
    assert (entries(session)[0].record_id, entries(session)[0].changes["count"]) == (None, 3)


def test_the_timeline_is_of_one_row(session, people):
    with acting(people["manager"]):
        one, two = Gadget(code="1"), Gadget(code="2")
        session.add_all([one, two])
        session.commit()
        assert [e.record_id for e in timeline(session, two)] == [two.id]


def test_numbers_are_gapless_within_their_year_under_concurrency(backend, session, as_system):
    taken: list[int] = []

    def draw(roll_back: bool) -> None:
        with backend.session() as own:
            number = take(own, "test", 2026)
            if roll_back:
                own.rollback()
            else:
                own.commit()
                taken.append(number)

    threads = [Thread(target=draw, args=(n % 3 == 0,)) for n in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 11))
    assert take(session, "test", 2027) == 1
    assert take(session, "test", 2026, 5) == 15


def test_every_audit_row_has_a_time_from_this_run(session, people):
    with acting(people["manager"]):
        session.add(Gadget(code="a"))
        session.commit()
        created = session.scalars(select(Gadget.created_at)).one()
    assert session.scalar(select(func.max(AuditEntry.at)).where(AuditEntry.record == "gadget")) >= created
