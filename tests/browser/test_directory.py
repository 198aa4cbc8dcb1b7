"""Signing in through a real OpenLDAP server, as people do."""

import pytest

from app.kernel.identity.directory import Directory
from tests.servers.cluster import NoServer
from tests.servers.directory import BASE, PANEL, PANEL_PASSWORD, PASSWORD, directory_server
from tests.servers.skips import skip_loudly


@pytest.fixture
def slapd():
    """A server with a department in it."""
    try:
        with directory_server() as running:
            yield running
    except NoServer as error:
        skip_loudly(str(error))


def test_somebody_of_the_directory_comes_in_with_the_roles_of_the_groups(visit, backend, slapd, monkeypatch):
    directory = Directory(
        url=slapd.url,
        ca_file=slapd.ca_file,
        base=f"ou=people,{BASE}",
        bind_dn=PANEL,
        bind_password=PANEL_PASSWORD,
        group_base=f"ou=groups,{BASE}",
        roles={"claims-team": "claims"},
    )
    monkeypatch.setitem(backend.app.extensions, "directory", directory)
    page = visit()
    page.goto("/login/")
    for password in ("wrong", PASSWORD):
        page.fill("input[name=username]", "zhang.wei")
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        if password == "wrong":
            page.get_by_text("The name or the password is not right.").wait_for()
    page.get_by_role("button", name="Leave the tour").click()
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("link", name="My account").click()
    assert "张伟" in page.inner_text("main"), "family name first"
    assert "claims" in page.inner_text("main").lower()
    assert page.get_by_role("link", name="Change password").count() == 0
    assert page.goto("/claim/").status == 200
