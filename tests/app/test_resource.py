"""The REST API asks the same policy as the screens, parses by kind, and answers refusals as problems."""

import re

import pytest
from sqlalchemy import func, select

from app.kernel.actor import acting, system_actor
from app.kernel.history import timeline
from tests.gadget import Gadget, GadgetPart
from tests.problems import errors_of

URL = "/api/v1/gadget/"


@pytest.fixture
def gadgets(session, people, as_system):
    """One gadget each for two specialists."""
    for owner in ("renewal", "renewal2"):
        actor = people[owner]
        phone = "+8613800138000"
        session.add(Gadget(code=owner, price=5, buyer_phone=phone, owner_id=actor.user_id, unit_id=actor.unit_id))
    session.commit()
    ids = {g.code: g.id for g in session.scalars(select(Gadget))}
    session.rollback()
    return ids


def send(client, method, url, body=None, token=True):
    headers = {"X-CSRFToken": client.csrf} if token else {}
    return client.open(url, method=method, json=body, headers=headers)


def test_list_and_get_give_the_callers_rows_alone(sign_in, gadgets):
    client = sign_in("renewal")
    listed = client.get(URL).json
    assert [row["code"] for row in listed["result"]] == ["renewal"]
    assert listed["count"] == 1
    assert client.get(f"{URL}{gadgets['renewal']}").json["result"]["price"] == "5.00"
    hidden, missing = client.get(f"{URL}{gadgets['renewal2']}"), client.get(f"{URL}999999")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.json == missing.json


def test_private_values_are_masked_and_users_are_ids(sign_in, gadgets):
    answer = sign_in("manager").get(f"{URL}{gadgets['renewal']}")
    assert "13800138" not in answer.text
    assert isinstance(answer.json["result"]["owner_id"], int)
    assert "example.cn" not in answer.text


