"""A mail server and a gateway of text messages that are down, slow, or answer 500 for an hour, and come back.

The hour is one of a clock set by hand. No notice is lost, none arrives twice, and none is given up.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.jobs import sms, smtp
from app.jobs.carrying import Carrier
from app.jobs.sender import deliver
from app.jobs.sms import HttpGateway, SmsCarrier
from app.jobs.smtp import Outlet, message_id
from app.kernel.outbox import Channel, tell
from app.kernel.tables import Notice
from app.schema.wording import Sentence
from tests.conftest import Backend
from tests.faults.throwaway import HandClock, emptied
from tests.servers import mail_server
from tests.servers.cluster import free_port
from tests.servers.gateway import http_gateway

ROOT = Path(__file__).resolve().parents[2]
SENDER = "Yanxu <desk@yanxu.example.cn>"
TROUBLES = ("down", "slow", "answers 500", "takes it and answers 500")
pytestmark = pytest.mark.usefixtures("as_system")


@pytest.fixture(params=[("sqlite_backend", 12), pytest.param(("postgres_backend", 300), marks=pytest.mark.nightly)])
def owed(request: pytest.FixtureRequest) -> tuple[Backend, int]:
    """A database and how many notices are owed in it, by day few."""
    backend, count = request.param
    return emptied(request.getfixturevalue(backend)), count


def owe(backend: Backend, channel: Channel, to: str, first: int, count: int) -> None:
    with backend.session() as session, session.begin():
        for n in range(first, first + count):
            tell(session, f"k{n}", to, Sentence(f"Subject {n}"), "Text", channel)


def states(backend: Backend) -> Counter[str]:
    with backend.session() as session:
        return Counter(session.scalars(select(Notice.state)))


class Hour:
    """An hour of a sender that looks once a minute, and what is owed at its beginning and in its middle."""

    def __init__(self, backend: Backend, count: int, channel: Channel, to: str) -> None:
        self.backend, self.clock, self.channel = backend, HandClock(), channel
        self.owe = partial(owe, backend, channel, to)
        self.half = count // 2

    def passes(self, carrier: Carrier) -> int:
        """Let it pass; how many were sent in it."""
        sent = 0
        self.owe(0, self.half)
        for minute in range(60):
            if minute == 30:
                self.owe(self.half, self.half)
            sent += self.minute(carrier)
        return sent

    def minute(self, carrier: Carrier) -> int:
        result = deliver(self.backend.engine, carrier, self.clock, self.channel)
        self.clock.forward(minutes=1)
        assert result["dead"] == 0
        return int(result["written"])

    def until_all_is_sent(self, carrier: Carrier) -> None:
        """It is back: within the longest rest everything is sent."""
        for _ in range(300):
            self.minute(carrier)
            if set(states(self.backend)) == {"sent"}:
                return
        raise AssertionError(states(self.backend))


@pytest.mark.parametrize("trouble", TROUBLES)
def test_text_messages_outlast_their_gateway(
    owed: tuple[Backend, int], trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "TIMEOUT", (0.3, 0.3))
    backend, count = owed
    hour, port = Hour(backend, count, Channel.SMS, "+8613800138000"), free_port()
    carrier = SmsCarrier(HttpGateway(f"http://127.0.0.1:{port}/messages"))
    with ExitStack() as running:
        if trouble == "down":
            assert hour.passes(carrier) == 0
            gateway = running.enter_context(http_gateway(port))
        else:
            gateway = running.enter_context(http_gateway(port))
            gateway.lingers = 0.6 if trouble == "slow" else 0
            gateway.status = 202 if trouble == "slow" else 500
            gateway.takes_all_the_same = trouble.startswith("takes")
            assert hour.passes(carrier) == 0
            gateway.lingers, gateway.status = 0, 202
        hour.until_all_is_sent(carrier)
    assert set(gateway.taken) == {f"k{n}" for n in range(count // 2 * 2)}
    again = {key for key, asked in gateway.asked.items() if asked > 1}
    assert bool(again) == (trouble != "down"), "what was asked again is the same message to the gateway"


@pytest.mark.parametrize("trouble", TROUBLES[:3])
def test_mails_outlast_their_server(owed: tuple[Backend, int], trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    backend, count = owed
    hour, port = Hour(backend, count, Channel.MAIL, "li@example.cn"), free_port()
    carrier = Outlet(f"smtp://127.0.0.1:{port}", SENDER)
    with ExitStack() as running:
        if trouble == "down":
            assert hour.passes(carrier) == 0
            mailbox = running.enter_context(mail_server(port))
        else:
            mailbox = running.enter_context(mail_server(port))
            mailbox.seconds = 0.6 if trouble == "slow" else 0
            mailbox.always = "500 5.5.2 out of order" if trouble == "answers 500" else None
            assert hour.passes(carrier) == 0
            mailbox.seconds, mailbox.always = 0, None
        hour.until_all_is_sent(carrier)
    arrived = Counter(mail.message["Message-ID"] for mail in mailbox.received)
    assert arrived == Counter({message_id(f"k{n}", SENDER): 1 for n in range(count // 2 * 2)})


@pytest.fixture
def senders(owed: tuple[Backend, int]) -> Iterator[Any]:
    """Processes that send by a gateway, started and killed by a word."""
    with http_gateway() as gateway:
        command = [sys.executable, "-m", "tests.faults.sending", owed[0].url, gateway.url, SENDER]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            given, said = process.stdin, process.stdout

            def order(word: str) -> str:
                print(word, file=given, flush=True)
                return said.readline()

            yield gateway, order
            given.close()
            assert process.wait(120) == 0


def test_one_killed_between_sending_and_noting_has_sent_once(owed: tuple[Backend, int], senders: Any) -> None:
    backend, count = owed
    gateway, order = senders
    owe(backend, Channel.SMS, "+8613800138000", 0, count)
    for taken in (1, 2, 3):
        gateway.lingers = 60  # taken, and the answer on its way for so long
        order("start")
        gateway.wait_for(taken)
        order("kill")
        assert states(backend)["sent"] == taken - 1, "that it was taken is noted nowhere"
        with backend.session() as session, session.begin():
            session.execute(update(Notice).values(leased_until=None))  # the lease runs out
            first = select(Notice.id).where(Notice.state == "waiting").order_by(Notice.id).limit(1).scalar_subquery()
            rest = update(Notice).where(Notice.state == "waiting", Notice.id != first)
            session.execute(rest.values(next_try_at=HandClock().now.replace(year=2100)))
        gateway.lingers = 0
        assert deliver(backend.engine, SmsCarrier(HttpGateway(gateway.url)), channel=Channel.SMS)["written"] == 1
        with backend.session() as session, session.begin():
            session.execute(update(Notice).values(next_try_at=None))
    assert deliver(backend.engine, SmsCarrier(HttpGateway(gateway.url)), channel=Channel.SMS)["written"] == count - 3
    assert set(gateway.taken) == {f"k{n}" for n in range(count)}
    assert gateway.asked == Counter({f"k{n}": 2 if n < 3 else 1 for n in range(count)}), "asked again, taken once"
