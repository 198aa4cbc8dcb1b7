"""API tokens: as their person and no further, without cookie or token of a form, and with an end."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, update

from app.kernel.actor import acting, system_actor
from app.kernel.identity.settings import FACTOR_ROLES
from app.kernel.identity.tables import ApiToken
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry
from app.schema.registry import registry
from tests.factories import make
from tests.screens import post, statements


def token_of(client, **form):
    page = post(client, "/account/tokens/", **{"name": "nightly figures", "days": 30, "may": "read", **form}).text
    return re.search(r'id="token">(yx_[\w-]{43})<', page).group(1)


def ask(app, token, path="/api/v1/gadget/", method="GET", **more):
    return app.test_client().open(path, method=method, headers={"Authorization": f"Bearer {token}"}, **more)


def test_a_token_reads_what_its_person_reads(app, session, people, sign_in):
    client = sign_in("sales")
    token = token_of(client)
    with acting(system_actor("tests")):
        mine, theirs = (make(session, registry["gadget"], people[name]).id for name in ("sales", "renewal3"))
        session.commit()
    assert ask(app, token, f"/api/v1/gadget/{mine}").status_code == 200
    assert ask(app, token, f"/api/v1/gadget/{theirs}").status_code == 404
    assert token not in client.get("/account/tokens/").text, "shown once"
    assert "nightly figures" in client.get("/account/tokens/").text
    kept = session.scalars(select(ApiToken)).one()
    assert token not in repr(vars(kept))
    session.rollback()


def test_a_reading_token_writes_nothing_and_a_writing_one_needs_no_form(app, session, people, sign_in):
    client = sign_in("sales")
    reading, writing = token_of(client), token_of(client, may=["read", "write", "steps", "files"])
    with acting(system_actor("tests")):
        key = make(session, registry["gadget"], people["sales"]).id
        session.commit()
    for method, path in (("POST", ""), ("PUT", f"{key}"), ("PATCH", f"{key}"), ("DELETE", f"{key}")):
        refused = ask(app, reading, f"/api/v1/gadget/{path}", method, json={"code": "x", "version": 1})
        assert refused.status_code == 403, method
        assert refused.json["detail"] == "You are only looking; nothing is written."
    made = ask(app, writing, "/api/v1/gadget/", "POST", json={"code": "by-token"})
    assert made.status_code == 201, made.text
    with acting(system_actor("tests")):
        assert session.get(registry["gadget"], made.json["result"]["id"]).owner_id == people["sales"].user_id
        session.rollback()
    answer = client.post("/api/v1/gadget/", json={"code": "by-cookie"})
    assert answer.status_code == 400, "a cookie still needs the token of the form"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_token_does_what_it_was_made_for_and_where(app, session, people, sign_in):
    """Asked of the engine: the person may all of this."""
    client = sign_in("renewal")
    with acting(system_actor("tests")):
        row = make(session, registry["gadget"], people["renewal"], price=None)
        key, version = row.id, row.version
        session.commit()
    url = f"/api/v1/gadget/{key}"

    def tried(**form):
        token = token_of(client, **form)

        def status(path, method, **more):
            return ask(app, token, f"{url}{path}", method, **more).status_code

        return [
            status("", "GET"),
            status("", "PATCH", json={"version": version}),
            status("/steps/offer", "POST", json={"version": version}),
            status("/comments", "POST", json={"text": "a word"}),
            ask(app, token, "/api/v1/files/", "POST", data={"file": (BytesIO(b"%PDF-1.4"), "a")}).status_code,
            ask(app, token, "/api/v1/expense/").status_code,
        ]

    assert tried(may=["read", "write", "steps", "files"]) == [200, 200, 422, 201, 201, 200]
    assert tried(may=["steps"]) == [200, 403, 422, 403, 403, 200]
    assert tried(may=["write"]) == [200, 200, 403, 201, 403, 200]
    assert tried(may=["files"]) == [200, 403, 403, 403, 201, 200]
    assert tried(may=["write"], records=["area:Claims"]) == [404, 404, 404, 404, 403, 403]
    assert post(client, "/account/tokens/", name="n", days=7, records=["area:Nowhere"]).status_code == 422


def test_a_token_is_for_the_api_alone_and_no_cookie_helps_a_wrong_one(app, sign_in):
    client = sign_in("sales")
    token = token_of(client)
    for path in ("/", "/gadget/", "/account/"):
        assert ask(app, token, path).status_code == 303, path
    assert client.get("/api/v1/gadget/", headers={"Authorization": "Bearer yx_wrong"}).status_code == 401
    assert client.get("/api/v1/gadget/", headers={"Authorization": "Bearer other"}).status_code == 200
    assert ask(app, token + "x").status_code == 401
    assert client.post("/gadget/add", headers={"Authorization": f"Bearer {token}"}).status_code == 400
    post_ = {"Authorization": "Bearer yx_wrong"}
    assert client.post("/api/v1/gadget/", json={}, headers=post_).status_code == 401, "and forges no request"


@pytest.mark.parametrize("how", ["ended", "expired", "deactivated", "factor"])
def test_a_token_ends(app, session, people, sign_in, how):
    client = sign_in("sales")
    token = token_of(client)
    assert ask(app, token).status_code == 200
    user_id = people["sales"].user_id
    with acting(system_actor("tests")):
        key = session.scalar(select(ApiToken.id))
        session.rollback()
        if how == "ended":
            other = sign_in("renewal")
            assert post(other, f"/account/tokens/{key}/end").status_code == 404
            assert post(client, f"/account/tokens/{key}/end").status_code == 303
        elif how == "expired":
            session.execute(update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        elif how == "deactivated":
            session.get(User, user_id).active = False
        else:
            set_setting(session, FACTOR_ROLES, "sales")
        session.commit()
    assert ask(app, token).status_code == (403 if how == "factor" else 401)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_making_one_is_checked_and_written_down(session, sign_in):
    client = sign_in("sales")
    for form in ({"name": " "}, {"days": 3650}, {"days": "x"}):
        assert post(client, "/account/tokens/", **{"name": "n", "days": 7, **form}).status_code == 422
    token_of(client, may=["read", "write", "steps", "files"])
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "token")).one()
    assert entry.changes == {
        "added": "nightly figures",
        "may": ["read", "write", "steps", "files"],
        "records": [],
        "days": 30,
    }
    session.rollback()


def test_a_token_costs_one_statement(app, backend, sign_in):
    token = token_of(sign_in("sales"))
    ask(app, token)
    with statements(backend.engine) as sent:
        ask(app, token)
    assert len([text for text in sent if "api_token" in text]) == 1