def test_without_sign_in_nothing(app, gadgets):
    client = app.test_client()
    for url in (URL, f"{URL}{gadgets['renewal']}"):
        answer = client.get(url)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_changes_need_the_token(sign_in, gadgets, session):
    client = sign_in("renewal")
    for method, url in (("POST", URL), ("PATCH", f"{URL}{gadgets['renewal']}"), ("DELETE", f"{URL}1")):
        answer = send(client, method, url, {"code": "x", "version": 1}, token=False)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_create_change_delete(sign_in, people, gadgets):
    client = sign_in("renewal")
    made = send(client, "POST", URL, {"code": "new", "price": "1,234.50", "twin_id": gadgets["renewal"]})
    assert made.status_code == 201
    row = made.json["result"]
    assert (row["price"], row["owner_id"], row["state"]) == ("1234.50", people["renewal"].user_id, "draft")
    changed = send(client, "PATCH", f"{URL}{row['id']}", {"name": "called", "version": row["version"]})
    assert changed.json["result"]["name"] == "called"
    assert send(client, "DELETE", f"{URL}{row['id']}?version=2").status_code == 403
    manager = sign_in("manager")
    for version, status in (("", 428), ("?version=1", 409), ("?version=2", 204)):
        assert send(manager, "DELETE", f"{URL}{row['id']}{version}").status_code == status


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"price": "x"}, 422, "price"),
        ({}, 422, "code"),
        ({"code": "renewal"}, 422, "code"),
        ({"code": "a", "state": "sold"}, 422, "state"),
        ({"code": "a", "owner_id": 1}, 422, "owner_id"),
        ({"code": "a", "id": 7}, 422, "id"),
        ({"code": "a", "colour": "red"}, 422, "colour"),
        ({"code": "a", "buyer_phone": "••••••••••8000"}, 422, "buyer_phone"),
        ({"code": "a", "twin_id": 999999}, 422, "twin_id"),
        ({"code": "a", "price": {"$gt": 0}}, 422, "price"),
        ({"code": ["a"]}, 422, "code"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(sign_in, gadgets, session, body, status, field):
    answer = send(sign_in("renewal"), "POST", URL, body)
    assert answer.status_code == status, answer.text
    assert field in errors_of(answer)
    with acting(system_actor("t")):
        assert session.scalar(select(func.count()).select_from(Gadget)) == 2


@pytest.mark.parametrize(
    ("body", "status"), [("[]", 422), ("1", 422), ("null", 422), ("{", 400), ("", 400), ('{"price": NaN}', 400)]
)
def test_a_body_that_is_no_object_is_refused(sign_in, gadgets, body, status):
    client = sign_in("renewal")
    headers = {"X-CSRFToken": client.csrf}
    answer = client.post(URL, data=body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert client.post(URL, data=body, content_type="text/plain", headers=headers).status_code == 415


def test_a_link_to_a_hidden_row_is_refused_as_a_missing_one_is(sign_in, gadgets):
    client = sign_in("renewal")
    hidden = send(client, "POST", URL, {"code": "a", "twin_id": gadgets["renewal2"]})
    missing = send(client, "POST", URL, {"code": "a", "twin_id": 999999})
    assert hidden.status_code == missing.status_code == 422
    assert hidden.json == missing.json


def test_a_hidden_row_is_neither_changed_nor_stepped_nor_deleted(sign_in, gadgets, session):
    client, url = sign_in("renewal"), f"{URL}{gadgets['renewal2']}"
    for method, path, body in (
        ("PATCH", url, {"name": "x", "version": 1}),
        ("DELETE", url, None),
        ("POST", f"{url}/steps/offer", {"version": 1}),
    ):
        assert send(client, method, path, body).status_code == 404


def test_steps_move_the_state_and_nothing_else_does(sign_in, gadgets, session):
    client, url = sign_in("renewal"), f"{URL}{gadgets['renewal']}"
    version = client.get(url).json["result"]["version"]
    assert send(client, "PATCH", url, {"state": "sold", "version": version}).status_code == 422
    assert send(client, "POST", f"{url}/steps/sell", {"version": version}).status_code == 403
    taken = send(client, "POST", f"{url}/steps/offer", {"version": version})
    assert taken.json["result"]["state"] == "offered"
    again = send(client, "POST", f"{url}/steps/offer", {"version": taken.json["result"]["version"]})
    assert again.status_code == 409
    with acting(system_actor("t")):
        assert timeline(session, session.get(Gadget, gadgets["renewal"]))[0].source == "api"


def test_a_stale_version_is_a_conflict_and_none_is_refused(sign_in, gadgets):
    client, url = sign_in("renewal"), f"{URL}{gadgets['renewal']}"
    version = client.get(url).json["result"]["version"]
    assert send(client, "PATCH", url, {"name": "one", "version": version}).status_code == 200
    assert send(client, "PATCH", url, {"name": "two", "version": version}).status_code == 409
    assert send(client, "PATCH", url, {"name": "three"}).status_code == 428


def test_fixed_fields_are_written_once(sign_in, gadgets):
    client, url = sign_in("renewal"), f"{URL}{gadgets['renewal']}"
    version = client.get(url).json["result"]["version"]
    answer = send(client, "PATCH", url, {"code": "other", "version": version})
    assert "code" in errors_of(answer)


def test_lines_follow_their_parent(sign_in, gadgets, session):
    client, url = sign_in("renewal"), "/api/v1/gadget_part/"
    made = send(client, "POST", url, {"gadget_id": gadgets["renewal"], "name": "wheel"})
    assert made.status_code == 201
    assert send(client, "POST", url, {"gadget_id": gadgets["renewal2"], "name": "wheel"}).status_code in (403, 422)
    assert sign_in("renewal2").get(f"{url}{made.json['result']['id']}").status_code == 404
    with acting(system_actor("t")):
        assert session.scalar(select(func.count()).select_from(GadgetPart)) == 1


@pytest.mark.parametrize(
    "query",
    [
        *("page=abc", "psize=999999", "order=password", "order=buyer_phone", "after=xx", "stat=draft", "state=x"),
        *("price.from=x", "fields=buyer_phone,colour", "watched=you", "&".join(["state=draft"] * 51)),
    ],
)
def test_a_list_is_as_it_was_asked_for_or_refused(sign_in, gadgets, query):
    answer = sign_in("renewal").get(f"{URL}?{query}")
    assert (answer.status_code, [*errors_of(answer)]) == (422, [re.split("[=&]", query)[0]])


def test_only_the_fields_asked_for_are_answered(sign_in, gadgets):
    client = sign_in("renewal")
    (row,) = client.get(f"{URL}?fields=code,price&q=%00").json["result"]
    assert row.keys() == {"id", "version", "code", "price"}
