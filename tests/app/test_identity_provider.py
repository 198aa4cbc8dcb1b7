"""Sign-in through an OpenID Connect provider that is really asked, over HTTP, and really signs."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask_appbuilder.security.sqla.models import User
from joserfc.jwk import RSAKey
from sqlalchemy import select

from app.factory import create_app
from app.kernel.actor import acting, system_actor
from app.kernel.identity.tables import UserSession
from app.panel.identity import provider as ours
from config import Settings, UnsafeSetting
from tests.screens import plain
from tests.servers.cluster import free_port
from tests.servers.provider import CLIENT, SECRET, provider_server


@pytest.fixture(scope="module")
def running():
    """The provider of this file."""
    with provider_server() as provider:
        yield provider


@pytest.fixture
def provider(running):
    """The provider as it was when it began, telling the truth."""
    running.claims = {"sub": "u-1", "preferred_username": "wang.fang", "given_name": "芳", "family_name": "王"}
    running.claims |= {"email": "wang@provider.example.cn", "groups": ["claims-team"]}
    running.forge, running.key, running.refused, running.unsigned = {}, running.published, [], False
    return running


@pytest.fixture
def house(app, provider, monkeypatch):
    """The application, with the provider to sign in through."""
    told = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    told["oidc_roles"] = {"claims-team": "claims", "leaders": "supervisor"}
    settings = app.extensions["settings"].model_copy(update=told)
    monkeypatch.setitem(app.extensions, "settings", settings)
    monkeypatch.setitem(app.extensions, "provider", None)
    monkeypatch.setitem(app.extensions, "authlib.integrations.flask_client", None)
    ours.register(app, settings)
    yield app
    app.extensions["provider"] = None


def go(client, goal="/gadget/"):
    """Through the provider and back; the answer of the way back."""
    leaving = client.get(f"/login/provider/?next={goal}")
    assert leaving.status_code == 302, leaving.text
    back = requests.get(leaving.location, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    assert parts.path == "/login/provider/back"
    return client.get(f"{parts.path}?{parts.query}"), leaving.location, f"{parts.path}?{parts.query}"


def roles_of(session, username):
    with acting(system_actor("tests")):
        user = session.scalars(select(User).where(User.username == username)).one_or_none()
        found = None if user is None else {role.name for role in user.roles}
        session.expunge_all()
        session.rollback()
        return found


def test_a_user_is_made_at_the_first_sign_in_and_follows_the_groups(house, session, provider):
    client = house.test_client()
    answer, leaving, _back = go(client)
    assert (answer.status_code, answer.location) == (302, "/gadget/")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
    assert len(asked["state"]) > 20
    assert len(asked["nonce"]) > 10
    assert "openid" in asked["scope"].split()
    assert client.get("/claim/").status_code == 200
    assert roles_of(session, "wang.fang") == {"claims"}
    provider.claims |= {"groups": ["leaders"], "preferred_username": "renamed"}
    assert go(house.test_client())[0].status_code == 302
    assert roles_of(session, "wang.fang") == {"supervisor"}, "the subject is who it is, whatever it is called"
    assert roles_of(session, "renamed") is None
    assert client.get("/claim/").status_code == 303, "new roles end the old session"


def test_an_answer_is_taken_once_and_by_the_browser_that_asked(house, provider):
    client = house.test_client()
    answer, _leaving, back = go(client)
    assert answer.status_code == 302
    again, stranger = client.get(back), house.test_client().get(back)
    assert (again.status_code, stranger.status_code) == (422, 422)
    assert "did not vouch for you" in plain(again.text)


def forged(provider, how):
    if how == "key":
        provider.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    elif how == "unsigned":
        provider.unsigned = True
    else:
        provider.forge = {
            "issuer": {"iss": "https://evil.example"},
            "audience": {"aud": "another"},
            "nonce": {"nonce": "replayed"},
            "expired": {"exp": 1},
            "nobody": {"sub": ""},
            "nameless": {"preferred_username": ""},
        }[how]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["key", "unsigned", "issuer", "audience", "nonce", "expired", "nobody", "nameless"])
def test_a_forged_answer_opens_nothing(house, session, provider, how):
    forged(provider, how)
    client = house.test_client()
    assert go(client)[0].status_code == 422
    assert client.get("/gadget/").status_code == 303
    assert roles_of(session, "wang.fang") is None
    provider.key, provider.forge, provider.unsigned = provider.published, {}, False
    assert go(client)[0].status_code == 302, "and the truth does"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_nobody_takes_over_an_account_of_this_house(house, session, provider):
    provider.claims |= {"preferred_username": "Admin"}
    answer = go(house.test_client())[0]
    assert answer.status_code == 409
    assert "belongs to another account here" in plain(answer.text)
    provider.claims |= {"preferred_username": "wang.fang", "email": "ADMIN@example.cn"}
    assert go(house.test_client())[0].status_code == 409


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_second_factor_passed_there_counts(house, session, provider):
    for amr, passed in (([], False), (["pwd", "mfa"], True)):
        provider.claims["amr"] = amr
        assert go(house.test_client())[0].status_code == 302
        newest = session.scalars(select(UserSession).order_by(UserSession.id.desc())).first()
        assert (newest.factor_at is not None) is passed
        session.rollback()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_button_is_there_only_with_a_provider(house, monkeypatch):
    client = house.test_client()
    assert "/login/provider/" in client.get("/login/").text
    monkeypatch.setitem(house.extensions, "provider", None)
    assert "/login/provider/" not in client.get("/login/").text
    assert client.get("/login/provider/").status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_provider_that_is_away_or_another_is_told(house, provider, monkeypatch):
    settings = house.extensions["settings"]
    for issuer in (f"http://127.0.0.1:{free_port()}", provider.issuer + "/"):
        changed = settings.model_copy(update={"oidc_issuer": issuer})
        monkeypatch.setitem(house.extensions, "settings", changed)
        monkeypatch.setitem(house.extensions, "authlib.integrations.flask_client", None)
        ours.register(house, changed)
        answer = house.test_client().get("/login/provider/")
        assert answer.status_code == 503
        assert "does not answer" in plain(answer.text)


def test_production_wants_tls_to_the_provider(tmp_path):
    with pytest.raises(UnsafeSetting, match="YANXU_OIDC_ISSUER"):
        Settings(mode="production", data_dir=tmp_path, oidc_issuer="http://id.example.cn").refuse_unsafe()
    told = {"oidc_issuer": "https://id.example.cn", "data_dir": tmp_path}
    with pytest.raises(UnsafeSetting) as refused:
        Settings(mode="production", **told).refuse_unsafe()
    assert "OIDC" not in str(refused.value)
    assert create_app(Settings(mode="testing", **told)).extensions["provider"] is not None
    assert create_app(Settings(mode="testing", data_dir=tmp_path)).extensions["provider"] is None
