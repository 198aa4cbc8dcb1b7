"""Cells of a spreadsheet pasted into lines: read in the usual spellings, named as they are called, never written."""

import pytest
from sqlalchemy import func, select

from app.kernel.actor import acting, system_actor
from tests.gadget import Gadget, GadgetPart

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
FIELDS = ["name", "count", "cost", "twin_id", "spare"]


@pytest.fixture
def gadget(session, people):
    """A gadget of sales, and two called nearly alike; its id."""
    actor = people["sales"]
    with acting(system_actor("tests", "cli")):
        made = [
            Gadget(code=code, name=name, owner_id=actor.user_id, unit_id=actor.unit_id)
            for code, name in (("G1", "Lamp"), ("TWIN-1", "One"), ("TWIN-2", "Two"))
        ]
        session.add_all(made)
        session.commit()
        return made[0].id


def paste(client, url, fields, rows):
    return client.post(url, json={"fields": fields, "rows": rows}, headers={"X-CSRFToken": client.csrf})


def test_cells_are_read_as_a_sheets_are_and_nothing_is_written(session, sign_in, gadget):
    client = sign_in("sales")
    rows = [
        ["螺丝 ", "１２", "¥1,234.5", "twin-2", "是"],
        ["", "1.5", "12,5", "TWIN", "maybe"],
        ["x", "", "", "none such", ""],
    ]
    for url in (f"/gadget/{gadget}/paste/gadget_part", "/gadget/paste/gadget_part"):
        good, bad, last = paste(client, url, FIELDS, rows).json["rows"]
        twin = good.pop(3)
        assert [each["value"] for each in good] == ["螺丝", "12", "1234.50", "yes"]
        assert twin["chosen"] == [[twin["value"], "TWIN-2"]]
        assert bad[0]["value"] == ""
        problems = [each["problem"] for each in bad[1:]]
        assert "not a whole number" in problems[0]
        assert "in two ways" in problems[1]
        assert "any of several rows" in problems[2]
        assert "neither yes nor no" in problems[3]
        assert "there is no “none such” to choose here" in last[3]["problem"]
        assert [last[at]["value"] for at in (1, 2, 4)] == ["", "", "no"]
    with acting(system_actor("tests", "cli")):
        assert session.scalar(select(func.count(GadgetPart.id))) == 0


def test_who_may_not_send_the_form_is_not_answered_and_hidden_rows_are_not_named(session, sign_in, people, gadget):
    other = people["renewal3"]
    with acting(system_actor("tests", "cli")):
        session.add(Gadget(code="HIDDEN", owner_id=other.user_id, unit_id=other.unit_id))
        session.commit()
    client = sign_in("sales")
    [[cell]] = paste(client, f"/gadget/{gadget}/paste/gadget_part", ["twin_id"], [["HIDDEN"]]).json["rows"]
    assert "there is no “HIDDEN”" in cell["problem"]
    [[unknown]] = paste(client, f"/gadget/{gadget}/paste/gadget_part", ["gadget_id"], [["1"]]).json["rows"]
    assert "not filled in by pasting" in unknown["problem"]
    for url, status in ((f"/gadget/{gadget}/paste/paper", 404), ("/gadget/99/paste/gadget_part", 404)):
        assert paste(client, url, ["name"], [["x"]]).status_code == status
    for body in ({}, {"fields": "name", "rows": []}, {"fields": ["name"], "rows": [[1]]}, [1]):
        sent = client.post("/gadget/paste/gadget_part", json=body, headers={"X-CSRFToken": client.csrf})
        assert sent.status_code == 422, body
    for url in (f"/gadget/{gadget}/paste/gadget_part", "/gadget/paste/gadget_part"):
        assert paste(sign_in("finance"), url, ["name"], [["x"]]).status_code == 403
