"""A session lives on the server: whatever ends it there kills every copy of its cookie."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select, update

from app.kernel.actor import acting, system_actor
from app.kernel.identity import jobs, sessions
from app.kernel.identity.settings import IDLE, LONGEST
from app.kernel.identity.tables import GuessLimit, UserPreference, UserSession
from app.kernel.permissions import Actors
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry
from tests.department import PASSWORD
from tests.department import sign_in as by_page
from tests.screens import plain, post, statements

FRESH = "wind lamp cable 9"


def copy_of(client, app):
    """Another browser with the very same cookie."""
    twin = app.test_client()
    with client.session_transaction() as held:
        kept = dict(held)
    with twin.session_transaction() as given:
        given.update(kept)
    assert alive(twin)
    return twin


def alive(client):
    return client.get("/gadget/").status_code == 200


def open_of(session, people, name):
    rows = select(UserSession).where(UserSession.user_id == people[name].user_id, UserSession.ended_at.is_(None))
    found = session.scalars(rows.execution_options(populate_existing=True)).all()
    session.expunge_all()
    session.rollback()
    return found


def test_a_copied_cookie_is_dead_after_signing_out(app, sign_in):
    client = sign_in("sales")
    twin = copy_of(client, app)
    post(client, "/logout/")
    assert not alive(twin)
    assert not alive(client)


@pytest.mark.parametrize("change", ["password", "roles", "active", "everywhere"])
def test_a_copied_cookie_is_dead_after_an_administrator_changed_the_person(app, session, people, sign_in, change):
    client, admin = sign_in("sales"), sign_in("admin")
    twin, other = copy_of(client, app), sign_in("renewal")
    user_id = people["sales"].user_id
    with acting(system_actor("tests")):
        user = session.get(User, user_id)
        role = session.scalar(select(Role.id).where(Role.name == ("claims" if change == "roles" else "sales")))
        form = {name: getattr(user, name) for name in ("username", "first_name", "last_name", "email")}
        form["role"] = role
        session.rollback()
    if change != "active":
        form["active"] = "on"
    address = {"password": "/password", "everywhere": "/sessions/end"}.get(change, "")
    assert post(admin, f"/people/{user_id}{address}", **form).status_code == 302
    assert not alive(client)
    assert not alive(twin)
    assert alive(other), "nobody else is signed out"
    assert open_of(session, people, "sales") == []


def test_saving_a_person_without_a_change_ends_nothing(session, people, sign_in):
    client, admin = sign_in("sales"), sign_in("admin")
    with acting(system_actor("tests")):
        user = session.get(User, people["sales"].user_id)
        form = {name: getattr(user, name) for name in ("username", "first_name", "last_name", "email")}
        form["role"] = session.scalar(select(Role.id).where(Role.name == "sales"))
        session.rollback()
    assert post(admin, f"/people/{people['sales'].user_id}", **form, active="on").status_code == 302
    assert alive(client)


def test_who_changes_the_password_stays_where_he_is_and_is_out_everywhere_else(app, session, people, sign_in):
    client, elsewhere = sign_in("sales"), sign_in("sales")
    twin = copy_of(elsewhere, app)
    assert post(client, "/account/password", old=PASSWORD, new=FRESH, again=FRESH).status_code == 303
    assert alive(client)
    assert not alive(elsewhere)
    assert not alive(twin)
    assert len(open_of(session, people, "sales")) == 1


@pytest.mark.parametrize(("setting", "value", "aged"), [(IDLE, 30, "seen_at"), (LONGEST, 2, "created_at")])
def test_a_session_runs_out(session, people, sign_in, setting, value, aged):
    client = sign_in("sales")
    with acting(system_actor("tests")):
        set_setting(session, setting, value)
        for minutes, lives in ((29, True), (121, False)):
            past = datetime.now(UTC) - timedelta(minutes=minutes)
            session.execute(update(UserSession).values({aged: past}))
            session.commit()
            assert alive(client) is lives
            if not lives:
                assert sessions.open_sessions(session, people["sales"].user_id) == []
                session.rollback()


def test_use_keeps_a_session_alive_and_is_written_down_now_and_then(session, people, sign_in):
    client = sign_in("sales")
    past = datetime.now(UTC) - timedelta(minutes=100)
    with acting(system_actor("tests")):
        session.execute(update(UserSession).values(seen_at=past))
        session.commit()
    assert alive(client)
    (row,) = open_of(session, people, "sales")
    assert row.seen_at > past + timedelta(minutes=99)
    seen = row.seen_at
    assert alive(client)
    (row,) = open_of(session, people, "sales")
    assert row.seen_at == seen, "not with every request"


def test_a_session_costs_one_statement(backend, people, sign_in):
    client = sign_in("sales")
    client.get("/inbox/")
    with statements(backend.engine) as sent:
        client.get("/inbox/")
    assert len([text for text in sent if "user_session" in text]) == 1
    assert len([text for text in sent if "ab_" in text]) == 1, sent


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("token", ["", "x", None, 7, "ended"])
def test_a_made_up_token_is_nobody(app, sign_in, token):
    client = app.test_client()
    with client.session_transaction() as held:
        held["token"] = token
        held["_user_id"] = "1"
    assert not alive(client)


def test_the_database_holds_no_token(session, sign_in):
    client = sign_in("sales")
    with client.session_transaction() as held:
        token = held["token"]
    rows = session.scalars(select(UserSession)).all()
    assert sessions.fingerprint(token) in {row.token_hash for row in rows}
    assert not [row for row in rows if token in repr(vars(row))]
    assert len(token) >= 40


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_account_shows_ones_own_sessions_and_ends_them(app, session, people, sign_in):
    client, second, third = sign_in("sales"), sign_in("sales"), sign_in("sales")
    other = sign_in("renewal")
    page = client.get("/account/").text
    assert page.count("/end") == 3, "two to end, and all others"
    assert "this one" in plain(page)
    mine = {row.id for row in open_of(session, people, "sales")}
    (theirs,) = open_of(session, people, "renewal")
    here = mine - {int(part.split("/")[0]) for part in page.split("/account/sessions/")[1:] if part[0].isdigit()}
    assert post(client, f"/account/sessions/{theirs.id}/end").status_code == 404
    assert post(client, f"/account/sessions/{here.pop()}/end").status_code == 404, "one signs out instead"
    assert alive(other)
    assert post(client, f"/account/sessions/{max(mine)}/end").status_code == 303
    assert (alive(second), alive(third)) == (True, False)
    assert post(client, "/account/sessions/end").status_code == 303
    assert (alive(client), alive(second), alive(other)) == (True, False, True)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_language_goes_with_the_person(app, session, people, sign_in):
    post(sign_in("sales"), "/language/", locale="zh_Hans")
    assert session.get(UserPreference, people["sales"].user_id).locale == "zh_Hans"
    session.rollback()
    for name, language in (("sales", "zh-Hans"), ("renewal", "en")):
        client = app.test_client()
        by_page(client, name)
        assert f'<html lang="{language}"' in client.get("/").text


def test_a_sign_in_is_in_the_history(app, session, people):
    by_page(app.test_client(), "sales")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "sign_in")).one()
    assert entry.user_id == people["sales"].user_id
    assert entry.changes["method"] == "password"


def test_old_sessions_and_tries_are_forgotten(session, people, sign_in):
    client = sign_in("sales")
    now = datetime.now(UTC)
    with acting(system_actor("tests", "job")):
        session.add(GuessLimit(key="old", tries=4, tried_at=now - timedelta(days=2)))
        session.add(GuessLimit(key="new", tries=4, tried_at=now))
        token = sessions.begin(session, people["sales"].user_id, "password", "", "")
        session.execute(
            update(UserSession)
            .where(UserSession.token_hash == sessions.fingerprint(token))
            .values(seen_at=now - timedelta(days=31))
        )
        jobs.forget(now, session)
        session.commit()
    assert len(session.scalars(select(UserSession)).all()) == 1
    assert "old" not in session.scalars(select(GuessLimit.key)).all()
    assert "new" in session.scalars(select(GuessLimit.key)).all()
    session.rollback()
    assert alive(client)
    assert sessions.present(session, Actors(), token, now) is None
