"""What stands behind the bell reaches its reader by the ways he or she chose, once for each, at the right hour."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.jobs import chats, sms
from app.jobs.carrying import Later, ServerTrouble, Undeliverable
from app.jobs.messages import message_carriers
from app.jobs.runner import Runner
from app.jobs.sender import deliver
from app.jobs.sms import HttpGateway, SmsCarrier
from app.kernel.actor import acting, system_actor
from app.kernel.history import reading
from app.kernel.outbox import Channel, NoticeState, revive, tell
from app.kernel.permissions import User
from app.kernel.tables import Notice
from app.kernel.ways import wishes
from app.kernel.ways.forwarding import copy_key, end_of_quiet, forward
from app.kernel.ways.tables import NoticeReader
from app.schema.errors import DeclarationError, Invalid
from app.schema.notices import Topic, Urgency
from app.schema.registry import registry
from app.schema.wording import Sentence
from config import Settings
from models.people import Unit
from tests.conftest import Backend
from tests.faults.throwaway import SHANGHAI, HandClock, emptied
from tests.servers.gateway import RecordingGateway, http_gateway

pytestmark = pytest.mark.usefixtures("as_system")
NOON = datetime(2011, 1, 30, 4, tzinfo=UTC)
"""Twelve o'clock in Shanghai."""
PHONE = "+8613800138000"
LOW, URGENT = Topic("tests.low", "Low", "Low %(n)s", Urgency.LOW), Topic("tests.high", "High", "High", Urgency.URGENT)


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (LOW, URGENT):
        monkeypatch.setitem(registry.topics._things, each.name, each)


@pytest.fixture(params=["sqlite_backend", "postgres_backend"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return emptied(request.getfixturevalue(request.param))


@pytest.fixture
def me(people: dict[str, Any]) -> int:
    return int(people["renewal"].user_id)


def choose(session: Session, me: int, *pairs: tuple[str, str], now: datetime = NOON, **how: Any) -> NoticeReader:
    said = {"phone": PHONE, "quiet_from": "", "quiet_until": "", "summary": False, "summary_hour": 8}
    return wishes.choose(session, me, pairs, now, **(said | how))


def bell(session: Session, me: int, key: str, subject: Sentence, at: datetime = NOON) -> None:
    tell(session, key, me, subject, "Text")
    session.execute(update(Notice).where(Notice.dedupe_key == key).values(created_at=at))


def copies(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.copy_of_id.is_not(None)).order_by(Notice.id)))


class TestForwarding:
    def test_each_way_chosen_gets_one_copy_and_no_more(self, backend: Backend, session: Session, me: int) -> None:
        choose(session, me, ("*", "mail"), (LOW.name, "sms"), (LOW.name, "wecom"))
        bell(session, me, "a", LOW.says(n=1))
        bell(session, me, "b", Sentence("Said on no topic"))
        assert forward(session, NOON) == {"forwarded": 4}
        assert forward(session, NOON + timedelta(days=1)) == {}
        found = {(c.dedupe_key, c.channel): c for c in copies(session)}
        assert set(found) == {("a>mail", "mail"), ("a>sms", "sms"), ("a>wecom", "wecom"), ("b>mail", "mail")}
        assert {c.state for c in found.values()} == {NoticeState.WAITING}
        assert (found["a>sms", "sms"].address, found["a>mail", "mail"].address) == (PHONE, None)
        assert {(c.subject, c.topic) for c in found.values() if c.dedupe_key[0] == "a"} == {("Low 1", LOW.name)}

    def test_nobody_is_sent_what_was_told_before_he_or_she_chose(
        self, backend: Backend, session: Session, me: int
    ) -> None:
        bell(session, me, "before", Sentence("s"))
        choose(session, me, ("*", "mail"))
        bell(session, me, "after", Sentence("s"), NOON + timedelta(minutes=1))
        choose(session, me, ("*", "mail"), now=NOON + timedelta(hours=1))  # choosing again loses nothing in between
        forward(session, NOON + timedelta(hours=1))
        assert [c.dedupe_key for c in copies(session)] == ["after>mail"]

    def test_who_has_left_and_who_chose_nothing_are_sent_nothing(
        self, backend: Backend, session: Session, people: dict[str, Any], me: int
    ) -> None:
        choose(session, me, ("*", "mail"))
        session.execute(update(User).where(User.id == me).values(active=False))
        for name in ("renewal", "sales"):
            bell(session, people[name].user_id, name, Sentence("s"))
        assert forward(session, NOON) == {}
        session.execute(update(User).values(active=True))

    def test_a_long_key_stays_within_its_column_and_tells_two_apart(self) -> None:
        made = {copy_key("k" * 195 + end, "dingtalk") for end in "ab"}
        assert len(made) == 2
        assert {len(key) <= 200 for key in made} == {True}

    def test_the_timeline_of_a_row_does_not_tell_the_copies(self, backend: Backend, session: Session, me: int) -> None:
        unit = session.scalars(select(Unit).limit(1)).one()
        choose(session, me, ("*", "mail"))
        tell(session, "a", me, Sentence("s"), row=unit)
        assert forward(session, datetime.now(UTC)) == {"forwarded": 1}
        told = reading.notices(session, reading.Life("unit", unit.id, 0, NOON), None, 10)
        assert [found[0].channel for _at, _id, found in told] == ["app"]


