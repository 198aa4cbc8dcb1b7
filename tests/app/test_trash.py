"""The trash: deleted rows come back whole, to who deleted them or leads there, through the normal rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel import trash
from app.kernel.actor import acting, system_actor
from app.kernel.history import reading
from app.kernel.tables import AuditEntry, Trashed
from app.kernel.workflow import advance
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.registry import registry
from tests.gadget import Gadget, GadgetPart
from tests.screens import plain, post

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PHONE = "+8613800138000"


@pytest.fixture
def thrown(session, people):
    """A gadget of `renewal` with two parts, offered and then deleted by the manager; its number."""
    with acting(people["renewal"]):
        row = Gadget(code="G-1", name="a thing", price=Decimal("12.50"), buyer_phone=PHONE)
        session.add(row)
        session.flush()
        session.add_all(
            [GadgetPart(gadget_id=row.id, name="wheel", count=4), GadgetPart(gadget_id=row.id, name="seat")]
        )
        session.commit()
        advance(session, row, "offer")
        session.commit()
        key = row.id
    with acting(people["manager"]):
        session.delete(session.get(Gadget, key))
        session.commit()
    session.expunge_all()
    return key


def kept_of(session, code="G-1"):
    found = session.scalars(select(Trashed.id).where(Trashed.title == code)).one()
    session.rollback()
    return found


def test_a_row_comes_back_whole_under_its_old_number_and_says_so(session, people, thrown):
    with acting(people["manager"]):
        row = trash.restore(session, kept_of(session))
        session.commit()
        assert (row.id, row.code, row.price, row.buyer_phone) == (thrown, "G-1", Decimal("12.50"), PHONE)
        assert (row.state, row.owner_id) == ("offered", people["renewal"].user_id)
        parts = session.scalars(select(GadgetPart).where(GadgetPart.gadget_id == thrown).order_by(GadgetPart.id))
        assert [(part.name, part.count) for part in parts] == [("wheel", 4), ("seat", 1)]
        assert session.scalars(select(Trashed)).all() == []
        told, _next = reading.page(session, row, None, 50)
    own = [each.what.verb for each in told if each.what.record == "gadget"]
    assert own == ["restore", "delete", "step:offer", "add"]
    restored = next(each.what for each in told if each.what.verb == "restore")
    deleted = next(each.what for each in told if each.what.verb == "delete")
    assert restored.reverts_id == deleted.id
    assert "13800138" not in str(restored.changes)


def test_a_deletion_rolled_back_leaves_nothing_in_the_trash(session, people):
    with acting(people["manager"]):
        row = Gadget(code="G-2")
        session.add(row)
        session.commit()
        session.delete(row)
        session.flush()
        assert len(session.scalars(select(Trashed)).all()) == 1
        session.rollback()
        assert session.scalars(select(Trashed)).all() == []


@ONE
@pytest.mark.parametrize(
    ("who", "sees"),
    [("manager", True), ("supervisor", True), ("supervisor2", False), ("renewal", False), ("inspector", False)],
)
def test_who_deleted_it_or_leads_there_sees_it_and_nobody_else(people, session, sign_in, thrown, who, sees):
    client = sign_in(who)
    page = client.get("/trash/").text
    assert ("G-1" in page) == sees
    assert PHONE[3:] not in page
    assert "12.50" not in page
    answer = post(client, f"/trash/{kept_of(session)}/restore")
    assert answer.status_code == 303
    with acting(system_actor("tests")):
        assert (session.get(Gadget, thrown) is not None) == sees
    assert ("Restored." in client.get("/trash/").text) == sees


def test_the_place_a_row_had_decides_and_not_who_had_it_before(session, people, thrown):
    """A supervisor who deleted a row sees it no longer once he or she has moved away."""
    with acting(people["supervisor"]):
        assert [kept.title for kept in trash.listed(session)] == ["G-1"]
        session.rollback()
    with acting(system_actor("tests")):
        kept = session.get(Trashed, kept_of(session))
        kept.unit_id, kept.deleted_by_id = people["renewal3"].unit_id, people["supervisor"].user_id
        session.commit()
    with acting(people["supervisor"]):
        assert trash.listed(session) == []
        with pytest.raises(NotFound):
            trash.restore(session, kept_of(session))


def test_who_may_not_add_may_not_restore(session, people, thrown):
    with acting(people["manager"]) as manager:
        reach = {key: scope for key, scope in manager.reach.items() if key != ("add", "gadget")}
    poorer = type(manager)(name="x", user_id=manager.user_id, unit_ids=manager.unit_ids, reach=reach)
    with acting(poorer), pytest.raises(NotPermitted):
        trash.restore(session, kept_of(session))


@ONE
def test_a_key_that_was_given_to_another_is_a_reason(session, people, sign_in, thrown):
    with acting(people["manager"]):
        session.add(Gadget(id=thrown + 50, code="G-1"))
        session.commit()
    client = sign_in("manager")
    post(client, f"/trash/{kept_of(session)}/restore")
    page = plain(client.get("/trash/").text)
    assert "Not restored. Code: Another entry has this already." in page
    assert "G-1" in page


def test_a_number_or_a_link_that_is_gone_is_a_reason(session, people, thrown):
    with acting(people["manager"]):
        twin = Gadget(code="twin")
        session.add(twin)
        session.flush()
        row = Gadget(code="G-2", twin_id=twin.id)
        session.add(row)
        session.commit()
        key = row.id
        session.delete(row)
        session.commit()
        session.delete(twin)
        session.commit()
        with pytest.raises(Refusal, match="What its Twin pointed at is gone"):
            trash.restore(session, kept_of(session, "G-2"))
        session.rollback()
        session.add(Gadget(id=thrown, code="G-3"))
        session.commit()
        with pytest.raises(Conflict, match="has its number"):
            trash.restore(session, kept_of(session))
        session.rollback()
        assert session.get(Gadget, key) is None


def test_it_is_let_go_for_good_after_the_days_set(session, people, thrown, backend):
    now = datetime.now(UTC)
    with acting(system_actor("job")):
        assert trash.purge(session, now + timedelta(days=29)) == 0
        assert registry.jobs["trash.purge"].work(now + timedelta(days=31), session)["written"] == 1
        session.commit()
        assert session.scalars(select(Trashed)).all() == []
        assert session.scalars(select(AuditEntry).where(AuditEntry.verb == "delete")).all()


@ONE
def test_deleting_says_for_how_long_it_can_be_restored(session, people, sign_in):
    with acting(people["manager"]):
        row = Gadget(code="G-9")
        session.add(row)
        session.commit()
        key, version = row.id, row.version
        session.rollback()
    client = sign_in("manager")
    assert "restored from the trash for 30 days" in plain(client.get(f"/gadget/{key}/delete").text)
    assert post(client, f"/gadget/{key}/delete", version=version).status_code == 303
    assert "G-9" in client.get("/trash/").text
