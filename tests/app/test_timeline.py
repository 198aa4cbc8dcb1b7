"""The timeline of a row, two versions of it side by side, and an edit taken back."""

from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.kernel import history
from app.kernel.actor import acting, system_actor
from app.kernel.history import reading, versions
from app.kernel.outbox import tell
from app.kernel.tables import AuditEntry
from app.kernel.workflow import advance
from app.schema.errors import Conflict, NotFound, Refusal
from app.schema.wording import Sentence
from tests.gadget import Gadget, GadgetPart
from tests.screens import link, plain, post, statements, table_of

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def gadget(session, people):
    """A gadget of `renewal`, edited twice: named, then dearer and renamed."""
    with acting(people["renewal"]):
        twin = Gadget(code="twin")
        session.add(twin)
        session.commit()
        row = Gadget(code="G-1", price=Decimal("1.00"), buyer_phone="+8613800138000")
        session.add(row)
        session.commit()
        row.name, row.twin_id = "first", twin.id
        session.commit()
        row.name, row.price = "second", Decimal("2.00")
        session.commit()
        key = row.id
        session.rollback()
    session.expunge_all()
    return key


def edits(session, key):
    session.rollback()
    mine = select(AuditEntry).where(AuditEntry.record == "gadget", AuditEntry.record_id == key)
    found = session.scalars(mine.order_by(AuditEntry.id)).all()
    session.expunge_all()
    session.rollback()
    return found


def test_all_sorts_stand_on_it_newest_first_page_by_page(session, people, gadget):
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        session.add(GadgetPart(gadget_id=gadget, name="wheel"))
        session.flush()
        tell(session, "t/1", people["renewal"].user_id, Sentence("Look here"), "", row=row)
        history.note(session, row, "reveal", "the customer asked")
        advance(session, row, "offer")
        session.commit()
        seen, before = [], None
        while True:
            found, before = reading.page(session, row, before, 2)
            seen += found
            if before is None:
                break
        whole, _none = reading.page(session, row, None, 50)
    assert [each.place for each in seen] == [each.place for each in whole]
    assert [each.place for each in whole] == sorted((each.place for each in whole), reverse=True)
    verbs = [each.what.verb for each in whole if each.place.sort == "entry"]
    assert verbs == ["step:offer", "reveal", "add", "edit", "edit", "add"]
    assert [each.what[0].subject for each in whole if each.place.sort == "notice"] == ["Look here"]


@ONE
def test_a_page_of_it_costs_the_same_however_long_it_is(backend, session, people, sign_in, gadget):
    client = sign_in("renewal")
    client.get(f"/gadget/{gadget}/timeline")
    counts = []
    for _round in range(2):
        with statements(backend.engine) as sent:
            page = client.get(f"/gadget/{gadget}/timeline").text
        counts.append(len(sent))
        with acting(people["renewal"]):
            row = session.get(Gadget, gadget)
            twin = session.scalars(select(Gadget.id).where(Gadget.code == "twin")).one()
            for n in range(60):
                row.name = f"name {n}"
                row.twin_id = None if n % 2 else twin
                session.commit()
            session.rollback()
    assert counts[0] == counts[1] <= 9, sent
    assert page.count("yx-happened-change") == 25
    older = client.get(link(page, "Show older")).text
    assert older.count("yx-happened-change") == 25


@ONE
@pytest.mark.parametrize("before", ["x", "~~", "2026-01-01~entry~1", "2026-01-01T00:00:00+00:00~other~1", "%00"])
def test_a_senseless_place_is_the_beginning(sign_in, gadget, before):
    assert "yx-happened-change" in sign_in("renewal").get(f"/gadget/{gadget}/timeline?before={before}").text


def test_a_row_that_got_the_number_of_a_deleted_one_has_no_part_in_its_past(session, people, gadget):
    """SQLite gives the number of the last row again."""
    with acting(people["manager"]):
        row = session.get(Gadget, gadget)
        tell(session, "t/1", people["renewal"].user_id, Sentence("Look here"), "", row=row)
        session.delete(row)
        session.commit()
        first = edits(session, gadget)[0].id
        other = Gadget(id=gadget, code="another life")
        session.add(other)
        session.commit()
        found, _next = reading.page(session, other, None, 50)
        assert [each.what.verb for each in found] == ["add"]
        with pytest.raises(NotFound):
            versions.entry_of(session, other, first)


