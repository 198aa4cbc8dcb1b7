"""What the department makes otherwise in the browser, obeyed everywhere and taken back again."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel import adapting, carrying, tailoring
from app.kernel.actor import acting
from app.kernel.tailoring import FIELD, NUMBER, ROLE, STEP
from app.kernel.transfer import load
from app.kernel.transfer.export import export
from app.kernel.transfer.whole import whole
from app.schema import tailored
from app.schema.errors import Conflict, Invalid, Refusal
from app.schema.registry import registry
from tests.gadget import Gadget
from tests.models import book
from tests.problems import errors_of

COLOUR = {
    "label": "Colour | 颜色",
    "kind": "choice",
    "options": [["red", "Red | 红"], ["blue", "Blue | 蓝"]],
    "required": True,
    "default": "",
    "help": "As painted",
    "read": None,
    "listed": True,
}
NAME = "gadget.x_colour"
LAST = {"limit": None, "by": ["admin"]}


@pytest.fixture
def colour(session, people):
    """The field is there."""
    change(session, people, FIELD, NAME, COLOUR)


def change(session, people, what, name, body):
    with acting(people["admin"]):
        adapting.change(session, what, name, body)
        session.commit()
    tailoring.keep_up(session)
    session.rollback()


def undo(session, people, number=0):
    """Take the newest change back, or an older one."""
    with acting(people["admin"]):
        adapting.undo(session, adapting.changes(session)[number].id)
        session.commit()
    tailoring.keep_up(session)
    session.rollback()


def sent(client, method, url, body):
    return client.open(url, method=method, json=body, headers={"X-CSRFToken": client.csrf})


def made(client, **fields):
    """A gadget added by the API."""
    return sent(client, "POST", "/api/v1/gadget/", {"code": "G-1", **fields})


def test_an_added_field_is_asked_for_shown_listed_filtered_and_exported(sign_in, colour):
    client = sign_in("renewal")
    form = client.get("/gadget/add").text
    assert 'name="x_colour"' in form
    assert ("As painted" in form, ">Red<" in form) == (True, True)
    answer = client.post("/gadget/add", data={"csrf_token": client.csrf, "code": "A", "x_colour": ""})
    assert answer.status_code == 422, "it is needed"
    for code, colour_ in (("A", "red"), ("B", "blue")):
        answer = client.post("/gadget/add", data={"csrf_token": client.csrf, "code": code, "x_colour": colour_})
        assert answer.status_code == 303
    assert "Red" in client.get(answer.location.replace("/2", "/1")).text
    listed = client.get("/gadget/").text
    assert ("Colour" in listed, ">Blue<" in listed) == (True, True)
    narrowed = client.get("/gadget/?x_colour=red").text
    assert (re.search(r">\s*A\s*<", narrowed) is not None, re.search(r">\s*B\s*<", narrowed)) == (True, None)
    manager = sign_in("manager")
    file = manager.post("/gadget/export.csv", data={"csrf_token": manager.csrf}).text
    assert ("Colour" in file.splitlines()[0], "Blue" in file) == (True, True)


def test_the_api_reads_writes_and_filters_it_and_history_names_it(sign_in, colour, session, people):
    client = sign_in("renewal")
    lacking = made(client)
    assert (lacking.status_code, set(errors_of(lacking))) == (422, {"x_colour"})
    wrong = made(client, x_colour="green")
    assert (wrong.status_code, set(errors_of(wrong))) == (422, {"x_colour"})
    row = made(client, x_colour="red").json["result"]
    assert row["x_colour"] == "red"
    assert "extra" not in row
    changed = sent(client, "PATCH", f"/api/v1/gadget/{row['id']}", {"x_colour": "blue", "version": row["version"]})
    assert changed.json["result"]["x_colour"] == "blue"
    assert len(client.get("/api/v1/gadget/?x_colour=blue").json["result"]) == 1
    assert client.get("/api/v1/gadget/?x_colour=red").json["result"] == []
    told = client.get(f"/gadget/{row['id']}").text
    assert re.search(r"Colour.*Red.*Blue", told, re.S)


def test_undoing_hides_the_field_and_keeps_what_was_written(sign_in, colour, session, people):
    client = sign_in("renewal")
    row = made(client, x_colour="red").json["result"]
    undo(session, people)
    assert "x_colour" not in client.get(f"/api/v1/gadget/{row['id']}").json["result"]
    assert "x_colour" not in client.get("/gadget/add").text
    undo(session, people)
    assert client.get(f"/api/v1/gadget/{row['id']}").json["result"]["x_colour"] == "red"
    with acting(people["admin"]), pytest.raises(Conflict):
        adapting.undo(session, adapting.changes(session)[1].id)


@pytest.mark.parametrize(
    ("kind", "written", "below", "above"),
    [
        ("whole number", "9", "8", "10"),
        ("amount", "9.50", "8", "10"),
        ("day", "2026-03-02", "2026-03-01", "2026-10-01"),
    ],
)
def test_figures_and_days_are_filtered_by_what_they_mean(sign_in, session, people, kind, written, below, above):
    change(session, people, FIELD, "gadget.x_size", {"label": "Size", "kind": kind, "listed": True})
    client = sign_in("renewal")
    assert made(client, x_size=written).status_code == 201
    for low, high, found in ((below, above, 1), (above, "", 0), ("", below, 0), (written, written, 1)):
        answer = client.get(f"/api/v1/gadget/?x_size.from={low}&x_size.to={high}")
        assert len(answer.json["result"]) == found, (low, high)


def test_a_default_is_given_by_whatever_route(session, people):
    body = COLOUR | {"default": "blue", "required": False}
    change(session, people, FIELD, NAME, body)
    with acting(people["renewal"]):
        session.add(Gadget(code="G"))
        session.commit()
        assert session.scalars(select(Gadget)).one().x_colour.value == "blue"


def test_who_may_not_see_a_field_meets_it_nowhere(sign_in, session, people):
    change(session, people, FIELD, NAME, COLOUR | {"required": False, "read": ["manager", "sales"]})
    with acting(people["renewal"]):
        session.add(Gadget(code="G", x_colour="red"))
        with pytest.raises(Refusal):
            session.flush()
        session.rollback()
        session.add(Gadget(code="G"))
        session.commit()
    client = sign_in("renewal")
    assert "x_colour" not in client.get("/api/v1/gadget/1").json["result"]
    assert "Colour" not in client.get("/gadget/").text
    assert sign_in("manager").get("/api/v1/gadget/1").json["result"]["x_colour"] is None
    undo(session, people)
    change(session, people, FIELD, NAME, COLOUR)
    assert "x_colour" in client.get("/api/v1/gadget/1").json["result"]


def test_a_declared_field_is_made_needed_with_help_and_begins_with_something(sign_in, session, people):
    change(session, people, FIELD, "gadget.name", {"required": True, "help": "As on the box", "default": "Bell"})
    client = sign_in("renewal")
    form = client.get("/gadget/add").text
    assert ("As on the box" in form, 'value="Bell"' in form) == (True, True)
    assert set(errors_of(made(client))) == {"name"}
    assert made(client, name="Drum").status_code == 201
    undo(session, people)
    assert made(client, code="G-2").status_code == 201


def test_the_forms_of_some_roles_begin_with_something_else(sign_in, session, people):
    change(session, people, FIELD, NAME, COLOUR | {"default": "blue", "default_by_role": [["renewal", "red"]]})
    admin = sign_in("admin")
    sent = {"csrf_token": admin.csrf, "default": "Bell", "default_by_role": "Renewal = Drum\n\nsales = Horn"}
    assert admin.post("/customise/gadget/name", data=sent).status_code == 303
    page = admin.get("/customise/gadget/name").text
    assert ("Drum" in page, "Horn" in page) == (True, True), "it is shown again as it was written"
    begun = {}
    for who in ("renewal", "sales", "manager"):
        form = sign_in(who).get("/gadget/add").text
        name = re.search(r'value="([^"]*)" id="i-name"', form)
        begun[who] = (name[1], re.search(r'<option value="(\w+)" selected>(?:Red|Blue)', form)[1])
    assert begun == {"renewal": ("Drum", "red"), "sales": ("Horn", "blue"), "manager": ("Bell", "blue")}
    refused = admin.post("/customise/gadget/name", data=sent | {"default_by_role": "Nobody known = x"})
    assert (refused.status_code, "There is no such role." in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"label": ""}, "label"),
        ({"options": [["red", "Red"]]}, "options"),
        ({"kind": "money bag"}, "kind"),
        ({"default": "green"}, "default"),
        ({"default_by_role": [["sales", "green"]]}, "default_by_role"),
        ({"read": ["nobody"]}, "read"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(session, people, body, at):
    with acting(people["admin"]), pytest.raises(Invalid) as refused:
        adapting.change(session, FIELD, NAME, COLOUR | body)
    assert at in refused.value.problems


@pytest.mark.parametrize("name", ["gadget.colour", "gadget.x_", "gadget.x_Ä", "gadget_part.x_colour", "nothing.x_a"])
def test_no_field_is_added_where_none_can_be(session, people, name):
    with acting(people["admin"]), pytest.raises(Invalid):
        adapting.change(session, FIELD, name, COLOUR)


def test_a_choice_that_rows_have_does_not_go(sign_in, colour, session, people):
    made(sign_in("renewal"), x_colour="red")
    with acting(people["admin"]), pytest.raises(Invalid, match="") as refused:
        adapting.change(session, FIELD, NAME, COLOUR | {"options": [["blue", "Blue"], ["green", "Green"]]})
    assert "options" in refused.value.problems
    session.rollback()
    change(session, people, FIELD, NAME, COLOUR | {"options": [["red", "Rot"], ["green", "Green"]]})


def test_a_level_of_authority_is_added_and_taken_back(session, people):
    with acting(people["admin"]):
        before = adapting.step_document(session, "expense.approve")
    assert len(before["levels"]) == 3
    body = {"levels": [{"limit": "10.00", "by": ["inspector"]}, before["levels"][-1]], "sequence": False}
    change(session, people, STEP, "expense.approve", body)
    needs = registry["expense"].workflow.step("approve").needs
    assert [part.limit for part in needs.parts] == [Decimal("10.00"), None]
    assert adapting.holders(session, ("step:approve.level1", "expense")) == {"inspector"}
    undo(session, people)
    assert len(needs.parts) == 3
    with acting(people["admin"]):
        assert adapting.step_document(session, "expense.approve") == before


@pytest.mark.parametrize(
    ("levels", "at"),
    [
        ([{"limit": "10", "by": ["manager"]}], "levels"),
        (
            [{"limit": "9", "by": ["manager"]}, {"limit": "8", "by": ["manager"]}, {"limit": None, "by": ["admin"]}],
            "limit1",
        ),
        ([{"limit": "x", "by": ["manager"]}, {"limit": None, "by": ["admin"]}], "limit0"),
        ([{"limit": None, "by": []}], "by0"),
    ],
)
def test_levels_that_make_no_sense_are_refused(session, people, levels, at):
    with acting(people["admin"]), pytest.raises(Invalid) as refused:
        adapting.change(session, STEP, "expense.approve", {"levels": levels, "sequence": True})
    assert at in refused.value.problems


def test_a_role_is_added_like_another_and_taken_away_while_nobody_has_it(sign_in, session, people):
    change(session, people, ROLE, "assessor", {"like": "claims"})
    ids = {name: adapting.holders(session, ("read", name)) for name in ("claim", "gadget")}
    assert {name: "assessor" in held for name, held in ids.items()} == {"claim": True, "gadget": False}
    undo(session, people)
    assert "assessor" not in adapting.holders(session, ("read", "claim"))


def test_the_pages_are_the_administrators_alone_and_tell_what_was_changed(sign_in, colour):
    assert sign_in("manager").get("/customise/").status_code == 403
    client = sign_in("admin")
    page = client.get("/customise/").text
    assert "Gadgets: Colour · field added" in page
    assert "x_colour" in client.get("/customise/gadget").text
    assert "Red | 红" in client.get("/customise/gadget/x_colour").text
    assert client.get("/customise/levels/expense.approve").status_code == 200
    for lost in (
        "/customise/nothing",
        "/customise/gadget/nothing",
        "/customise/levels/gadget.sell",
        "/customise/unit/add",
    ):
        assert client.get(lost).status_code == 404, lost


def test_all_of_it_is_carried_to_another_installation_as_one_file(session, people, colour):
    change(session, people, ROLE, "assessor", {"like": "claims"})
    levels = [{"limit": "10.00", "by": ["inspector"]}, LAST]
    change(session, people, STEP, "expense.approve", {"levels": levels, "sequence": False})
    with acting(people["admin"]):
        told = json.loads(json.dumps(carrying.written(session)))
        assert carrying.differences(session, told) == []
    session.rollback()
    for _each in range(3):
        undo(session, people, 0 if _each == 0 else 2 * _each)
    with acting(people["admin"]):
        found = carrying.differences(session, told)
        assert {each.what for each in found} >= {FIELD, STEP, ROLE, carrying.RIGHTS}
        carrying.carry(session, told)
        session.commit()
        assert carrying.differences(session, told) == []
        assert "assessor" in adapting.holders(session, ("read", "claim"))
    assert "x_colour" in tailored.added(Gadget)


NONE = [b"", b"[]", b"{", b'{"customised": 1}', b'{"customised":1,"documents":{},"roles":{},"settings":{}}']


@pytest.mark.parametrize("raw", NONE)
def test_what_is_no_such_file_is_said(raw):
    with pytest.raises(Refusal):
        carrying.read(raw)


def test_a_file_that_cannot_hold_changes_nothing(sign_in, session, people):
    client = sign_in("admin")
    body = {"what": FIELD, "name": NAME, "body": COLOUR}
    empty = {"what": STEP, "name": "x", "body": {}}
    for bad in (body | {"body": COLOUR | {"options": []}}, body | {"body": {"kind": 5}}, empty):
        told = {"customised": 1, "documents": [body | {"name": "gadget.x_fine"}, bad], "roles": {}, "settings": {}}
        form = {"csrf_token": client.csrf, "content": json.dumps(told), "apply": "yes"}
        assert client.post("/customise/file", data=form, follow_redirects=True).status_code == 200
        assert adapting.documents(session) == []
        session.rollback()


def test_files_of_whole_records_carry_it_out_and_in(session, people, colour, as_system, tmp_path):
    for code, value in (("A", "red"), ("B", "blue")):
        session.add(Gadget(code=code, x_colour=value))
    session.commit()
    rows = list(export(session, Gadget))
    assert [dict(zip(rows[0], row, strict=True))["x_colour"] for row in rows[1:]] == ["red", "blue"]
    file = tmp_path / "gadgets.csv"
    file.write_text("code,Colour\nA,蓝\nC,red\nD,green\nE,\n")
    outcome = load(session, whole(Gadget), file, file.name)
    session.commit()
    kept = {row.code: row.x_colour.value for row in session.scalars(select(Gadget))}
    assert kept == {"A": "blue", "B": "blue", "C": "red"}
    assert outcome.refused == 2


def test_a_declared_field_is_called_otherwise(sign_in, session, people):
    change(session, people, FIELD, "gadget.name", {"label": "Make | 型号"})
    assert "Make" in sign_in("renewal").get("/gadget/add").text
    undo(session, people)
    assert "Make" not in sign_in("renewal").get("/gadget/add").text


def test_numbers_are_written_as_the_department_wants(session, people, as_system):
    change(session, people, NUMBER, "contract.number", {"pattern": "延-{seq:05}/{year}"})
    first = book.contract(session, date(2027, 3, 1)).number
    session.commit()
    assert re.fullmatch("延-0000[0-9]/20[0-9]{2}", first)
    undo(session, people)
    assert book.contract(session, date(2027, 3, 1)).number.startswith("C-20")


SENSELESS = ["", "X-{seq}", "{year}{seq}{seq}", "{year}-{seq}-{id}", "{", "{year.real}{seq}", "x" * 40 + "{year}{seq}"]


@pytest.mark.parametrize("pattern", SENSELESS)
def test_a_pattern_without_year_and_number_is_refused(session, people, pattern):
    with acting(people["admin"]), pytest.raises(Invalid) as refused:
        adapting.change(session, NUMBER, "contract.number", {"pattern": pattern})
    assert set(refused.value.problems) == {"pattern"}


@pytest.mark.parametrize("field", ["code", "state", "owner_id"])
def test_nothing_the_engine_leans_on_is_hidden(session, people, field):
    with acting(people["admin"]), pytest.raises(Invalid) as refused:
        adapting.change(session, FIELD, f"gadget.{field}", {"read": ["manager"]})
    assert "read" in refused.value.problems
    session.rollback()


def test_a_declared_field_is_seen_by_some_roles_alone(sign_in, session, people):
    with acting(people["renewal"]):
        session.add(Gadget(code="G", price=5))
        session.commit()
    change(session, people, FIELD, "gadget.price", {"read": ["manager"]})
    assert "price" not in sign_in("renewal").get("/api/v1/gadget/1").json["result"]
    assert sign_in("manager").get("/api/v1/gadget/1").json["result"]["price"] == "5.00"
    undo(session, people)
    assert sign_in("renewal").get("/api/v1/gadget/1").json["result"]["price"] == "5.00"
