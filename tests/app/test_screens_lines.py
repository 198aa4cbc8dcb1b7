"""Lines in the form of the row they are a part of: saved with it as a whole or not at all; nothing typed is lost."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.history import timeline
from tests.gadget import Gadget, GadgetPart
from tests.problems import errors_of
from tests.screens import plain, post, problem_at, statements, value_of

P = "gadget_part"


def parts_of(session):
    """Name, count, position, cost of every part as it stands in the database."""
    session.rollback()
    session.expunge_all()
    with acting(system_actor("tests")):
        rows = session.scalars(select(GadgetPart).order_by(GadgetPart.gadget_id, GadgetPart.position, GadgetPart.id))
        found = [(row.name, row.count, row.position, row.cost) for row in rows]
    session.rollback()
    return found


def line(token, **cells):
    """The cells of a line as the form names them."""
    return {f"{P}.{token}.{name}": value for name, value in cells.items()}


@pytest.fixture
def gadget(session, people, as_system):
    """A gadget of sales with three parts in order; ids of it and of them."""
    actor = people["sales"]
    row = Gadget(code="G1", name="First", owner_id=actor.user_id, unit_id=actor.unit_id)
    session.add(row)
    session.flush()
    parts = [GadgetPart(gadget_id=row.id, name=name, position=n + 1, cost=10) for n, name in enumerate("abc")]
    session.add_all(parts)
    session.commit()
    return row.id, [part.id for part in parts]


def test_a_row_and_its_lines_are_added_in_one_go(session, sign_in):
    client = sign_in("sales")
    page = client.get("/gadget/add").text
    assert value_of(page, f"{P}.n0.name") == ""
    assert value_of(page, f"{P}.n0.count") == "1"
    fields = line("n0", name="wheel", count="4", cost="1,000.50") | line("n1", name="", count="1", cost="")
    fields |= line("n2", name="axle", count="2")
    assert post(client, "/gadget/add", code="N1", **fields).status_code == 303
    assert parts_of(session) == [("wheel", 4, 1, Decimal("1000.50")), ("axle", 2, 2, None)]
    assert len(client.get("/api/v1/gadget/").json["result"]) == 1


def test_lines_are_changed_removed_added_and_moved_with_the_row(session, sign_in, gadget):
    key, (a, b, c) = gadget
    client = sign_in("sales")
    page = client.get(f"/gadget/{key}/edit").text
    assert [value_of(page, f"{P}.{each}.name") for each in (a, b, c)] == ["a", "b", "c"]
    fields = line(a, id=a, version=1, name="a", count="1", cost="10.00", position="3")
    fields |= line(b, id=b, version=1, name="b", count="1", cost="10.00", position="2", remove="yes")
    fields |= line(c, id=c, version=1, name="c2", count="7", cost="10.00", position="1")
    fields |= line("n0", name="d", count="1", position="")
    answer = post(client, f"/gadget/{key}/edit", version=value_of(page, "version"), name="Second", **fields)
    assert answer.status_code == 303
    assert [(name, count, place) for name, count, place, _ in parts_of(session)] == [
        ("c2", 7, 1),
        ("a", 1, 2),
        ("d", 1, 3),
    ]
    with acting(system_actor("t")):
        assert session.get(Gadget, key).name == "Second"
        changes = [entry.changes for entry in timeline(session, session.get(GadgetPart, c))]
        assert changes[0] == {"name": ["c", "c2"], "count": [1, 7], "position": [3, 1]}


def test_a_form_that_says_nothing_of_lines_leaves_them(session, sign_in, gadget):
    key, _ = gadget
    assert post(sign_in("sales"), f"/gadget/{key}/edit", version="1", name="Second").status_code == 303
    assert [name for name, *_ in parts_of(session)] == ["a", "b", "c"]


def test_all_that_is_wrong_is_shown_at_its_cell_and_all_that_was_typed_is_kept(session, sign_in, gadget):
    key, (a, b, c) = gadget
    client = sign_in("sales")
    fields = line(a, id=a, version=1, name="", count="many", cost="1.5")
    fields |= line(b, id=b, version=1, name="kept", count="2", remove="yes")
    fields |= line("n0", name="new", count="2", cost="x")
    answer = post(client, f"/gadget/{key}/edit", version="1", name="typed", **fields)
    assert answer.status_code == 422
    assert problem_at(answer.text, f"{P}.{a}.name") == "Fill this in."
    assert problem_at(answer.text, f"{P}.{a}.count") == "write a number, such as 1234.50"
    assert problem_at(answer.text, f"{P}.n0.cost")
    assert value_of(answer.text, "name") == "typed"
    assert [value_of(answer.text, f"{P}.{a}.{cell}") for cell in ("name", "count", "cost")] == ["", "many", "1.5"]
    assert [value_of(answer.text, f"{P}.n0.{cell}") for cell in ("name", "cost")] == ["new", "x"]
    assert f'name="{P}.{b}.remove" value="yes" checked' in answer.text
    assert "everything you wrote is kept" in answer.text
    assert [name for name, *_ in parts_of(session)] == ["a", "b", "c"]
    assert problem_at(answer.text, f"{P}.{c}.name") == ""


def test_what_a_rule_refuses_is_said_at_the_line_and_nothing_is_saved(session, sign_in, people, gadget):
    key, (a, _b, _c) = gadget
    with acting(system_actor("tests")):
        other = people["renewal2"]
        hidden = Gadget(code="HIDDEN", owner_id=other.user_id, unit_id=other.unit_id)
        session.add(hidden)
        session.commit()
    fields = line(a, id=a, version=1, name="changed", count="1") | line("n0", name="new", count="1", twin_id=hidden.id)
    client = sign_in("sales")
    answer = post(client, f"/gadget/{key}/edit", version="1", name="typed", **fields)
    assert answer.status_code == 422
    assert problem_at(answer.text, f"{P}.n0.twin_id") == "Choose from those you may see."
    assert "HIDDEN" not in answer.text
    assert [name for name, *_ in parts_of(session)] == ["a", "b", "c"]
    with acting(system_actor("tests")):
        assert session.get(Gadget, key).name == "First"
        session.rollback()
    added = post(client, "/gadget/add", code="N9", **line("n0", name="new", count="1", twin_id=hidden.id))
    assert added.status_code == 422
    with acting(system_actor("tests")):
        assert session.scalar(select(Gadget.id).where(Gadget.code == "N9")) is None


def test_of_two_who_edit_one_line_the_second_is_told_and_shown_what_was_saved(session, sign_in, gadget):
    key, (a, b, _c) = gadget
    first, second = sign_in("sales"), sign_in("supervisor")
    post(second, f"/gadget/{key}/edit", version="1", **line(a, id=a, version=1, name="theirs", count="1", cost="10"))
    post(second, f"/gadget/{key}/edit", version="1", **line(b, id=b, version=1, remove="yes"))
    mine = line(a, id=a, version=1, name="mine", count="1", cost="10.00")
    answer = post(first, f"/gadget/{key}/edit", version="1", **mine, **line(b, id=b, version=1, name="b2", count="1"))
    assert answer.status_code == 409
    assert "Saved by somebody else meanwhile: theirs" in answer.text
    assert "Somebody removed this line meanwhile" in answer.text
    assert value_of(answer.text, f"{P}.{a}.name") == "mine"
    assert [name for name, *_ in parts_of(session)] == ["theirs", "c"]
    again = line(a, id=a, version=value_of(answer.text, f"{P}.{a}.version"), name="mine", count="1", cost="10.00")
    assert post(first, f"/gadget/{key}/edit", version="1", **again).status_code == 303
    assert sorted(name for name, *_ in parts_of(session)) == ["c", "mine"]


def test_lines_of_another_row_and_fields_outside_the_form_are_not_touched(session, sign_in, people, gadget):
    _key, (a, _b, _c) = gadget
    client = sign_in("sales")
    fields = line(a, id=a, version=1, name="stolen", count="1") | line(
        "x", name="x", count="1", gadget_id="1", version=9
    )
    answer = post(client, "/gadget/add", code="N2", **fields)
    assert answer.status_code in (409, 422)
    assert "stolen" not in [name for name, *_ in parts_of(session)]
    reader = sign_in("finance")
    assert (
        post(reader, "/gadget/1/edit", version="1", **line(a, id=a, version=1, name="x", count="1")).status_code == 403
    )


def test_sums_stand_below_the_lines_in_the_form_and_on_the_page(sign_in, gadget):
    key, _ = gadget
    client = sign_in("sales")
    page = client.get(f"/gadget/{key}/edit").text
    assert 'data-field="cost">30.00</output>' in page
    assert 'data-field="count">3</output>' in page
    shown = client.get(f"/gadget/{key}").text
    foot = plain(shown.split("<tfoot>")[1].split("</tfoot>")[0])
    assert foot.split() == ["Total", "3", "30.00"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_form_costs_as_much_with_many_lines_as_with_few(session, people, sign_in, backend, gadget):
    key, _ = gadget
    client = sign_in("sales")
    client.get(f"/gadget/{key}/edit")
    counts = []
    for _round in range(2):
        with statements(backend.engine) as sent:
            assert client.get(f"/gadget/{key}/edit").status_code == 200
        counts.append(len(sent))
        with acting(system_actor("tests")):
            session.add_all(GadgetPart(gadget_id=key, name="more", twin_id=key) for _ in range(40))
            session.commit()
    assert counts[1] <= counts[0] + 1, "one more for the titles of what the lines point at"
    assert max(counts) <= 8, sent


def send(client, method, url, body):
    return client.open(url, method=method, json=body, headers={"X-CSRFToken": client.csrf})


def test_the_api_takes_and_gives_lines_with_their_row(session, sign_in, gadget):
    client = sign_in("sales")
    made = send(
        client, "POST", "/api/v1/gadget/", {"code": "N3", "lines": {P: [{"name": "x"}, {"name": "y", "cost": "2"}]}}
    )
    assert made.status_code == 201
    url = f"/api/v1/gadget/{made.json['result']['id']}"
    x, y = client.get(url).json["lines"][P]
    assert [(part["name"], part["position"]) for part in (x, y)] == [("x", 1), ("y", 2)]
    lines = [{"id": y["id"], "version": 1, "name": "y2"}, {"id": x["id"], "version": 1, "remove": True}]
    assert send(client, "PATCH", url, {"version": 1, "lines": {P: lines}}).status_code == 200
    assert [(part["name"], part["position"]) for part in client.get(url).json["lines"][P]] == [("y2", 1)]
    before = parts_of(session)
    for wrong, field in (
        ([{"name": "z"}, {"cost": "much"}], f"{P}.1.cost"),
        ([{"name": "z", "id": gadget[1][0], "version": 1}], f"{P}.0"),
        ([{"id": y["id"], "version": 1, "name": "stale"}], f"{P}.0.version"),
        ([{"name": "z", "gadget_id": gadget[0]}], f"{P}.0.gadget_id"),
        ("z", "lines"),
    ):
        answer = send(client, "PATCH", url, {"version": 1, "name": "typed", "lines": {P: wrong}})
        assert answer.status_code in (404, 409, 422), wrong
        assert field in errors_of(answer), answer.json
        assert parts_of(session) == before
    assert client.get(url).json["result"]["name"] is None
    assert send(client, "PATCH", url, {"version": 1, "lines": {"paper": []}}).status_code == 422