def test_two_edits_at_the_same_time_keep_both_entries(backend, session, people, gadget):
    """Of two people one is refused and tries again: no edit is lost, and each is told of."""
    ready, refused = Barrier(2), []

    def edit(person, field, value):
        with backend.session() as own, acting(people[person]):
            row = own.get(Gadget, gadget)
            own.rollback() if backend.engine.dialect.name == "sqlite" else None
            ready.wait(timeout=30)
            while True:
                try:
                    setattr(row, field, value)
                    own.commit()
                    return
                except Conflict as conflict:
                    refused.append(conflict)
                    own.rollback()
                    row = own.get(Gadget, gadget)

    threads = [
        Thread(target=edit, args=("renewal", "name", "by renewal")),
        Thread(target=edit, args=("supervisor", "price", 7)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = edits(session, gadget)[-2:]
    assert {(e.actor, *e.changes) for e in last} == {("Renewal Tester", "name"), ("Supervisor Tester", "price")}
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        assert (row.name, row.price) == ("by renewal", 7)


def test_a_version_is_told_by_undoing_what_came_after(session, people, gadget):
    add, first, second = edits(session, gadget)
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        found = versions.after(session, row, [add.id, first.id, second.id])
        assert found[second.id] == versions.present(row)
    told = {id_: (values["name"], values["price"], values["state"]) for id_, values in found.items()}
    assert told == {
        add.id: (None, "1.00", "draft"),
        first.id: ("first", "1.00", "draft"),
        second.id: ("second", "2.00", "draft"),
    }
    assert "13800138" not in str(found)


@ONE
def test_two_versions_stand_side_by_side_in_words(session, sign_in, gadget):
    add, first, _second = edits(session, gadget)
    client = sign_in("renewal")
    page = client.get(f"/gadget/{gadget}/compare?v={add.id}&v={first.id}").text
    rows = {cells[0] if len(cells) > 2 else "": cells for cells in table_of(page)}
    text = plain(page)
    assert "Twin differs — twin" in text
    assert "Name differs — first" in text
    assert "Price 1.00 1.00" in text
    assert rows
    now = plain(client.get(f"/gadget/{gadget}/compare?v={first.id}").text)
    assert "Price differs 1.00 2.00" in now
    assert "13800138" not in page
    assert client.get(f"/gadget/{gadget}/compare").status_code == 422
    assert client.get(f"/gadget/{gadget}/compare?v=999999").status_code == 404


@ONE
def test_an_edit_is_taken_back_by_an_edit_that_says_so(session, people, sign_in, gadget):
    _add, _first, second = edits(session, gadget)
    client = sign_in("renewal")
    with acting(people["renewal"]):
        version = session.get(Gadget, gadget).version
        session.rollback()
    stale = post(client, f"/gadget/{gadget}/revert/{second.id}", version=version - 1)
    assert stale.status_code == 409
    assert post(client, f"/gadget/{gadget}/revert/{second.id}", version=version).status_code == 303
    last = edits(session, gadget)[-1]
    assert (last.verb, last.reverts_id, last.actor) == ("revert", second.id, "Renewal Tester")
    assert last.changes == {"name": ["second", "first"], "price": ["2.00", "1.00"]}
    assert f"Took back entry no. {second.id}" in plain(client.get(f"/gadget/{gadget}").text)
    api = f"/api/v1/gadget/{gadget}"
    again = client.post(
        f"{api}/history/{last.id}/revert", json={"version": version + 1}, headers={"X-CSRFToken": client.csrf}
    )
    assert again.json["result"]["name"] == "second"
    told = client.get(f"{api}/history").json["result"][0]
    assert (told["what"], told["changes"][0]) == ("Revert", {"field": "Name", "old": "first", "new": "second"})


def test_what_an_edit_may_not_write_is_not_taken_back(session, people, gadget):
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        row.buyer_phone = "+8613900139000"
        session.commit()
        twin = session.scalars(select(Gadget).where(Gadget.code == "twin")).one()
        advance(session, row, "offer")
        session.commit()
    add, first, second, private, step = edits(session, gadget)
    allowed = {"name", "price", "buyer_phone", "twin_id"}

    def refused(entry, said, allowed=allowed, who="renewal", kind=Refusal):
        with acting(people[who]):
            session.expire_all()
            with pytest.raises(kind, match=said):
                versions.revert(session, session.get(Gadget, gadget), entry.id, allowed)
            session.rollback()

    refused(add, "Only an edit")
    refused(step, "Only an edit")
    refused(private, "Buyer phone is private: only its mask was kept")
    refused(first, "Name has changed again since", kind=Conflict)
    refused(second, "Price cannot be written", allowed={"name"})
    with acting(system_actor("tests")):
        session.get(Gadget, gadget).name = "first"
        session.get(Gadget, gadget).twin_id = None
        session.commit()
        back = edits(session, gadget)[-1]
        twin = session.get(Gadget, twin.id)
        twin.owner_id, twin.unit_id = people["renewal3"].user_id, people["renewal3"].unit_id
        session.commit()
        session.expunge_all()
    refused(back, "Choose from those you may see")
    with acting(people["renewal"]):
        assert session.get(Gadget, gadget).twin_id is None


@ONE
def test_taking_back_is_offered_where_it_makes_sense_and_refused_to_others(session, people, sign_in, gadget):
    _add, _first, second = edits(session, gadget)
    owner, reader = sign_in("renewal"), sign_in("inspector")
    assert f"/revert/{second.id}" in owner.get(f"/gadget/{gadget}").text
    assert "/revert/" not in reader.get(f"/gadget/{gadget}").text
    assert post(reader, f"/gadget/{gadget}/revert/{second.id}", version=3).status_code == 403
    assert post(sign_in("renewal2"), f"/gadget/{gadget}/revert/{second.id}", version=3).status_code == 404
    with acting(people["renewal"]):
        other = session.scalars(select(Gadget.id).where(Gadget.code == "twin")).one()
        session.rollback()
    assert post(owner, f"/gadget/{other}/revert/{second.id}", version=1).status_code == 404


def test_history_of_a_set_based_job_stays_one_entry_and_breaks_no_timeline(session, people, gadget):
    with acting(system_actor("job")):
        history.summarise(session, "gadget", "lapse", {"ids": [gadget], "before": "2026-01-01"})
        session.commit()
    with acting(people["renewal"]):
        found, _next = reading.page(session, session.get(Gadget, gadget), None, 50)
    assert [each.what.verb for each in found] == ["edit", "edit", "add"]
    assert reading.Place.read(str(found[0].place)) == found[0].place
    assert found[0].place.at <= datetime.now(UTC)
