"""Commands of the panel itself."""

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.permissions import load_actor
from app.schema.roles import Scope
from tests.department import csrf_of


def run(app, *words):
    return app.test_cli_runner().invoke(args=["panel", *words])


def test_the_first_administrator_signs_in(app, session):
    made = run(app, "admin", "root", "--email", "root@example.cn", "--password", "long enough 12")
    assert made.exit_code == 0, made.output
    with acting(system_actor("t")):
        key = session.scalar(select(User.id).where(User.username == "root"))
        assert load_actor(session, key).scope("open", "page:people") == Scope.ALL
    session.rollback()
    client = app.test_client()
    form = {"username": "root", "password": "long enough 12", "csrf_token": csrf_of(client.get("/login/").text)}
    assert client.post("/login/", data=form).status_code in (302, 303)


def test_a_name_that_is_taken_and_a_short_password_are_refused(app):
    taken = run(app, "admin", "manager", "--email", "x@example.cn", "--password", "long enough 12")
    assert taken.exit_code != 0
    assert "already" in taken.output
    short = run(app, "admin", "root", "--email", "x@example.cn", "--password", "short")
    assert "at least 12" in short.output


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_check_says_that_the_declarations_hold(app):
    assert "hold together" in run(app, "check").output
