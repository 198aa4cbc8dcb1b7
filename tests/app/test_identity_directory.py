"""Sign-in through a real OpenLDAP server."""

from dataclasses import replace

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.factory import create_app
from app.kernel.actor import acting, system_actor
from app.kernel.identity.directory import Directory, Unreachable
from app.kernel.identity.tables import ExternalIdentity
from config import Settings, UnsafeSetting
from tests.department import PASSWORD as LOCAL
from tests.department import csrf_of
from tests.screens import plain
from tests.servers.cluster import NoServer, free_port
from tests.servers.directory import BASE, PANEL, PANEL_PASSWORD, PASSWORD, directory_server, dn_of
from tests.servers.skips import skip_loudly


@pytest.fixture(scope="module")
def slapd():
    """The server of this file."""
    try:
        with directory_server() as running:
            yield running
    except NoServer as error:
        skip_loudly(str(error))


@pytest.fixture
def searching(slapd):
    """The directory, searched as the panel's own entry, over TLS."""
    return Directory(
        url=slapd.url,
        ca_file=slapd.ca_file,
        base=f"ou=people,{BASE}",
        bind_dn=PANEL,
        bind_password=PANEL_PASSWORD,
        group_base=f"ou=groups,{BASE}",
        roles={"claims-team": "claims", f"cn=supervisors,ou=groups,{BASE}": "supervisor"},
    )


@pytest.fixture
def templated(slapd):
    """The directory, bound to by a template, over TLS."""
    return Directory(url=slapd.url, ca_file=slapd.ca_file, user_dn=f"uid={{name}},ou=people,{BASE}")


def test_the_password_is_tried_by_binding(searching, templated):
    for directory in (searching, templated):
        found = directory.person("zhang.wei", PASSWORD)
        assert (found.username, found.first_name, found.last_name) == ("zhang.wei", "伟", "张")
        assert found.email == "zhang.wei@directory.example.cn"
        assert len(found.subject) == 36, "the entry's own id, which no renaming changes"
        for name, password in (("zhang.wei", "wrong"), ("nobody", PASSWORD), ("", PASSWORD)):
            assert directory.person(name, password) is None


def test_an_empty_password_is_never_tried(searching, templated):
    """A directory answers a bind without a password with success, as nobody."""
    assert searching.person("zhang.wei", "") is None
    assert templated.person("zhang.wei", "") is None


FORGED = ["*", "zhang*", "zhang.wei)(uid=*", "*)(|(uid=*", "zhang.wei\\2a", "\\7ahang.wei", "zhang.wei,ou=people"]
FORGED += ['zhang.wei"', "zhang.wei\x00", "ZHANG.WEI,", "uid=zhang.wei", "zhang.wei+cn=x", "#zhang.wei"]


@pytest.mark.parametrize("name", FORGED)
def test_a_name_is_no_filter_and_no_path(searching, templated, name):
    assert searching.person(name, PASSWORD) is None
    assert templated.person(name, PASSWORD) is None


def test_other_spellings_open_only_what_is_counted_as_the_name(searching):
    assert searching.person("ZHANG.WEI", PASSWORD).username == "zhang.wei"
    wide = replace(searching, filter="(|(uid={name})(mail={name}))")
    assert wide.person("zhang.wei", PASSWORD) is not None
    assert wide.person("zhang.wei@directory.example.cn", PASSWORD) is None, "guesses at it are counted apart"


def test_groups_give_roles(searching):
    assert searching.person("zhang.wei", PASSWORD).roles == {"claims", "supervisor"}
    assert searching.person("li.na", PASSWORD).roles == {"supervisor"}
    assert searching.person("admin", PASSWORD).roles == set()


def test_a_directory_nobody_vouches_for_gets_no_password(slapd, searching):
    stranger = Directory(url=slapd.url, base=searching.base, bind_dn=PANEL, bind_password=PANEL_PASSWORD)
    with pytest.raises(Unreachable):
        stranger.person("zhang.wei", PASSWORD)
    nowhere = Directory(url=f"ldap://127.0.0.1:{free_port()}", user_dn=templated_dn(), start_tls=False)
    with pytest.raises(Unreachable):
        nowhere.person("zhang.wei", PASSWORD)
    wrong = Directory(url=slapd.url, ca_file=slapd.ca_file, base=searching.base, bind_dn=PANEL, bind_password="x")
    with pytest.raises(Unreachable):
        wrong.person("zhang.wei", PASSWORD)


def templated_dn():
    return f"uid={{name}},ou=people,{BASE}"


