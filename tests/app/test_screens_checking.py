"""What is wrong with a field, said as it is left: as saving would say it, to who may save, and nothing is written."""

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from tests.app.test_screens_forms import all_of, gadget  # noqa: F401 - a row to check
from tests.gadget import GadgetPart
from tests.screens import post, problem_at, statements


def check(client, where, *names, **form):
    return post(client, f"/gadget/{where}?{'&'.join(f'of={name}' for name in names)}", **form)


def test_a_field_that_is_left_is_told_what_saving_would_tell(session, sign_in):
    client = sign_in("sales")
    for name, value in (("price", "ten"), ("price", "9" * 17), ("buyer_phone", "abc"), ("code", ""), ("name", "fine")):
        said = check(client, "check", name, **{name: value}).json["problems"]
        assert said == {name: problem_at(post(client, "/gadget/add", **{"price": "x", name: value}).text, name)}, value
    assert check(client, "check", "price", "name", price="x", buyer_phone="abc").json["problems"] == {
        "price": "write a number, such as 1234.50",
        "name": "",
    }, "of what was asked alone"
    assert all_of(session) == []


def test_a_cell_of_a_line_is_told_too(sign_in):
    cells = {"gadget_part.s1.name": "Wire", "gadget_part.s1.count": "some"}
    said = check(sign_in("sales"), "check", "gadget_part.s1.count", "gadget_part.s1.name", **cells).json["problems"]
    assert said == {"gadget_part.s1.count": "write a number, such as 1234.50", "gadget_part.s1.name": ""}


def test_checking_writes_nothing(backend, session, sign_in, gadget):  # noqa: F811
    with acting(system_actor("tests")):
        session.add(GadgetPart(gadget_id=gadget, name="Bulb"))
        session.commit()
        part = session.scalar(select(GadgetPart.id))
        session.rollback()
    client = sign_in("sales")
    cells = {f"gadget_part.{part}.id": part, f"gadget_part.{part}.name": "Lamp"}
    with statements(backend.engine) as sent:
        answer = check(client, f"{gadget}/check", "name", f"gadget_part.{part}.name", name="Else", version="1", **cells)
    assert answer.json["problems"] == {"name": "", f"gadget_part.{part}.name": ""}
    assert [each for each in sent if not each.startswith("SELECT")] == []
    assert all_of(session)[0].name == "First"


@pytest.mark.parametrize(
    ("who", "where", "status"),
    [("finance", "check", 403), ("finance", "{}/check", 403), ("renewal2", "{}/check", 404), ("service", "check", 403)],
)
def test_only_who_may_send_the_form_is_answered(sign_in, gadget, who, where, status):  # noqa: F811
    answer = check(sign_in(who), where.format(gadget), "name", name="x", version="1")
    assert answer.status_code == status
    assert "problems" not in answer.text


def test_nothing_is_said_of_what_the_form_does_not_ask(sign_in, gadget):  # noqa: F811
    client = sign_in("sales")
    asked = ("owner_id", "state", "id", "code", "buyer_phone", "nothing", "gadget_part.s1.gadget_id")
    said = check(client, f"{gadget}/check", *asked, version="1", owner_id="x", buyer_phone="••••••••••8000")
    assert said.json["problems"] == {"buyer_phone": ""}, "the code is fixed, the masked value stands"
    assert "138" not in said.text
    assert client.post("/gadget/check?of=name", data={"name": "x"}).status_code == 400, (
        "the session's token is asked for"
    )