class TestQuietHours:
    @pytest.mark.parametrize(
        ("at", "end"),
        [("21:59", None), ("22:00", "31T07:30"), ("23:59", "31T07:30"), ("03:00", "30T07:30"), ("07:30", None)],
    )
    def test_they_reach_over_midnight(self, at: str, end: str | None) -> None:
        now = datetime.fromisoformat(f"2011-01-30T{at}+08:00").astimezone(UTC)
        until = end_of_quiet(now, SHANGHAI, "22:00", "07:30")
        assert until == (datetime.fromisoformat(f"2011-01-{end}+08:00") if end else None)

    def test_or_lie_within_a_day_or_are_none(self) -> None:
        assert end_of_quiet(NOON, SHANGHAI, "12:00", "13:30") == NOON + timedelta(minutes=90)
        assert end_of_quiet(NOON, ZoneInfo("Europe/Berlin"), "12:00", "13:30") is None
        assert end_of_quiet(NOON, SHANGHAI, "", "") is None

    def test_what_is_not_urgent_rests_until_they_end_also_when_tried_again(
        self, backend: Backend, session: Session, me: int
    ) -> None:
        night = NOON + timedelta(hours=11)  # 23:00
        morning = datetime(2011, 1, 30, 23, 30, tzinfo=UTC)
        choose(session, me, ("*", "sms"), quiet_from="22:00", quiet_until="07:30")
        bell(session, me, "noon", Sentence("s"))
        assert forward(session, NOON) == {"forwarded": 1}
        assert [c.next_try_at for c in copies(session)] == [None]
        bell(session, me, "late", Sentence("s"), night)
        bell(session, me, "urgent", URGENT.says(), night)
        assert forward(session, night) == {"forwarded": 2, "held_back": 1}, "what waits for another try"
        due = {c.dedupe_key: c.next_try_at for c in copies(session)}
        assert due == {"late>sms": morning, "urgent>sms": None, "noon>sms": morning}


