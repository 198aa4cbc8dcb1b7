"""Guessing passwords: the same answer for everybody, slower and slower, then none; and which passwords are good."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.extensions import db
from app.kernel.actor import acting, system_actor
from app.kernel.identity import limits, passwords
from app.kernel.identity.settings import LOCK_AFTER
from app.kernel.identity.tables import GuessLimit
from app.kernel.settings import set_setting
from app.schema.kinds import BadValue
from tests.department import PASSWORD, csrf_of
from tests.screens import plain, post, problem_at

NAMES = ("sales", "Sales", "Tester", "sales@example.cn")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Door:
    """A browser that tries passwords, from an address of its own."""

    def __init__(self, app, address):
        self.client, self.address = app.test_client(), address
        self.token = csrf_of(self.client.get("/login/").text)

    def try_(self, username, password):
        form = {"username": username, "password": password, "csrf_token": self.token}
        answer = self.client.post("/login/", data=form, environ_overrides={"REMOTE_ADDR": self.address})
        told = plain(answer.text.replace(username, "")) if answer.status_code != 302 else ""
        return answer.status_code, told, answer.headers.get("Retry-After")


def pass_time(session, **gone):
    """Let the tries written down so far lie further back."""
    with acting(system_actor("tests")):
        for row in session.scalars(select(GuessLimit).execution_options(populate_existing=True)):
            row.tried_at -= timedelta(**gone)
            if row.locked_until:
                row.locked_until -= timedelta(**gone)
        session.commit()


def test_sixty_wrong_passwords_are_slowed_then_locked_and_tell_nothing(app, session, monkeypatch):
    checked = []
    real = passwords.check_password_hash
    monkeypatch.setattr(
        passwords, "check_password_hash", lambda kept, given: checked.append(given) or real(kept, given)
    )
    known, unknown = Door(app, "203.0.113.1"), Door(app, "203.0.113.2")
    told = [(known.try_("sales", f"wrong-{n}"), unknown.try_("nobody.here", f"wrong-{n}")) for n in range(60)]
    assert [mine[:2] for mine, _yours in told] == [yours[:2] for _mine, yours in told]
    statuses = [mine[0] for mine, _yours in told]
    assert statuses[: limits.FREE] == [422] * limits.FREE
    assert set(statuses[limits.FREE + 1 :]) == {429}
    assert all(mine[2] for mine, _yours in told if mine[0] == 429), "each says when to come back"
    assert len(checked) <= 2 * (limits.FREE + 1), "the others were not even looked at"
    assert len(checked) % 2 == 0, "as much work for a name that nobody has"
    assert "Try again in 15 minutes." in told[-1][0][1]
    assert known.try_("sales", PASSWORD)[0] == 429, "locked for the right one too"
    assert known.try_("SALES ", PASSWORD)[0] == 429, "however it is written"
    assert Door(app, "203.0.113.3").try_("sales", PASSWORD)[0] == 429, "from everywhere"
    assert Door(app, "203.0.113.3").try_("renewal", PASSWORD)[0] == 302, "but nobody else is"
    pass_time(session, minutes=16)
    assert known.try_("sales", "wrong")[0] == 422
    assert known.try_("sales", PASSWORD)[0] == 429, "one more wrong one locks again"
    pass_time(session, minutes=16)
    assert known.try_("sales", PASSWORD)[0] == 302
    assert Door(app, "203.0.113.4").try_("sales", "wrong")[0] == 422, "and the count begins anew"


def test_a_hundred_tries_at_once_do_not_pass_together(app, session):
    """Each is written down before it is looked at; whoever comes in between sees it."""
    guess = limits.of_name("sales")
    passed = [limits.charge(session, (guess,), NOW) is None for _ in range(100)]
    assert passed == [True] * limits.FREE + [False] * (100 - limits.FREE)
    assert limits.locked_until(session, guess, NOW) == NOW + timedelta(minutes=15)


def test_many_names_from_one_address_are_slowed(app, session):
    guesses = [limits.of_name(f"n{n}") for n in range(60)]
    address = limits.of_address("203.0.113.9")
    free = limits.FREE * limits.PEOPLE_PER_ADDRESS
    passed = [limits.charge(session, (guess, address), NOW) is None for guess in guesses]
    assert passed == [True] * free + [False] * (60 - free)
    assert limits.charge(session, (limits.of_name("x"), address), NOW + timedelta(minutes=80)) is None


def test_an_office_behind_one_address_may_sign_in(session):
    """What was right is taken back."""
    address = limits.of_address("203.0.113.9")
    for n in range(40):
        assert limits.charge(session, (limits.of_name(f"n{n}"), address), NOW) is None
        limits.clear(session, limits.of_name(f"n{n}"))
        limits.forgive(session, address)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_administrator_unlocks(app, session, people, sign_in):
    with acting(system_actor("tests")):
        set_setting(session, LOCK_AFTER, 4)
        session.commit()
    admin, door = sign_in("admin"), Door(app, "203.0.113.1")
    page = f"/people/{people['sales'].user_id}"
    assert "Unlock" not in admin.get(page).text
    assert [door.try_("sales", "wrong")[0] for _ in range(5)] == [422, 422, 422, 429, 429]
    assert "Unlock" in admin.get(page).text
    assert post(admin, f"{page}/unlock").status_code == 302
    assert "Unlock" not in admin.get(page).text
    assert door.try_("sales", PASSWORD)[0] == 302
    assert post(sign_in("manager"), f"{page}/unlock").status_code == 403


def test_what_was_tried_is_not_kept(app, session):
    Door(app, "203.0.113.1").try_("my-password-in-the-wrong-field", "x")
    assert not [key for key in session.scalars(select(GuessLimit.key)) if "my-password" in key]
    session.rollback()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_somebody_who_may_not_sign_in_is_an_unknown_name(app, session, people):
    door = Door(app, "203.0.113.1")
    with app.app_context(), acting(system_actor("tests")):
        user = db.session.get(app.appbuilder.sm.user_model, people["sales"].user_id)
        user.active = False
        db.session.commit()
    assert door.try_("sales", PASSWORD)[:2] == door.try_("nobody", PASSWORD)[:2]
    assert door.try_("sa\0les", "x")[0] == 422


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short 9 xyz", "at least 12"),
        ("aaaaaaaaaaaaaaaa", "too easy"),
        ("password123456", "too easy"),
        ("qwertyuiop123", "too easy"),
        ("lamp Sales wind 99", "without your name"),
        ("lamp tester wind 99", "without your name"),
        ("x" * 201, "at most 200"),
    ],
)
def test_a_bad_password_is_refused_and_why(password, problem):
    with pytest.raises(BadValue, match=problem):
        passwords.check_password(password, NAMES)


@pytest.mark.parametrize(
    "password", [PASSWORD, "wind lamp cable 9", "春风又绿江南岸明月何时照", "lamp wind cable moss tide " * 3]
)
def test_a_good_password_is_taken(password):
    passwords.check_password(password, NAMES)
    assert passwords.matches(passwords.hashed(password), password)
    assert not passwords.matches(passwords.hashed(password), password + "x")


def test_chinese_names_count(app):
    with pytest.raises(BadValue, match="without your name"):
        passwords.check_password("我叫晓燕住在江南岸边明月楼", ("li", "晓燕", "李", "li@x.cn"))


def test_a_password_is_kept_slow_and_salted():
    first, second = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)
    assert first.startswith("scrypt:32768:8:1$")
    assert first != second
    assert passwords._nobodys().split("$")[0] == first.split("$")[0], "nobody's costs as much"
    assert passwords.matches(first, "ｃorrect-horse-42"), "letters are the same however a keyboard composes them"
    assert not passwords.matches("", "")
    assert not passwords.matches(None, PASSWORD)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_new_password_is_asked_for_with_the_old_one(app, session, sign_in):
    client = sign_in("sales")
    good = "wind lamp cable 9"
    for form, field, words in (
        ({"old": "wrong", "new": good, "again": good}, "old", "not your present password"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "new", "at least 12"),
        ({"old": PASSWORD, "new": "sales lamp wind 9", "again": ""}, "new", "without your name"),
        ({"old": PASSWORD, "new": good, "again": good + "x"}, "again", "do not match"),
    ):
        answer = post(client, "/account/password", **form)
        assert answer.status_code == 422
        assert words in problem_at(answer.text, field, "")
    assert post(client, "/account/password", old=PASSWORD, new=good, again=good).status_code == 303
    door = Door(app, "203.0.113.1")
    assert door.try_("sales", PASSWORD)[0] == 422
    assert door.try_("sales", good)[0] == 302


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_stolen_browser_cannot_guess_the_password_either(sign_in, session):
    client = sign_in("sales")
    answers = [post(client, "/account/password", old=f"wrong-{n}", new="x", again="x") for n in range(12)]
    assert [answer.status_code for answer in answers][: limits.FREE] == [422] * limits.FREE
    assert answers[-1].status_code == 429
    session.execute(update(GuessLimit).values(tries=0, locked_until=None))
    session.commit()


def test_the_command_obeys_the_same_rules(sqlite_backend):
    sqlite_backend.reset()
    run = sqlite_backend.app.test_cli_runner().invoke
    command = ["panel", "admin", "root.cn", "--email", "root@example.cn", "--password"]
    for bad in ("short", "password123456", "root lamp wind 99"):
        refused = run(args=[*command, bad])
        assert refused.exit_code == 2, refused.output
    assert run(args=[*command, "wind lamp cable 9"]).exit_code == 0
