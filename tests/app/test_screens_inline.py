"""Editing a field where it stands in a list: by the rules of the form, whatever the address asks for."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.kernel.workflow import adopt
from app.panel.fields import form_fields
from app.schema.record import Line
from app.schema.registry import registry
from tests.dossier import Delivery, Dossier
from tests.factories import make
from tests.gadget import Booth, Gadget, GadgetState
from tests.promises.oracle import PEOPLE
from tests.screens import plain, post, problem_at, statements, table_of, value_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def rows(session, people, monkeypatch):
    """A gadget of two members of a team, one of another branch, and one sold, which steps alone change; ids by code."""
    monkeypatch.setattr(Gadget.workflow, "frozen", frozenset({GadgetState.SOLD}))
    owners = {"A": "sales", "B": "renewal", "FOREIGN": "renewal3", "SOLD": "sales"}
    with acting(system_actor("tests")):
        made = {
            code: make(session, Gadget, people[owner], code=code, name="Bel", price=Decimal(10))
            for code, owner in owners.items()
        }
        adopt(session, made["SOLD"], GadgetState.SOLD)
        session.commit()
        return {code: row.id for code, row in made.items()}


def row_of(session, key, record=Gadget):
    with acting(system_actor("tests")):
        row = session.get(record, key, populate_existing=True)
        session.expunge_all()
        session.rollback()
        return row


def opened(client, key, name, record="gadget"):
    page = client.get(f"/{record}/{key}/cell/{name}")
    assert page.status_code == 200, page.text
    return page.text


def send(client, page, key, *, of="gadget", query="", **typed):
    """Send a question back; the field it is about comes first among what was typed."""
    sent = {"version": value_of(page, "version"), "seen": value_of(page, "seen")} | typed
    return post(client, f"/{of}/{key}/cell/{next(iter(typed))}{query}", **sent)


def test_what_may_be_edited_is_marked_at_heads_and_rows_and_costs_no_statement(rows, sign_in, backend):
    page = sign_in("sales").get("/gadget/").text
    assert set(re.findall(r'data-edit="(\w+)"', page)) == {"name", "price", "twin_id"}, "no code, phone, state, owner"
    assert re.findall(r'data-row="(\d+)"', page) == [str(rows["A"])], "the sold one is closed"
    for reader in ("finance", "inspector"):
        assert "data-edit" not in sign_in(reader).get("/gadget/").text
        assert "cells.js" not in sign_in(reader).get("/gadget/").text


def test_a_value_is_changed_where_it_stands(rows, sign_in, session):
    client, key = sign_in("sales"), rows["A"]
    page = opened(client, key, "name")
    assert value_of(page, "name") == "Bel"
    answer = send(client, page, key, query="?order=code&q=x", name="Bell")
    assert answer.status_code == 200
    assert table_of(answer.text)[0][:3] == ["A", "Bell", "10.00"]
    assert "<html" not in answer.text
    row = row_of(session, key)
    assert f'data-row="{key}"' in answer.text
    assert f'name="row" value="{key}:{row.version}"' in answer.text, "it can be chosen in its new version"
    assert (row.name, row.price) == ("Bell", Decimal(10))
    with acting(system_actor("tests")):
        entry = session.scalars(select(AuditEntry).where(AuditEntry.record_id == key).order_by(-AuditEntry.id)).first()
        session.expunge_all()
        session.rollback()
    assert (entry.verb, entry.actor, entry.changes) == ("edit", "Sales Tester", {"name": ["Bel", "Bell"]})


def test_what_cannot_be_read_is_said_and_kept(rows, sign_in, session):
    client, key = sign_in("sales"), rows["A"]
    answer = send(client, opened(client, key, "price"), key, price="ten")
    assert answer.status_code == 422
    assert value_of(answer.text, "price") == "ten"
    assert "write a number" in problem_at(answer.text, "price", f"i-{key}-")
    assert row_of(session, key).price == Decimal(10)
    assert send(client, answer.text, key, price="11").status_code == 200
    assert row_of(session, key).price == Decimal(11)


def test_what_somebody_else_saved_meanwhile_is_shown_beside_what_was_typed(rows, sign_in, session):
    client, key = sign_in("sales"), rows["A"]
    mine, other = opened(client, key, "name"), sign_in("supervisor")
    assert send(other, opened(other, key, "name"), key, name="Bowl").status_code == 200
    answer = send(client, mine, key, name="Bell")
    assert answer.status_code == 409
    assert value_of(answer.text, "name") == "Bell"
    assert "Saved by somebody else meanwhile: Bowl" in plain(answer.text)
    assert "Supervisor Tester saved this row" in plain(answer.text)
    assert row_of(session, key).name == "Bowl"
    assert send(client, answer.text, key, name="Bell", **{"take-name": "mine"}).status_code == 200
    assert row_of(session, key).name == "Bell"


REFUSED = (
    ("A", "code", 403, "fixed"),
    ("A", "buyer_phone", 403, "masked"),
    ("A", "state", 403, "moved by steps alone"),
    ("A", "owner_id", 403, "handed over, not written"),
    ("A", "version", 403, "bookkeeping"),
    ("A", "no_such", 403, "none"),
    ("A", "__class__", 403, "none"),
    ("FOREIGN", "name", 404, "out of sight"),
    ("SOLD", "name", 409, "closed"),
)


def test_nothing_else_is_written_by_a_crafted_address(rows, sign_in, session):
    client = sign_in("sales")
    for code, name, status, why in REFUSED:
        key = rows[code]
        before = row_of(session, key)
        asked = client.get(f"/gadget/{key}/cell/{name}")
        assert asked.status_code == status, why
        assert "yx-cell-refused" in asked.text, "said where the cell is"
        sent = {"version": str(before.version), name: "4711"}
        assert post(client, f"/gadget/{key}/cell/{name}", **sent).status_code == status, why
        assert row_of(session, key).version == before.version
    for reader in ("finance", "inspector"):
        assert sign_in(reader).get(f"/gadget/{rows['A']}/cell/name").status_code == 403
        assert post(sign_in(reader), f"/gadget/{rows['A']}/cell/name", name="x").status_code == 403
    assert sign_in("service").get(f"/gadget/{rows['A']}/cell/name").status_code == 403


def test_one_field_is_asked_and_no_other_is_taken(rows, sign_in, session):
    client, key = sign_in("sales"), rows["A"]
    page = opened(client, key, "name")
    answer = send(client, page, key, name="Bell", price="1", code="Z", state="sold", owner_id="1")
    assert answer.status_code == 200
    row = row_of(session, key)
    assert (row.name, row.price, row.code, row.state) == ("Bell", Decimal(10), "A", GadgetState.DRAFT)


def test_a_link_is_picked_and_kept_among_those_one_sees(rows, sign_in, session):
    client, key = sign_in("sales"), rows["A"]
    page = opened(client, key, "twin_id")
    assert 'data-controller="picker"' in page
    assert send(client, page, key, twin_id=str(rows["FOREIGN"])).status_code == 422
    assert row_of(session, key).twin_id is None
    answer = send(client, page, key, twin_id=str(rows["SOLD"]))
    assert table_of(answer.text)[0][6] == "SOLD"


def test_a_form_without_its_token_is_refused(rows, sign_in, session):
    client, key = sign_in("sales"), rows["A"]
    assert client.post(f"/gadget/{key}/cell/name", data={"name": "x", "version": "1"}).status_code == 400
    assert row_of(session, key).name == "Bel"


def test_a_row_changes_its_place_in_the_list_alone(session, people, sign_in):
    with acting(system_actor("tests")):
        booth = make(session, Booth, people["sales"], name="Stand")
        session.commit()
        key = booth.id
    client = sign_in("sales")
    answer = send(client, opened(client, key, "parent_id", "booth"), key, of="booth", parent_id=str(key))
    assert answer.status_code == 422, "it would stand below itself"


def test_a_field_hidden_from_a_role_is_neither_marked_nor_asked_nor_written(session, people, sign_in):
    with acting(system_actor("tests")):
        row = make(session, Dossier, people["renewal"], code="D", finding="QUITESECRET", reserve=Decimal("777.31"))
        session.commit()
        key = row.id
    client, leader = sign_in("renewal"), sign_in("supervisor")
    marked = [set(re.findall(r'data-edit="(\w+)"', each.get("/dossier/").text)) for each in (client, leader)]
    assert marked == [{"code"}, {"code", "finding", "reserve", "rival_id"}], "no account: it is masked"
    for name in ("finding", "reserve", "account", "rival_id", "fee", "cut"):
        answer = client.get(f"/dossier/{key}/cell/{name}")
        assert answer.status_code == 403, name
        assert "QUITESECRET" not in answer.text
        assert "777.31" not in answer.text
        assert post(client, f"/dossier/{key}/cell/{name}", version="1", **{name: "1"}).status_code == 403, name
    stands = row_of(session, key, Dossier)
    assert (stands.finding, stands.reserve, stands.version) == ("QUITESECRET", Decimal("777.31"), 1)
    answer = send(leader, opened(leader, key, "finding", "dossier"), key, of="dossier", finding="new")
    assert answer.status_code == 200


def test_what_hangs_on_a_field_is_said_and_nothing_is_emptied_unseen(session, people, sign_in):
    given = {"delivery": Delivery.PHONE, "address": None, "urgent": True, "urgency": "soon"}
    with acting(system_actor("tests")):
        row = make(session, Dossier, people["renewal"], code="D", **given)
        session.commit()
        key = row.id
    client = sign_in("renewal")
    page = opened(client, key, "urgent", "dossier")
    answer = send(client, page, key, of="dossier", urgent="")
    assert answer.status_code == 422
    assert "This would empty Urgency: change it in the form." in plain(answer.text)
    page = opened(client, key, "urgency", "dossier")
    assert send(client, page, key, of="dossier", urgency="").status_code == 200
    page = opened(client, key, "urgent", "dossier")
    assert send(client, page, key, of="dossier", urgent="").status_code == 200
    answer = client.get(f"/dossier/{key}/cell/urgency")
    assert answer.status_code == 422
    assert "This does not apply here" in answer.text
    answer = send(client, opened(client, key, "delivery", "dossier"), key, of="dossier", delivery="mail")
    assert answer.status_code == 422
    assert "Address: This is needed." in plain(answer.text)
    stands = row_of(session, key, Dossier)
    assert (stands.delivery, stands.urgent) == (Delivery.PHONE, False)


@pytest.mark.parametrize("record", [r for r in registry if not issubclass(r, Line)], ids=lambda r: r.__tablename__)
def test_every_record_lets_its_list_be_edited(record, session, people, sign_in, backend):
    """Each column marked answers with one question, to who may do most; what no form asks for is refused."""
    with acting(system_actor("tests")):
        key = make(session, record, people["manager"]).id
        session.commit()
    name, asked = record.__tablename__, {field.key for field in form_fields(record)}
    who = max(PEOPLE.values(), key=lambda each: sum(may(people[each], v, record) for v in ("read", "add", "edit")))
    client = sign_in(who)
    page = client.get(f"/{name}/").text
    marked = set(re.findall(r'data-edit="(\w+)"', page))
    assert marked <= asked
    assert bool(marked) == ('data-controller="cells"' in page)
    for column in marked if f'data-row="{key}"' in page else ():
        with statements(backend.engine) as sent:
            answer = client.get(f"/{name}/{key}/cell/{column}")
        assert answer.status_code in (200, 403, 422), column
        assert len(sent) <= 6, sent
        assert answer.text.count('data-action="submit->cells#save') == (answer.status_code == 200)
        assert "•" not in plain(answer.text), "no masked value is written over"
    for column in {"version", "owner_id", "created_at", record.workflow.field if record.workflow else "id"} - asked:
        assert client.get(f"/{name}/{key}/cell/{column}").status_code in (403, 404, 409), column