class TestSummary:
    def test_what_is_not_pressing_comes_in_one_mail_at_the_hour_chosen(
        self, backend: Backend, session: Session, me: int
    ) -> None:
        choose(session, me, ("*", "mail"), (LOW.name, "sms"), summary=True, summary_hour=18)
        for n in range(3):
            bell(session, me, f"low{n}", LOW.says(n=n))
        bell(session, me, "now", Sentence("At once"))
        evening = NOON + timedelta(hours=6)
        assert forward(session, NOON)["forwarded"] == 7
        assert {c.state for c in copies(session) if c.topic == LOW.name and c.channel == "mail"} == {"gathered"}
        assert forward(session, evening - timedelta(minutes=1)) == {}
        bell(session, me, "low3", LOW.says(n=3), evening)
        assert forward(session, evening) == {"forwarded": 2, "summaries": 1}
        assert forward(session, evening + timedelta(minutes=1)) == {}
        [summary] = session.scalars(select(Notice).where(Notice.dedupe_key.startswith("summary/")))
        assert (summary.subject, summary.channel, summary.state) == ("Your summary: 3", "mail", "waiting")
        assert summary.body == "\n\n".join(f"- Low {n}\n  Text" for n in range(3))
        assert forward(session, evening + timedelta(days=1)) == {"summaries": 1}, "the next day the rest"
        assert "gathered" not in {c.state for c in copies(session)}

    def test_who_wants_none_any_more_is_sent_what_was_gathered(
        self, backend: Backend, session: Session, me: int
    ) -> None:
        choose(session, me, ("*", "mail"), summary=True, summary_hour=18)
        bell(session, me, "low", LOW.says(n=1))
        forward(session, NOON)
        choose(session, me, summary=False)
        assert forward(session, NOON) == {"summaries": 1}


class TestChoosing:
    @pytest.mark.parametrize(
        ("how", "field"),
        [
            ({"phone": "12"}, "phone"),
            ({"phone": ""}, "phone"),
            ({"quiet_from": "22:00"}, "quiet_from"),
            ({"quiet_from": "9 pm", "quiet_until": "07:30"}, "quiet_from"),
            ({"summary_hour": 24}, "summary_hour"),
        ],
    )
    def test_what_makes_no_sense_is_said_so(self, session: Session, me: int, how: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            choose(session, me, ("*", "sms"), **how)
        assert set(refused.value.problems) == {field}

    def test_what_nobody_declared_is_not_kept(self, session: Session, me: int) -> None:
        choose(session, me, ("*", "mail"), ("nothing.such", "mail"), ("*", "pigeon"), ("*", "letter"))
        assert wishes.wishes_of(session, me) == {("*", "mail")}

    def test_who_never_chose_has_the_quiet_hours_of_the_house(self, session: Session, me: int) -> None:
        found = wishes.reader(session, me)
        assert (found.quiet_from, found.quiet_until) == ("22:00", "07:30")


class TestTopics:
    def test_every_topic_has_a_name_a_person_understands(self) -> None:
        declared = [each for each in registry.topics if not each.name.startswith("tests.")]
        assert len(declared) > 20
        assert all(each.label and "%" not in each.label for each in declared)

    def test_one_without_a_subject_says_none(self) -> None:
        with pytest.raises(DeclarationError, match="said_as"):
            Topic("tests.several", "Several").says()


class TestTextMessages:
    def test_the_job_sends_them_with_their_keys_and_tries_again(
        self, backend: Backend, session: Session, me: int
    ) -> None:
        choose(session, me, ("*", "sms"))
        bell(session, me, "a", Sentence("Said"))
        session.commit()
        clock, gateway = HandClock(NOON), RecordingGateway()
        gateway.be_busy(1)
        info = {"mail": None, "messages": {Channel.SMS: SmsCarrier(gateway)}}
        runner = Runner(backend.engine, SHANGHAI, info=info, clock=clock)
        assert runner.run("notices.send", clock.now).result == {
            "written": 0,
            "stood": 0,
            "mail_server": "none",
            "forwarded": 1,
        }
        assert runner.run("notices.send_messages", clock.now).result == {"written": 0, "stood": 1, "dead": 0}
        clock.forward(minutes=1)
        assert runner.run("notices.send_messages", clock.now).result == {"written": 1, "stood": 0, "dead": 0}
        assert [(m.to, m.text, m.key) for m in gateway.sent.values()] == [(PHONE, "Said", "a>sms")]

    @pytest.mark.parametrize(
        ("status", "error"),
        [(200, None), (202, None), (400, Undeliverable), (422, Undeliverable), (429, Later), (409, Later)]
        + [(each, ServerTrouble) for each in (302, 401, 404, 500, 503)],
    )
    def test_what_the_answers_of_a_gateway_mean(self, status: int, error: type[Exception] | None) -> None:
        with http_gateway() as server:
            server.status = status
            send = HttpGateway(server.url, "secret").send
            if error is None:
                send(PHONE, "你好", "键")
                [message] = server.taken.values()
                assert (message.to, message.text, message.key.isascii()) == (PHONE, "你好", True)
                assert server.tokens == {"Bearer secret"}
            else:
                with pytest.raises(error, match=str(status)):
                    send(PHONE, "x", "k")

    def test_a_slow_one_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sms, "TIMEOUT", (0.2, 0.2))
        with http_gateway() as server:
            server.seconds = 0.6
            with pytest.raises(ServerTrouble, match="does not answer"):
                HttpGateway(server.url).send(PHONE, "x", "k")

    def test_the_token_is_not_told_by_chance(self) -> None:
        assert "secret" not in repr(HttpGateway("https://sms.example.cn", "secret"))


