"""The pages of notices: what reaches me by which ways, and what could not be delivered."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.kernel.outbox import Channel, NoticeState, tell
from app.kernel.tables import Notice
from app.kernel.ways import wishes
from app.schema.wording import Sentence
from tests.conftest import Backend
from tests.faults.throwaway import emptied
from tests.screens import post

WAYS, UNDELIVERED = "/account/notices/", "/undelivered/"
FORM: dict[str, Any] = {"quiet_from": "22:00", "quiet_until": "07:30", "summary_hour": "8", "phone": "138 0013 8000"}


@pytest.fixture
def backend(sqlite_backend: Backend) -> Backend:
    return emptied(sqlite_backend)


@pytest.fixture
def every_way(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with a mail server and a gateway of text messages, but no chat."""
    settings = backend.app.extensions["settings"]
    ways = {"smtp_url": "smtp://127.0.0.1", "sms_url": "https://sms.example.cn"}
    monkeypatch.setitem(backend.app.extensions, "settings", settings.model_copy(update=ways))


@pytest.fixture
def mine(backend: Backend, people: dict[str, Any]) -> Callable[[], tuple[set[tuple[str, str]], Any]]:
    """What is kept of the choices of the person who is signed in."""

    def read() -> tuple[set[tuple[str, str]], Any]:
        me = people["renewal"].user_id
        with backend.session() as session:
            return wishes.wishes_of(session, me), wishes.reader(session, me)

    return read


@pytest.fixture
def client(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in("renewal")


class TestMine:
    def test_i_choose_by_topic_and_way_and_find_it_again(
        self, every_way: None, client: Any, mine: Callable[[], Any]
    ) -> None:
        page = client.get(WAYS).text
        assert "Text message" in page
        assert "WeCom" not in page
        wanted = ["*|mail", "comments.mentioned|sms", "comments.mentioned|wecom", "nonsense"]
        assert post(client, WAYS, wish=wanted, summary="on", **FORM).status_code == 303
        wanted, kept = mine()
        assert wanted == {("*", "mail"), ("comments.mentioned", "sms")}
        assert (kept.phone, kept.summary, kept.summary_hour) == ("+8613800138000", True, 8)
        page = client.get(WAYS).text
        assert page.count(" checked") == 3
        assert "+8613800138000" in page or "138" in page

    def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(
        self, every_way: None, client: Any, mine: Callable[[], Any]
    ) -> None:
        answer = post(client, WAYS, wish=["*|sms"], **FORM | {"phone": "12", "quiet_until": "late"})
        assert answer.status_code == 422
        assert "write a phone number" in answer.text
        assert 'value="late"' in answer.text
        assert answer.text.count(" checked") == 1
        assert mine()[0] == set()

    def test_a_way_that_is_not_offered_now_is_kept_for_later(
        self, every_way: None, backend: Backend, client: Any, people: dict[str, Any], mine: Callable[[], Any]
    ) -> None:
        with backend.session() as session, session.begin():
            session.add(wishes.NoticeWish(user_id=people["renewal"].user_id, topic="*", channel="wecom"))
        post(client, WAYS, wish=["*|mail"], **FORM)
        assert mine()[0] == {("*", "mail"), ("*", "wecom")}

    def test_without_any_other_way_it_says_so(self, backend: Backend, client: Any) -> None:
        assert "No other way is set up" in client.get(WAYS).text

    def test_it_is_for_who_is_signed_in(self, backend: Backend) -> None:
        assert backend.app.test_client().get(WAYS).status_code in (302, 303)


@pytest.fixture
def dead(backend: Backend, people: dict[str, Any], as_system: Any) -> list[Notice]:
    """A mail to a customer and a text message to a colleague, given up; another mail on its way."""
    with backend.session() as session, session.begin():
        tell(session, "mail", "li@example.cn", Sentence("Reminder"), "Text", Channel.MAIL)
        tell(session, "sms", people["renewal"].user_id, Sentence("Due today"), "", Channel.SMS)
        session.execute(update(Notice).values(state=NoticeState.DEAD, attempts=8, error="the gateway answers 500"))
        tell(session, "waiting", "wu@example.cn", Sentence("Still coming"), "Text", Channel.MAIL)
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def states(backend: Backend) -> list[tuple[str, int]]:
    with backend.session() as session:
        return [(n.state, n.attempts) for n in session.scalars(select(Notice).order_by(Notice.id))]


class TestUndelivered:
    def test_it_shows_which_way_why_and_how_often_and_retries_one(
        self, backend: Backend, dead: list[Notice], sign_in: Any
    ) -> None:
        client = sign_in("operations")
        page = client.get(UNDELIVERED).text
        for words in ("Reminder", "Due today", "Text message", "the gateway answers 500", "Still coming"):
            assert words in page
        post(client, f"{UNDELIVERED}retry", notice=dead[1].id)
        assert states(backend) == [("dead", 8), ("waiting", 0), ("waiting", 0)]
        post(client, f"{UNDELIVERED}retry", notice=dead[2].id)
        assert states(backend) == [("dead", 8), ("waiting", 0), ("waiting", 0)], "what is on its way is left alone"

    def test_all_of_a_way_are_retried_or_all(self, backend: Backend, dead: list[Notice], sign_in: Any) -> None:
        client = sign_in("operations")
        page = client.get(f"{UNDELIVERED}?channel=sms").text
        assert "Due today" in page
        assert "Reminder" not in page
        post(client, f"{UNDELIVERED}retry", channel="sms")
        assert [state for state, _tries in states(backend)] == ["dead", "waiting", "waiting"]
        post(client, f"{UNDELIVERED}retry")
        assert [state for state, _tries in states(backend)] == ["waiting", "waiting", "waiting"]

    def test_it_has_a_permission_of_its_own(self, backend: Backend, dead: list[Notice], sign_in: Any) -> None:
        client = sign_in("renewal")
        assert client.get(UNDELIVERED).status_code == 403
        assert post(client, f"{UNDELIVERED}retry").status_code == 403
        assert [state for state, _tries in states(backend)] == ["dead", "dead", "waiting"]
