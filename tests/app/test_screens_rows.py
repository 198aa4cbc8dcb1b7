"""The page of a row: its steps, its lines, who has it, what happened to it, and what its pickers offer."""

import re
from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.kernel.access import find
from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from models.people import Unit
from tests.department import STAFF
from tests.gadget import Gadget, GadgetPart, GadgetState, Trinket
from tests.screens import plain, post, problem_at, value_of

TOKEN = re.compile(r'(?<=name="csrf-token" content=")[^"]+|(?<=name="csrf_token" value=")[^"]+')
"""A token of the forms has the second it was made in."""


@pytest.fixture
def ids(session, people):
    """A gadget with a part for each of three owners, and an unassigned trinket of North-1; their ids."""
    found = {}
    with acting(system_actor("tests")):
        for owner in ("sales", "renewal", "renewal2"):
            actor = people[owner]
            row = Gadget(
                code=f"OF-{owner}", owner_id=actor.user_id, unit_id=actor.unit_id, buyer_phone="+8613800138000"
            )
            session.add(row)
            session.flush()
            session.add(GadgetPart(gadget_id=row.id, name=f"part of {owner}"))
            found[owner] = row.id
        trinket = Trinket(name="Loose", unit_id=people["sales"].unit_id)
        session.add(trinket)
        session.commit()
        found["trinket"] = trinket.id
    return found


def look(session, record, key):
    """A row as it stands in the database, and no transaction left open."""
    session.rollback()
    session.expunge_all()
    with acting(system_actor("tests")):
        row = session.scalar(select(record).where(record.id == key))
    session.expunge_all()
    session.rollback()
    return row


def test_a_hidden_row_and_a_missing_one_get_the_same_answer(sign_in, ids):
    client = sign_in("sales")
    hidden, missing = client.get(f"/gadget/{ids['renewal2']}"), client.get("/gadget/999999")
    assert hidden.status_code == missing.status_code == 404
    pages = ((hidden, ids["renewal2"]), (missing, 999999))
    said = [TOKEN.sub("", page.text).replace(f"/gadget/{key}", "") for page, key in pages]
    assert said[0] == said[1]
    assert client.get(f"/gadget/{10**20}").status_code == 404


def test_a_page_masks_what_is_private_for_everybody(sign_in, ids):
    page = sign_in("sales").get(f"/gadget/{ids['sales']}").text
    assert "+8613800138000" not in page
    assert "••••••••••8000" in page


def test_a_step_is_offered_closed_with_its_reason_and_taken_when_open(session, sign_in, ids):
    client, key = sign_in("sales"), ids["sales"]
    page = client.get(f"/gadget/{key}").text
    assert "Give it a price first." in page
    assert post(client, f"/gadget/{key}/step/offer", version="1").status_code == 422
    post(client, f"/gadget/{key}/edit", version="1", price="5")
    page = client.get(f"/gadget/{key}").text
    assert "Give it a price first." not in page
    assert post(client, f"/gadget/{key}/step/offer", version=value_of(page, "version")).status_code == 303
    assert look(session, Gadget, key).state == GadgetState.OFFERED
    page = client.get(f"/gadget/{key}").text
    assert '<span class="badge yx-tone-open">Offered</span>' in page
    assert "State: Draft → Offered" in plain(page)


@pytest.fixture
def offered(session, ids):
    """The gadget of sales, offered."""
    with acting(system_actor("tests")):
        row = session.get(Gadget, ids["sales"])
        row.price = Decimal(5)
        adopt(session, row, GadgetState.OFFERED)
        session.commit()
    return ids["sales"]


def test_a_step_asks_its_questions_and_keeps_the_answers(session, sign_in, offered):
    client = sign_in("supervisor")
    page = client.get(f"/gadget/{offered}/step/sell").text
    assert value_of(page, "buyer_phone") == ""
    version = value_of(page, "version")
    answer = post(client, f"/gadget/{offered}/step/sell", version=version, buyer_phone="12", name="Kept")
    assert answer.status_code == 422
    assert problem_at(answer.text, "buyer_phone", "i-s-")
    assert value_of(answer.text, "name") == "Kept"
    answer = post(client, f"/gadget/{offered}/step/sell", version=version, buyer_phone="", name="Kept")
    assert problem_at(answer.text, "buyer_phone", "i-s-") == "Fill this in."
    answer = post(client, f"/gadget/{offered}/step/sell", version=version, buyer_phone="13900139000", price="0")
    assert answer.status_code == 303
    row = look(session, Gadget, offered)
    assert (row.state, row.buyer_phone, row.price) == (GadgetState.SOLD, "+8613900139000", Decimal("5.00"))


