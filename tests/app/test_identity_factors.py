"""The second factor: nobody is inside before it is given, none is taken twice, and a role may demand one."""

import re
from datetime import UTC, datetime

import pyotp
import pytest
from sqlalchemy import select, update

from app.kernel.actor import acting, system_actor
from app.kernel.identity import factors, limits
from app.kernel.identity.sealing import Seal
from app.kernel.identity.settings import FACTOR_ROLES
from app.kernel.identity.tables import GuessLimit, RecoveryCode, UserTotp
from app.kernel.settings import set_setting
from app.schema.kinds import BadValue
from tests.department import PASSWORD, csrf_of
from tests.screens import post


def enrol(client):
    """Set an authenticator app up; returns its secret."""
    page = post(client, "/account/factors/app").text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page).group(1).replace(" ", "")
    assert "data:image/svg+xml" in page
    answer = post(client, "/account/factors/app/confirm", code=pyotp.TOTP(secret).now())
    assert answer.status_code == 303, answer.text
    return secret


def give_password(app, username):
    """A browser after the password, with the second factor still to come."""
    client = app.test_client()
    client.csrf = csrf_of(client.get("/login/").text)
    form = {"username": username, "password": PASSWORD, "csrf_token": client.csrf, "next": "/gadget/"}
    answer = client.post("/login/", data=form)
    assert answer.location == "/login/second/"
    client.csrf = csrf_of(client.get("/login/second/").text)
    return client


def forget_codes(session):
    """As if the codes taken so far were of long ago: tests do not wait half a minute."""
    session.execute(update(UserTotp).values(last_step=0))
    session.commit()


def inside(client):
    return client.get("/gadget/").status_code == 200


def test_between_password_and_code_nobody_is_inside(app, session, sign_in):
    secret = enrol(sign_in("sales"))
    client = give_password(app, "sales")
    for path in ("/", "/gadget/", "/account/", "/account/factors/", "/inbox/"):
        assert client.get(path).location == "/login/second/", path
    assert client.get("/api/v1/gadget/").status_code == 401
    assert post(client, "/account/factors/app/remove").location == "/login/second/"
    assert post(client, "/login/second/", code="000000").status_code == 422
    forget_codes(session)
    with client.session_transaction() as held:
        before = held["token"]
    answer = post(client, "/login/second/", code=pyotp.TOTP(secret).now())
    assert (answer.status_code, answer.location) == (303, "/gadget/"), "and on to where one wanted"
    assert inside(client)
    with client.session_transaction() as held:
        assert held["token"] != before, "a copy made before the code is worth nothing"


def test_a_code_is_not_taken_twice(app, session, sign_in):
    secret = enrol(sign_in("sales"))
    forget_codes(session)
    code = pyotp.TOTP(secret).now()
    assert post(give_password(app, "sales"), "/login/second/", code=code).status_code == 303
    assert post(give_password(app, "sales"), "/login/second/", code=code).status_code == 422
    assert not factors.take_totp(session, app.extensions["seal"], 0, code, datetime.now(UTC))


def test_a_code_of_the_minute_before_is_too_old(app, session, people):
    seal, user_id = app.extensions["seal"], people["sales"].user_id
    secret = factors.begin_totp(session, seal, user_id)
    now = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
    totp = pyotp.TOTP(secret)
    assert not factors.take_totp(session, seal, user_id, totp.at(now), now), "not before it is confirmed"
    assert not factors.take_totp(session, seal, user_id, totp.at(now, counter_offset=-2), now, confirming=True)
    assert not factors.take_totp(session, seal, user_id, totp.at(now, counter_offset=2), now, confirming=True)
    assert factors.take_totp(session, seal, user_id, totp.at(now, counter_offset=-1), now, confirming=True)
    assert factors.take_totp(session, seal, user_id, totp.at(now), now)
    assert not factors.take_totp(session, seal, user_id, totp.at(now, counter_offset=-1), now), (
        "nor an older one after a newer"
    )
    after = totp.at(now, counter_offset=1)
    assert factors.take_totp(session, seal, user_id, f" {after[:3]} {after[3:]}", now)
    for wrong in ("", "12345", "١٢٣٤٥٦", "abcdef", "0" * 400):
        assert not factors.take_totp(session, seal, user_id, wrong, now)


