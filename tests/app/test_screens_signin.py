"""The door, and what every answer of the house says to a browser."""

import re

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.panel.headers import CONTENT_POLICY
from app.panel.identity.paths import safe_next
from tests.department import PASSWORD, csrf_of
from tests.screens import plain, post

STOCK = (
    "/back",
    "/lang/en",
    "/swagger/v1",
    "/api/v1/_openapi",
    "/api/v1/menu/",
    "/users/list/",
    "/roles/list/",
    "/login/openid",
    "/logout",
    "/registeruser/list/",
    "/static/appbuilder/js/ab.js",
)


def attempt(client, username, password, **form):
    token = csrf_of(client.get("/login/").text)
    return client.post("/login/", data={"username": username, "password": password, "csrf_token": token, **form})


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(app):
    client, answers = app.test_client(), []
    for username, password in (("sales", "wrong"), ("nobody", "wrong"), ("nobody", PASSWORD), ("sales", "")):
        answer = attempt(client, username, password)
        assert answer.status_code == 422
        answers.append(re.sub(r"content=\"[^\"]+\"|value=\"[^\"]*\"", "", answer.text))
    assert len({plain(page) for page in answers}) == 1
    assert "The name or the password is not right." in answers[0]


def test_a_sign_in_without_its_token_is_refused(app):
    client = app.test_client()
    answer = client.post("/login/", data={"username": "sales", "password": PASSWORD})
    assert answer.status_code == 303
    assert client.get("/").status_code == 303


def test_the_session_begins_anew_at_the_door(app):
    """What somebody put into the browser before the sign-in is gone after it, the token included."""
    client = app.test_client()
    before = csrf_of(client.get("/login/").text)
    with client.session_transaction() as session:
        session["planted"] = "before"
    assert attempt(client, "sales", PASSWORD).status_code == 302
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/language/", data={"locale": "en", "csrf_token": before}).status_code == 400


def test_signing_out_is_a_post_and_ends_the_session(sign_in):
    client = sign_in("sales")
    assert client.get("/logout/").status_code == 405
    assert client.get("/gadget/").status_code == 200
    assert post(client, "/logout/").location == "/login/"
    assert client.get("/gadget/").location.startswith("/login/?next=")


def test_a_change_without_the_token_is_refused(sign_in):
    answer = sign_in("sales").post("/gadget/add", data={"code": "X"})
    assert answer.status_code == 400
    assert "The form is out of date" in answer.text


@pytest.mark.parametrize(
    "goal",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/a\nb",
        "gadget/",
    ],
)
def test_after_the_door_nobody_is_led_out_of_the_house(sqlite_backend, goal):
    with sqlite_backend.app.test_request_context():
        assert safe_next(goal) == "/"
        assert safe_next("/gadget/?q=a&order=-code") == "/gadget/?q=a&order=-code"


def test_who_knocks_comes_to_where_he_wanted(app):
    client = app.test_client()
    door = client.get("/gadget/?q=a").location
    assert door == "/login/?next=/gadget/?q%3Da"
    assert attempt(client, "sales", PASSWORD, next="/gadget/?q=a").location == "/gadget/?q=a"
    assert client.get("/login/?next=/gadget/").location == "/gadget/"


def test_language_is_chosen_by_post_and_stays(app):
    client = app.test_client()
    page = client.get("/login/?_l_=zh_Hans").text
    assert '<html lang="en"' in page
    for chosen, tag in (("zh_Hans", "zh-Hans"), ("xx", "zh-Hans"), ("en", "en")):
        token = csrf_of(client.get("/login/").text)
        client.post("/language/", data={"locale": chosen, "csrf_token": token})
        assert f'<html lang="{tag}"' in client.get("/login/").text


def test_looking_at_a_page_sets_no_language(app):
    client = app.test_client()
    client.get("/login/")
    with client.session_transaction() as session:
        assert "locale" not in session


def test_none_of_the_stock_addresses_is_there(sign_in, app):
    client = sign_in("admin")
    for address in STOCK:
        assert client.get(address).status_code in (404, 308), address
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert not {rule for rule in rules if rule.startswith(("/back", "/lang/", "/swagger", "/users", "/roles"))}


def test_every_answer_carries_the_headers(sign_in, app):
    client = sign_in("sales")
    for address in (
        "/",
        "/gadget/",
        "/login/",
        "/nowhere",
        "/gadget/999999",
        "/static/panel.css",
        "/gadget/pick/twin_id",
    ):
        headers = client.get(address).headers
        assert headers["Content-Security-Policy"] == CONTENT_POLICY, address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["X-Frame-Options"] == "DENY", address
        assert headers["Referrer-Policy"] == "same-origin", address
        if not address.startswith("/static/"):
            assert headers["Cache-Control"] == "no-store", address
        assert "Strict-Transport-Security" not in headers
    assert "Strict-Transport-Security" in client.get("/login/", base_url="https://localhost").headers
    assert "unsafe" not in CONTENT_POLICY


def test_a_static_file_is_kept_when_its_address_has_its_fingerprint(app):
    client = app.test_client()
    address = re.search(r'href="(/static/panel\.css\?v=[0-9a-f]+)"', client.get("/login/").text).group(1)
    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert client.get("/static/panel.css").headers["Cache-Control"] == "no-cache"


def test_the_session_cookie_is_closed_to_scripts_and_other_sites(app):
    cookie = app.test_client().get("/login/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_name_from_the_database_is_text_and_no_markup(session, people, sign_in):
    """Translated labels are escaped like any other text; a role's name is one of them."""
    with acting(system_actor("tests")):
        session.scalars(select(Role).where(Role.name == "sales")).one().name = "<b>sales</b>"
        session.commit()
    page = sign_in("sales").get("/").text
    assert "<b>sales</b>" not in page
    assert "&lt;b&gt;sales&lt;/b&gt;" in page


def test_a_failure_says_a_reference_and_nothing_of_our_insides(sign_in, app, monkeypatch):
    client = sign_in("sales")

    def break_down(*args, **kwargs):
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("app.panel.listing.page_of", break_down)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.get("/gadget/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert re.search(r"written down as [0-9a-f]{8}", answer.text)


def test_the_menu_has_only_what_one_may_open(sign_in):
    assert "/gadget/" in sign_in("sales").get("/").text
    assert "/gadget/" not in sign_in("service").get("/").text