def test_a_step_from_a_stale_page_is_not_taken(session, sign_in, offered):
    client = sign_in("supervisor")
    for version in ("1", "", "abc", "9" * 30):
        answer = post(client, f"/gadget/{offered}/step/sell", version=version, buyer_phone="13900139000")
        assert answer.status_code == 409, version
        assert value_of(answer.text, "buyer_phone") == "13900139000"
    assert look(session, Gadget, offered).state == GadgetState.OFFERED


def test_only_who_may_takes_a_step_and_a_reason_is_needed(session, sign_in, offered, ids):
    assert "/step/sell" not in sign_in("sales").get(f"/gadget/{offered}").text
    assert sign_in("sales").get(f"/gadget/{offered}/step/sell").status_code == 403
    answer = post(sign_in("sales"), f"/gadget/{offered}/step/sell", version="2", buyer_phone="13900139000")
    assert answer.status_code == 403
    assert post(sign_in("supervisor2"), f"/gadget/{offered}/step/sell", version="2").status_code == 404
    client = sign_in("supervisor")
    assert client.get(f"/gadget/{offered}/step/nothing").status_code == 404
    answer = post(client, f"/gadget/{offered}/step/scrap", version="2", reason=" ")
    assert problem_at(answer.text, "reason", "i-s-") == "Fill this in."
    post(client, f"/gadget/{offered}/step/scrap", version="2", reason="rusty")
    assert "rusty" in client.get(f"/gadget/{offered}").text


def test_a_get_takes_no_step(session, sign_in, offered):
    client = sign_in("supervisor")
    client.get(f"/gadget/{offered}/step/scrap?reason=x&version=2")
    client.get(f"/gadget/{offered}/assign")
    assert look(session, Gadget, offered).state == GadgetState.OFFERED


def test_lines_are_written_on_the_page_of_what_they_are_part_of(session, sign_in, ids):
    client, key = sign_in("sales"), ids["sales"]
    base = f"/gadget/{key}/lines/gadget_part"
    page = client.get(f"{base}/add").text
    assert value_of(page, "count") == "1"
    assert 'name="gadget_id"' not in page
    answer = post(client, f"{base}/add", name="", count="x", gadget_id=ids["renewal"])
    assert answer.status_code == 422
    assert problem_at(answer.text, "name", "i-l-") == "Fill this in."
    assert value_of(answer.text, "count") == "x"
    assert post(client, f"{base}/add", name="Wheel", count="4", gadget_id=ids["renewal"]).status_code == 303
    part = look_at_part(session, "Wheel")
    assert (part.gadget_id, part.count) == (key, 4)
    assert post(client, f"{base}/{part.id}/edit", version="1", count="3").status_code == 303
    assert look_at_part(session, "Wheel").count == 3
    assert post(client, f"{base}/{part.id}/edit", version="1", count="9").status_code == 409
    assert look_at_part(session, "Wheel").count == 3
    assert post(client, f"{base}/{part.id}/delete", version="2").status_code == 303
    assert look_at_part(session, "Wheel") is None


def look_at_part(session, name):
    session.rollback()
    session.expunge_all()
    with acting(system_actor("tests")):
        part = session.scalar(select(GadgetPart).where(GadgetPart.name == name))
    session.expunge_all()
    session.rollback()
    return part


def test_lines_are_reached_through_their_own_row_only(session, sign_in, ids):
    part = look_at_part(session, "part of renewal").id
    client = sign_in("sales")
    for key in (ids["sales"], ids["renewal"]):
        base = f"/gadget/{key}/lines/gadget_part/{part}"
        assert client.get(f"{base}/edit").status_code == 404
        assert post(client, f"{base}/edit", version="1", name="X").status_code == 404
        assert post(client, f"{base}/delete", version="1").status_code == 404
    assert client.get(f"/gadget/{ids['sales']}/lines/person/add").status_code == 404
    supervisor = sign_in("supervisor")
    assert supervisor.get(f"/gadget/{ids['renewal']}/lines/gadget_part/{part}/edit").status_code == 200
    assert supervisor.get(f"/gadget/{ids['sales']}/lines/gadget_part/{part}/edit").status_code == 404
    finance = sign_in("finance")
    assert finance.get(f"/gadget/{ids['renewal']}/lines/gadget_part/add").status_code == 403
    assert "part of renewal" in finance.get(f"/gadget/{ids['renewal']}").text
    assert f"/lines/gadget_part/{part}/edit" not in finance.get(f"/gadget/{ids['renewal']}").text
    assert post(finance, f"/gadget/{ids['renewal']}/lines/gadget_part/{part}/delete", version="1").status_code == 403
    assert look_at_part(session, "part of renewal") is not None


