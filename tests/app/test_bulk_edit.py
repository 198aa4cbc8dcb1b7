"""One field changed on several rows: asked once, shown as a sentence, saved row by row by the rules of editing one."""

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.kernel.workflow import adopt
from tests.dossier import Delivery, Dossier
from tests.factories import make
from tests.gadget import Gadget, GadgetState
from tests.screens import plain, problem_at, table_of
from tests.specimen import Specimen

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def rows(session, people, monkeypatch):
    """Two gadgets of sales, one sold and so frozen, one of a colleague, one of another branch; as chosen, by code."""
    monkeypatch.setattr(Gadget.workflow, "frozen", frozenset({GadgetState.SOLD}))
    owners = {"A": "sales", "B": "sales", "SOLD": "sales", "FOREIGN": "renewal3"}
    with acting(system_actor("tests")):
        made = {
            code: make(session, Gadget, people[owner], code=code, name="Bell" if code == "B" else "Bel")
            for code, owner in owners.items()
        }
        adopt(session, made["SOLD"], GadgetState.SOLD)
        session.commit()
        return {code: f"{row.id}:{row.version}" for code, row in made.items()}


def send(client, rows, field, *, of="gadget", query="", **form):
    sent = MultiDict({"csrf_token": client.csrf, "field": field} | form)
    sent.setlist("row", list(rows))
    return client.post(f"/{of}/amend{query}", data=sent)


def names(session):
    with acting(system_actor("tests")):
        found = dict(session.execute(select(Gadget.code, Gadget.name)).all())
        session.rollback()
        return found


def test_asked_once_shown_as_a_sentence_and_saved_row_by_row(session, people, sign_in, rows):
    client, before = sign_in("sales"), names(session)
    stale = rows["A"].replace(":", ":9")
    some = [rows["A"], rows["B"], rows["SOLD"], rows["FOREIGN"]]
    question = send(client, some, "name", query="?order=code")
    assert 'name="name"' in question.text
    assert f'name="row" value="{rows["A"]}"' in question.text, "the rows are carried along"
    shown = send(client, some, "name", sure="0", name="Bell")
    assert "Set Name to Bell on 4 rows" in plain(shown.text)
    assert names(session) == before, "nothing before it is confirmed"
    done = send(client, some, "name", sure="4", name="Bell", query="?order=code")
    assert 'href="/gadget/?order=code"' in done.text, "it leads back to the same list"
    told = dict(table_of(done.text))
    assert told["A"] == "changed"
    assert told["B"] == "unchanged"
    assert told["SOLD"] == "refused Nothing can be changed here while it is Sold."
    assert told[f"#{rows['FOREIGN'].partition(':')[0]}"] == "refused There is no such Gadget among those you may see."
    assert names(session) == before | {"A": "Bell"}
    late = dict(table_of(send(client, [stale], "name", sure="1", name="Bells").text))
    assert late["A"].startswith("refused Somebody changed this meanwhile."), "as it was when it was chosen, or not"
    assert names(session) == before | {"A": "Bell"}
    with acting(system_actor("tests")):
        about = (AuditEntry.record == "gadget", AuditEntry.verb == "edit", AuditEntry.user_id.is_not(None))
        found = session.execute(select(AuditEntry.record_id, AuditEntry.user_id).where(*about)).all()
        session.rollback()
    assert found == [(int(rows["A"].partition(":")[0]), people["sales"].user_id)], "one entry, of the row that changed"


def test_a_field_that_one_may_not_edit_in_a_list_is_not_changed_on_several(session, people, sign_in, rows):
    with acting(system_actor("tests")):
        make(session, Specimen, people["sales"])
        session.commit()
    client = sign_in("sales")
    page = client.get("/gadget/").text
    offered = page[page.index('id="chosen-field"') :].partition("</select>")[0]
    assert [name for name in ("name", "price", "twin_id") if f'value="{name}"' not in offered] == []
    for name in ("code", "state", "owner_id", "buyer_phone", "version", "nothing"):
        assert f'value="{name}"' not in offered
        assert send(client, [rows["A"]], name, sure="1", **{name: "1"}).status_code == 403, name
    specimens = client.get("/specimen/").text.partition('id="chosen-field"')[2].partition("</select>")[0]
    assert ('value="name"' in specimens, 'value="code"' in specimens) == (True, False), "no two rows have the same code"
    for reader in ("finance", "inspector"):
        assert send(sign_in(reader), [rows["A"]], "name", sure="1", name="X").status_code == 403
        assert 'id="chosen-field"' not in sign_in(reader).get("/gadget/").text
    none = send(client, [rows["A"]], "")
    assert (none.status_code, "Choose a field." in plain(none.text)) == (422, True)
    assert send(client, [], "name").status_code == 422
    wrong = send(client, [rows["A"]], "price", sure="1", price="cheap")
    assert (wrong.status_code, bool(problem_at(wrong.text, "price"))) == (422, True)


def test_rules_of_single_fields_hold_in_each_row(session, people, sign_in):
    with acting(system_actor("tests")):
        urgent = make(session, Dossier, people["sales"], code="URGENT", urgent=True, urgency="Fire")
        calm = make(session, Dossier, people["sales"], code="CALM", address=None, urgency=None)
        mail = make(
            session, Dossier, people["sales"], code="MAIL", delivery=Delivery.MAIL, address="Lane 1", urgency=None
        )
        session.commit()
        rows = [f"{row.id}:{row.version}" for row in (urgent, calm, mail)]
    client = sign_in("sales")
    moved = dict(table_of(send(client, rows[:2], "urgency", of="dossier", sure="2", urgency="Flood").text))
    assert moved["URGENT"] == "changed"
    assert moved["CALM"].startswith("refused"), "it does not apply there"
    emptied = dict(table_of(send(client, rows[1:], "delivery", of="dossier", sure="2", delivery="phone").text))
    assert emptied == {"CALM": "unchanged", "MAIL": "refused This would empty Address: change it in the form."}
    assert send(client, rows, "finding", of="dossier", sure="3", finding="x").status_code == 403, "leaders write it"
    assert send(client, rows, "address", of="dossier", sure="3", address="x").status_code == 403, "it is private"


def test_all_that_match_are_changed_within_reach(session, people, sign_in, rows):
    client = sign_in("sales")
    shown = send(client, [], "name", every="1", sure="0", name="All", query="?state=draft")
    assert "Set Name to All on 2 rows" in plain(shown.text)
    assert "State: Draft" in plain(shown.text)
    told = dict(table_of(send(client, [], "name", every="1", sure="2", name="All", query="?state=draft").text))
    assert told == {"A": "changed", "B": "changed"}
    assert (names(session)["FOREIGN"], names(session)["SOLD"]) == ("Bel", "Bel")
