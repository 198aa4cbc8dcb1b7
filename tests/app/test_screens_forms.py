"""Add, edit and delete: what may be set, what is kept when it is refused, and that nothing is lost unseen."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from app.panel.saving import saving
from app.schema.errors import Refusal
from models.people import Unit
from tests.gadget import Gadget, GadgetState
from tests.screens import post, problem_at, value_of


@pytest.fixture
def gadget(session, people):
    """A gadget of sales; its id."""
    with acting(system_actor("tests")):
        actor = people["sales"]
        row = Gadget(
            code="G1",
            name="First",
            price=Decimal("10.50"),
            buyer_phone="+8613800138000",
            owner_id=actor.user_id,
            unit_id=actor.unit_id,
        )
        session.add(row)
        session.commit()
        return row.id


def read(session, key):
    return next((row for row in all_of(session) if row.id == key), None)


def all_of(session):
    """Every gadget as it stands in the database, and no transaction left open."""
    session.rollback()
    session.expunge_all()
    with acting(system_actor("tests")):
        rows = list(session.scalars(select(Gadget).order_by(Gadget.id)))
    session.expunge_all()
    session.rollback()
    return rows


def test_a_row_is_added_from_the_form(session, sign_in, people):
    client = sign_in("sales")
    page = client.get("/gadget/add").text
    for name in ("code", "name", "price", "buyer_phone", "twin_id", "unit_of_sale_id"):
        assert value_of(page, name) == ""
    answer = post(client, "/gadget/add", code="N1", name="Ｎew", price="1,234.50", buyer_phone="138 0013 8000")
    assert answer.status_code == 303
    (row,) = all_of(session)
    assert answer.location == f"/gadget/{row.id}"
    assert (row.code, row.price, row.buyer_phone) == ("N1", Decimal("1234.50"), "+8613800138000")
    assert (row.owner_id, row.state) == (people["sales"].user_id, GadgetState.DRAFT)


def test_parameters_fill_a_new_form_but_only_its_fields(sign_in):
    page = sign_in("sales").get("/gadget/add?name=Given&owner_id=1&state=sold").text
    assert value_of(page, "name") == "Given"
    assert 'name="owner_id"' not in page
    assert 'name="state"' not in page


def test_what_is_wrong_comes_back_with_everything_typed(session, sign_in):
    client = sign_in("sales")
    answer = post(client, "/gadget/add", name="Kept", price="ten", buyer_phone="abc", twin_id="x1")
    assert answer.status_code == 422
    assert problem_at(answer.text, "code") == "Fill this in."
    assert problem_at(answer.text, "price") == "write a number, such as 1234.50"
    assert "write a phone number" in problem_at(answer.text, "buyer_phone")
    assert problem_at(answer.text, "twin_id")
    assert problem_at(answer.text, "name") == ""
    assert value_of(answer.text, "name") == "Kept"
    assert value_of(answer.text, "price") == "ten"
    assert value_of(answer.text, "buyer_phone") == "abc"
    assert all_of(session) == []


def test_a_value_taken_already_is_said_at_its_field(session, sign_in, gadget):
    client = sign_in("sales")
    answer = post(client, "/gadget/add", code="G1", name="Kept")
    assert answer.status_code == 422
    assert problem_at(answer.text, "code") == "Another entry has this already."
    assert value_of(answer.text, "name") == "Kept"
    assert len(all_of(session)) == 1


def test_fields_outside_the_form_are_never_set(session, sign_in, people, gadget):
    stranger = {"owner_id": people["renewal"].user_id, "unit_id": 1, "id": 77, "created_by_id": 1, "state": "sold"}
    client = sign_in("sales")
    post(client, "/gadget/add", code="N2", **stranger)
    post(client, f"/gadget/{gadget}/edit", version="1", name="Second", **stranger)
    kept, added = all_of(session)
    assert (kept.id, kept.name, kept.owner_id) == (gadget, "Second", people["sales"].user_id)
    assert kept.state == added.state == GadgetState.DRAFT
    assert added.owner_id == added.created_by_id == people["sales"].user_id


def test_a_fixed_field_is_shown_and_not_changed(session, sign_in, gadget):
    client = sign_in("sales")
    page = client.get(f"/gadget/{gadget}/edit").text
    assert 'name="code"' not in page
    assert '<div class="form-control-plaintext py-1">G1</div>' in page
    post(client, f"/gadget/{gadget}/edit", version="1", code="G9", name="Second")
    assert read(session, gadget).code == "G1"


def test_an_edit_changes_what_was_sent_and_keeps_the_rest(session, sign_in, gadget):
    client = sign_in("sales")
    page = client.get(f"/gadget/{gadget}/edit").text
    assert value_of(page, "price") == "10.50"
    assert value_of(page, "buyer_phone") == "••••••••••8000", "masked, and kept as it is"
    assert post(client, f"/gadget/{gadget}/edit", version=value_of(page, "version"), name="Second").status_code == 303
    row = read(session, gadget)
    assert (row.name, row.price, row.buyer_phone) == ("Second", Decimal("10.50"), "+8613800138000")
    post(client, f"/gadget/{gadget}/edit", version=row.version, name="", price="")
    row = read(session, gadget)
    assert (row.name, row.price) == (None, None)


def test_a_stale_form_overwrites_nothing_and_shows_what_was_saved_meanwhile(session, sign_in, gadget):
    first, second = sign_in("sales"), sign_in("supervisor")
    version = value_of(first.get(f"/gadget/{gadget}/edit").text, "version")
    assert post(second, f"/gadget/{gadget}/edit", version=version, name="By the supervisor").status_code == 303
    answer = post(first, f"/gadget/{gadget}/edit", version=version, name="By sales")
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile" in answer.text
    assert value_of(answer.text, "name") == "By sales"
    assert "Saved by somebody else meanwhile: By the supervisor" in answer.text
    assert read(session, gadget).name == "By the supervisor"
    again = post(first, f"/gadget/{gadget}/edit", version=value_of(answer.text, "version"), name="By sales")
    assert again.status_code == 303
    assert read(session, gadget).name == "By sales"


@pytest.mark.parametrize("version", ["", "0", "abc", "99999999999999999999"])
def test_a_form_without_its_version_changes_nothing(session, sign_in, gadget, version):
    assert post(sign_in("sales"), f"/gadget/{gadget}/edit", version=version, name="X").status_code == 409
    assert read(session, gadget).name == "First"


def test_a_refused_change_is_not_saved_by_what_follows(session, sign_in, gadget, app):
    """The change is rolled back at once, not left in the session for the next commit of the request."""
    client = sign_in("sales")
    post(client, f"/gadget/{gadget}/edit", version="7", name="Refused")
    post(client, "/gadget/add", code="G1", name="Refused too")
    assert post(client, "/gadget/add", code="N3").status_code == 303
    assert [row.name for row in all_of(session)] == ["First", None]


def test_links_lead_only_to_rows_one_sees(session, sign_in, people, gadget):
    with acting(system_actor("tests")):
        actor = people["renewal2"]
        hidden = Gadget(code="HIDDEN", owner_id=actor.user_id, unit_id=actor.unit_id)
        session.add(hidden)
        session.commit()
        key = hidden.id
    client = sign_in("sales")
    answer = post(client, "/gadget/add", code="N4", twin_id=key)
    assert answer.status_code == 422
    assert problem_at(answer.text, "twin_id") == "Choose from those you may see."
    missing = post(client, "/gadget/add", code="N4", twin_id=999999)
    assert problem_at(missing.text, "twin_id") == problem_at(answer.text, "twin_id")
    assert "HIDDEN" not in answer.text
    assert len(all_of(session)) == 2


def test_numbers_beyond_the_column_are_refused_with_a_sentence(session, sign_in):
    client = sign_in("sales")
    for price in ("9" * 17, "1e30", "NaN", "Infinity", "-0.001"):
        answer = post(client, "/gadget/add", code="N5", price=price)
        assert answer.status_code == 422, price
        assert problem_at(answer.text, "price"), price
    assert post(client, "/gadget/add", code="N" * 41).status_code == 422
    assert post(client, "/gadget/add", code="N\x00").status_code == 422
    assert post(client, "/gadget/add", code="N6", twin_id="9" * 12).status_code == 422
    assert all_of(session) == []


def test_a_frozen_row_has_no_form(session, sign_in, gadget, monkeypatch):
    monkeypatch.setattr(Gadget.workflow, "frozen", frozenset({GadgetState.SOLD}))
    with acting(system_actor("tests")):
        adopt(session, session.get(Gadget, gadget), GadgetState.SOLD)
        session.commit()
    client = sign_in("sales")
    assert f"/gadget/{gadget}/edit" not in client.get(f"/gadget/{gadget}").text
    assert client.get(f"/gadget/{gadget}/edit").status_code == 409
    assert post(client, f"/gadget/{gadget}/edit", version="2", name="X").status_code == 409


def test_a_get_deletes_nothing(session, sign_in, gadget):
    client = sign_in("supervisor")
    page = client.get(f"/gadget/{gadget}/delete").text
    assert "Delete G1?" in page
    assert read(session, gadget) is not None
    assert post(client, f"/gadget/{gadget}/delete", version="1").location == "/gadget/"
    assert read(session, gadget) is None


def test_what_others_point_at_is_not_deleted(session, sign_in, people, gadget):
    with acting(system_actor("tests")):
        actor = people["sales"]
        session.add(Gadget(code="G2", twin_id=gadget, owner_id=actor.user_id, unit_id=actor.unit_id))
        session.commit()
    answer = post(sign_in("supervisor"), f"/gadget/{gadget}/delete", version="1")
    assert answer.status_code == 422
    assert "Other entries still point at this one" in answer.text
    assert read(session, gadget) is not None


def test_a_stale_confirmation_deletes_nothing(session, sign_in, gadget):
    assert post(sign_in("supervisor"), f"/gadget/{gadget}/delete", version="9").status_code == 409
    assert read(session, gadget) is not None


def test_only_who_may_gets_a_form(sign_in, gadget):
    for who, address, status in (
        ("finance", "add", 403),
        ("finance", f"{gadget}/edit", 403),
        ("finance", f"{gadget}/delete", 403),
        ("sales", f"{gadget}/delete", 403),
        ("renewal2", f"{gadget}/edit", 404),
        ("renewal2", f"{gadget}/delete", 404),
        ("service", "add", 403),
    ):
        client = sign_in(who)
        assert client.get(f"/gadget/{address}").status_code == status, (who, address)
        answer = post(client, f"/gadget/{address}", version="1", code="X")
        assert answer.status_code == status, (who, address)
        assert '<form class="card"' not in answer.text, "not even the form is shown"
    page = sign_in("finance").get(f"/gadget/{gadget}").text
    assert f"/gadget/{gadget}/edit" not in page
    assert f"/gadget/{gadget}/delete" not in page


def test_rules_of_the_database_become_sentences(session, as_system):
    """A check constraint is named as the sentence it is; a second root of a unique code is said at its field."""
    units = list(session.scalars(select(Unit).order_by(Unit.id).limit(2)))
    with pytest.raises(Refusal) as said, saving(session):
        units[1].code = units[0].code
    assert (said.value.field, said.value.message) == ("code", "Another entry has this already.")
    with pytest.raises(Refusal) as said, saving(session):
        session.add(Unit(name="no code"))
    assert (said.value.field, said.value.message) == ("code", "Fill this in.")
    with pytest.raises(Refusal) as said, saving(session):
        session.add(Unit(code="U9", name="orphan", parent_id=99999))
    assert "is gone" in said.value.message
    assert isinstance(said.value.__cause__, IntegrityError)
    assert session.scalar(select(Unit.id).where(Unit.code == "U9")) is None