def test_a_supervisor_hands_over_within_the_team(session, sign_in, people, ids):
    client, key = sign_in("supervisor"), ids["sales"]
    offered = client.get("/gadget/pick/owner_id?for=assign").json["options"]
    readers = {n for n, (_role, unit) in STAFF.items() if unit == "North-1" and people[n].scope("read", "gadget")}
    assert {each["text"] for each in offered} == {people[name].name for name in readers}
    assert {"renewal", "sales", "supervisor"} <= readers
    assert not {"renewal2", "service", "manager"} & readers
    for stranger in (people["renewal2"].user_id, people["service"].user_id, 999999, "x", ""):
        answer = post(client, f"/gadget/{key}/assign", version="1", owner_id=stranger)
        assert answer.status_code == 422, stranger
    assert post(client, f"/gadget/{key}/assign", version="9", owner_id=people["renewal"].user_id).status_code == 409
    assert post(client, f"/gadget/{key}/assign", version="1", owner_id=people["renewal"].user_id).status_code == 303
    assert look(session, Gadget, key).owner_id == people["renewal"].user_id
    assert sign_in("sales").get(f"/gadget/{key}").status_code == 404
    page = sign_in("renewal").get(f"/gadget/{key}").text
    assert "Owner: Sales Tester → Renewal Tester" in plain(page)


def test_the_unit_goes_along_with_the_owner(session, sign_in, people, ids):
    post(sign_in("manager"), f"/gadget/{ids['sales']}/assign", version="1", owner_id=people["renewal3"].user_id)
    row = look(session, Gadget, ids["sales"])
    assert (row.owner_id, row.unit_id) == (people["renewal3"].user_id, people["renewal3"].unit_id)


def test_who_leads_nobody_hands_nothing_over(session, sign_in, people, ids):
    client = sign_in("sales")
    assert "/assign" not in client.get(f"/gadget/{ids['sales']}").text
    answer = post(client, f"/gadget/{ids['sales']}/assign", version="1", owner_id=people["supervisor"].user_id)
    assert answer.status_code == 403
    assert "Only who leads the team hands work over." in answer.text
    assert post(client, f"/gadget/{ids['renewal']}/assign", version="1", owner_id=1).status_code == 404
    finance = sign_in("finance")
    assert post(finance, f"/gadget/{ids['sales']}/assign", version="1", owner_id=1).status_code == 403
    assert look(session, Gadget, ids["sales"]).owner_id == people["sales"].user_id


def test_what_is_nobodys_is_taken_over_and_given_back(session, sign_in, people, ids):
    client, key = sign_in("sales"), ids["trinket"]
    page = client.get(f"/trinket/{key}").text
    assert "Take it over" in page
    assert post(client, f"/trinket/{key}/assign", version="1", owner_id=people["sales"].user_id).status_code == 303
    assert look(session, Trinket, key).owner_id == people["sales"].user_id
    assert "Take it over" not in client.get(f"/trinket/{key}").text
    assert post(sign_in("supervisor"), f"/trinket/{key}/assign", version="2", owner_id="").status_code == 303
    assert look(session, Trinket, key).owner_id is None


def test_a_picker_offers_few_rows_one_sees_by_what_was_written(session, sign_in, people, ids):
    with acting(system_actor("tests")):
        actor = people["sales"]
        session.add_all(Gadget(code=f"MANY{n:02}", owner_id=actor.user_id, unit_id=actor.unit_id) for n in range(30))
        session.commit()
    client = sign_in("sales")
    assert len(client.get("/gadget/pick/twin_id").json["options"]) == 20
    found = client.get("/gadget/pick/twin_id?q=of-").json["options"]
    assert found == [{"value": str(ids["sales"]), "text": "OF-sales"}]
    assert client.get("/gadget/pick/twin_id?q=%25").json["options"] == []
    for address in ("state", "price", "created_by_id", "id", "password", "x/y"):
        assert client.get(f"/gadget/pick/{address}").status_code == 404, address
    assert sign_in("service").get("/gadget/pick/twin_id").status_code == 403


def test_a_picker_leaves_out_what_is_put_away_and_who_has_left(session, sign_in, people):
    with acting(system_actor("tests")):
        unit = session.scalars(select(Unit).where(Unit.code == "South")).one()
        unit.archived_at = unit.created_at
        session.get(User, people["claims"].user_id).active = False
        session.commit()
    texts = {o["text"] for o in sign_in("sales").get("/gadget/pick/unit_of_sale_id").json["options"]}
    assert "North unit" in texts
    assert "South unit" not in texts
    texts = {o["text"] for o in sign_in("manager").get("/gadget/pick/owner_id?q=tester").json["options"]}
    assert texts == {people[name].name for name in STAFF if name != "claims"}
    assert not any("@" in text or "$" in text for text in texts), "a user is a name and nothing more"


def test_what_a_screen_shows_of_a_row_is_what_the_kernel_finds(session, sign_in, people, ids):
    with acting(people["sales"]):
        assert find(session, Gadget, ids["sales"]).code == "OF-sales"
        session.rollback()
    assert "OF-sales" in sign_in("sales").get(f"/gadget/{ids['sales']}").text