@pytest.fixture
def house(app, searching, monkeypatch):
    """The application, with the directory to sign in through."""
    monkeypatch.setitem(app.extensions, "directory", searching)
    return app


def knock(app, username, password):
    client = app.test_client()
    form = {"username": username, "password": password, "csrf_token": csrf_of(client.get("/login/").text)}
    answer = client.post("/login/", data=form)
    return client, answer


def user_of(session, username):
    with acting(system_actor("tests")):
        found = session.scalars(select(User).where(User.username == username).execution_options(populate_existing=True))
        user = found.one_or_none()
        told = user and {"id": user.id, "roles": {role.name for role in user.roles}, "password": user.password}
        session.rollback()
        return told


def test_a_user_is_made_at_the_first_sign_in_and_follows_the_groups(house, session, slapd):
    assert user_of(session, "li.na") is None
    assert knock(house, "li.na", "wrong")[1].status_code == 422
    assert user_of(session, "li.na") is None
    first, answer = knock(house, "li.na", PASSWORD)
    assert answer.status_code == 302
    made = user_of(session, "li.na")
    assert (made["roles"], made["password"]) == ({"supervisor"}, "")
    assert first.get("/gadget/").status_code == 200
    assert first.get("/account/password").status_code == 404, "the directory keeps the password"
    team = f"cn=claims-team,ou=groups,{BASE}"
    slapd.change(team, member=[dn_of("zhang.wei"), dn_of("li.na")])
    try:
        assert first.get("/gadget/").status_code == 200, "until the next sign-in"
        assert knock(house, "Li.Na", PASSWORD)[1].status_code == 302
    finally:
        slapd.change(team, member=[dn_of("zhang.wei")])
    assert user_of(session, "li.na") == made | {"roles": {"supervisor", "claims"}}
    assert first.get("/gadget/").status_code == 303, "new roles end the old session"
    with acting(system_actor("tests")):
        session.get(User, made["id"]).active = False
        session.commit()
    assert knock(house, "li.na", PASSWORD)[1].status_code == 422, "shut out here, whatever the directory says"


def test_nobody_takes_over_an_account_of_this_house(house, session):
    """The directory has an "admin" too; the one of this house keeps the password of this house."""
    assert knock(house, "admin", PASSWORD)[1].status_code == 422
    assert knock(house, "admin", LOCAL)[1].status_code == 302
    assert session.scalars(select(ExternalIdentity)).all() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_email_of_another_account_is_refused_and_told(house, session, slapd):
    slapd.change(dn_of("li.na"), mail=["Sales@example.cn"])
    try:
        answer = knock(house, "li.na", PASSWORD)[1]
    finally:
        slapd.change(dn_of("li.na"), mail=["li.na@directory.example.cn"])
    assert answer.status_code == 409
    assert "belongs to another account here" in plain(answer.text)
    assert user_of(session, "li.na") is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_directory_that_is_away_is_told_and_locks_out_nobody_of_this_house(app, monkeypatch):
    away = Directory(url=f"ldap://127.0.0.1:{free_port()}", user_dn=templated_dn(), start_tls=False)
    monkeypatch.setitem(app.extensions, "directory", away)
    answer = knock(app, "zhang.wei", PASSWORD)[1]
    assert answer.status_code == 503
    assert "The directory does not answer." in plain(answer.text)
    assert knock(app, "sales", LOCAL)[1].status_code == 302


def test_the_settings_make_the_directory(tmp_path, slapd):
    settings = Settings(
        mode="testing", data_dir=tmp_path, ldap_url="ldap://x", ldap_base="b", ldap_roles={"g": "sales"}
    )
    made = create_app(settings).extensions["directory"]
    assert (made.url, made.base, made.start_tls, made.roles) == ("ldap://x", "b", True, {"g": "sales"})
    assert "secret" not in repr(Directory(url="", bind_password="secret"))
    assert create_app(Settings(mode="testing", data_dir=tmp_path)).extensions["directory"] is None


@pytest.mark.parametrize("url", ["ldap://directory.example.cn"])
def test_production_sends_no_password_in_the_clear(tmp_path, url):
    asked = {"mode": "production", "data_dir": tmp_path, "ldap_url": url}
    for allowed in (
        {},
        {"ldap_start_tls": False, "ldap_plain": True},
        {"ldap_url": "ldaps://x", "ldap_start_tls": False},
    ):
        with pytest.raises(UnsafeSetting) as refused:
            Settings(**asked | allowed).refuse_unsafe()
        assert "LDAP" not in str(refused.value)
    with pytest.raises(UnsafeSetting, match="YANXU_LDAP_START_TLS"):
        Settings(**asked, ldap_start_tls=False).refuse_unsafe()