class TestChats:
    ADDRESSES = {
        "wecom": (
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "api_url",
        ),
        "dingtalk": ("https://oapi.dingtalk.com/robot/send?access_token=abcdef0123456789", "notify_url"),
        "feishu": ("https://open.feishu.cn/open-apis/bot/v2/hook/abc123de-4567-89ab-cdef-0123456789ab", "notify_url"),
    }

    @pytest.mark.parametrize("channel", list(ADDRESSES))
    def test_the_bot_says_the_subject_and_a_refusal_within_200_counts(
        self, channel: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address, where = self.ADDRESSES[channel]
        carrier = message_carriers(Settings(mode="testing", **{f"{channel}_url": address}))[Channel(channel)]
        notice = Notice(dedupe_key="k", channel=channel, subject="续保到期", body="Only behind the bell")
        with http_gateway() as server, carrier.connect() as connection:
            monkeypatch.setattr(connection.bot, where, server.url)  # type: ignore[attr-defined] # a ChatConnection
            server.status = 200
            connection.send(notice, "Li Na")
            [message] = server.taken.values()
            assert message.text == "@Li Na 续保到期"
            server.answer = {"errcode": 45009, "errmsg": "api freq out of limit"}
            with pytest.raises(ServerTrouble, match=r"refuses \(45009\)"):
                connection.send(notice, "Li Na")
            server.status = 500
            with pytest.raises(ServerTrouble, match="answers 500"):
                connection.send(notice, "Li Na")
        with pytest.raises(ServerTrouble, match="does not answer"):
            connection.send(notice, "Li Na")

    @pytest.mark.parametrize("address", ["nonsense", "https://elsewhere.example.cn/?key=a", "wecombot://"])
    def test_an_address_nobody_understands_stops_the_channel_and_loses_nothing(
        self, backend: Backend, session: Session, me: int, address: str
    ) -> None:
        choose(session, me, ("*", "wecom"))
        bell(session, me, "a", Sentence("s"))
        forward(session, NOON)
        session.commit()
        result = deliver(backend.engine, chats.ChatCarrier(Channel.WECOM, address), HandClock(NOON), Channel.WECOM)
        assert result == {"written": 0, "stood": 1, "dead": 0}

    def test_none_is_offered_that_is_not_set(self) -> None:
        assert message_carriers(Settings(mode="testing")) == {}


def test_dead_ones_are_revived_by_channel(backend: Backend, session: Session, me: int) -> None:
    with acting(system_actor("tests")):
        choose(session, me, ("*", "sms"), ("*", "mail"))
        bell(session, me, "a", Sentence("s"))
        forward(session, NOON)
        session.execute(update(Notice).where(Notice.copy_of_id.is_not(None)).values(state=NoticeState.DEAD))
        assert revive(session, channel="sms") == 1
        assert Counter(c.state for c in copies(session)) == {"dead": 1, "waiting": 1}
        assert revive(session) == 1