def test_codes_cannot_be_guessed(app, session, sign_in):
    enrol(sign_in("sales"))
    client = give_password(app, "sales")
    statuses = [post(client, "/login/second/", code=f"{n:06}").status_code for n in range(12)]
    assert statuses[: limits.FREE] == [422] * limits.FREE
    assert statuses[limits.FREE + 1 :] == [429] * (11 - limits.FREE)
    assert post(give_password(app, "sales"), "/login/second/", code="1").status_code == 429, "nor in another browser"
    session.execute(update(GuessLimit).values(locked_until=None, tries=0))
    session.commit()


def test_a_recovery_code_opens_once(app, session, people, sign_in):
    client = sign_in("sales")
    assert post(client, "/account/factors/codes").status_code == 404, "there is nothing to recover yet"
    enrol(client)
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", post(client, "/account/factors/codes").text)
    assert len(set(codes)) == factors.CODES
    assert codes[0] not in client.get("/account/factors/").text, "shown once"
    assert (
        post(give_password(app, "sales"), "/login/second/", code=codes[0].upper().replace("-", " ")).status_code == 303
    )
    assert post(give_password(app, "sales"), "/login/second/", code=codes[0]).status_code == 422
    assert factors.codes_left(session, people["sales"].user_id) == factors.CODES - 1
    assert not factors.take_code(session, people["renewal"].user_id, codes[1]), "nobody else's"
    kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]
    session.rollback()
    fresh = post(client, "/account/factors/codes").text
    assert codes[1] not in fresh
    assert post(give_password(app, "sales"), "/login/second/", code=codes[1]).status_code == 422, (
        "the old ones are void"
    )


def test_enrolling_ends_the_sessions_without_a_second_factor(sign_in):
    client, other = sign_in("sales"), sign_in("sales")
    enrol(client)
    assert inside(client)
    assert not inside(other)


def test_a_role_that_needs_a_second_factor_opens_nothing_before(app, session, sign_in):
    before = sign_in("finance")
    assert before.get("/").status_code == 200
    with acting(system_actor("tests")):
        set_setting(session, FACTOR_ROLES, "finance, manager")
        session.commit()
    for client in (before, sign_in("sales")):
        found = client.get("/inbox/")
        assert (found.status_code, found.location) == ((303, "/account/factors/") if client is before else (200, None))
    for path in ("/", "/gadget/", "/account/", "/account/password", "/inbox/"):
        assert before.get(path).location == "/account/factors/", path
    refused = before.get("/api/v1/gadget/")
    assert refused.status_code == 403
    assert "second factor" in refused.json["detail"]
    assert "nothing else opens" in before.get("/account/factors/").text
    secret = enrol(before)
    assert before.get("/inbox/").status_code == 200
    forget_codes(session)
    client = give_password(app, "finance")
    assert post(client, "/login/second/", code=pyotp.TOTP(secret).now()).status_code == 303
    assert client.get("/inbox/").status_code == 200


def test_a_role_nobody_has_is_no_setting(session):
    with acting(system_actor("tests")):
        with pytest.raises(BadValue, match="financier is no role"):
            set_setting(session, FACTOR_ROLES, "finance, financier")
        assert set_setting(session, FACTOR_ROLES, "finance，manager,finance") == "finance,manager"
        set_setting(session, FACTOR_ROLES, "")
        session.commit()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_administrator_takes_a_lost_factor_away(app, people, sign_in):
    client = sign_in("sales")
    enrol(client)
    address = f"/people/{people['sales'].user_id}"
    assert post(sign_in("manager"), f"{address}/factors/reset").status_code == 403
    admin = sign_in("admin")
    assert "Take the second factor away" in admin.get(address).text
    assert post(admin, f"{address}/factors/reset").status_code == 302
    assert not inside(client), "and whoever holds the browser is out"
    assert inside(sign_in("sales"))
    assert "Take the second factor away" not in admin.get(address).text


def test_the_database_alone_yields_no_codes(app, session, sign_in):
    secret = enrol(sign_in("sales"))
    kept = session.scalars(select(UserTotp.secret)).one()
    session.rollback()
    assert secret not in kept
    assert app.extensions["seal"].open(kept) == secret
    assert Seal("another installation").open(kept) is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_second_page_is_for_who_owes_a_factor(app, sign_in):
    assert sign_in("sales").get("/login/second/").status_code == 403
    assert app.test_client().get("/login/second/").location.startswith("/login/?")
