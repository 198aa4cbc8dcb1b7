"""Mail leaves by a real SMTP server: once per notice as far as we can help it, and never lost."""

import smtplib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.jobs import sender, smtp
from app.jobs.runner import Runner
from app.jobs.sender import LEASE, back_off, deliver, lease
from app.jobs.smtp import Outlet, ServerTrouble, message_id
from app.kernel import outbox
from app.kernel.outbox import Channel, tell
from app.kernel.permissions import User
from app.kernel.settings import set_setting
from app.kernel.tables import Notice
from app.schema.wording import Sentence
from models.people import Unit
from tests.conftest import Backend
from tests.faults.throwaway import SHANGHAI, HandClock, emptied
from tests.servers import MailServer, mail_server
from tests.servers.cluster import free_port

ROOT = Path(__file__).resolve().parents[2]
SENDER = "Yanxu <desk@yanxu.example.cn>"
pytestmark = pytest.mark.usefixtures("as_system")


@pytest.fixture(params=["sqlite_backend", "postgres_backend"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return emptied(request.getfixturevalue(request.param))


@pytest.fixture
def mailbox() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def owe(backend: Backend) -> Callable[..., None]:
    """Write mails into the outbox, keyed k0, k1, …"""

    def write(count: int = 1, to: int | str = "ann@example.cn", **more: Any) -> None:
        with backend.session() as session, session.begin():
            for n in range(count):
                tell(session, f"k{n}", to, Sentence(f"Subject {n}"), "Text", Channel.MAIL, **more)

    return write


@pytest.fixture
def notices(backend: Backend) -> Callable[[], list[Notice]]:
    def read() -> list[Notice]:
        with backend.session() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))

    return read


class TestTell:
    def test_once_per_key(self, session: Session) -> None:
        assert tell(session, "k", "ann@example.cn", Sentence("First"), "…", Channel.MAIL)
        assert not tell(session, "k", "ann@example.cn", Sentence("Second"), "…", Channel.MAIL)
        assert [notice.subject for notice in session.scalars(select(Notice))] == ["First"]

    def test_it_leads_to_its_row_even_a_new_one(self, session: Session, people: dict[str, Any]) -> None:
        unit = Unit(code="T9", name="Ninth")
        session.add(unit)
        tell(session, "k", people["renewal"].user_id, Sentence("A unit\nis new"), "…", row=unit)
        [notice] = session.scalars(select(Notice))
        assert (notice.record, notice.record_id) == ("unit", unit.id)
        assert notice.subject == "A unit is new"
        assert (notice.channel, notice.state) == ("app", "sent")

    @pytest.mark.parametrize(("to", "channel"), [("ann@example.cn", "app"), (" ", "mail"), ("", "letter")])
    def test_a_reader_the_channel_cannot_reach_is_refused(self, session: Session, to: str, channel: str) -> None:
        with pytest.raises(ValueError, match="cannot reach"):
            tell(session, "k", to, Sentence("s"), "b", channel)

    def test_many_at_once_count_only_the_new(self, session: Session) -> None:
        rows = [
            {"dedupe_key": f"k{n % 3}", "channel": "mail", "address": "a@b.cn", "subject": Sentence("s"), "body": "b"}
            for n in range(5)
        ]
        assert outbox.tell_all(session, rows) == 3
        assert outbox.tell_all(session, rows) == 0
        assert outbox.tell_all(session, []) == 0


class TestDelivery:
    def test_mails_arrive_with_their_key_and_are_marked(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any, clock: HandClock
    ) -> None:
        owe(3)
        result = deliver(backend.engine, Outlet(mailbox.url, SENDER), clock)
        assert result == {"written": 3, "stood": 0, "dead": 0}
        got = mailbox.wait_for(3)
        assert [mail.message["X-Dedupe-Key"] for mail in got] == ["k0", "k1", "k2"]
        assert [mail.message["Message-ID"] for mail in got] == [message_id(f"k{n}", SENDER) for n in range(3)]
        assert len({mail.message["Message-ID"] for mail in got}) == 3
        first = got[0]
        assert (first.sender, first.recipients, first.text) == ("desk@yanxu.example.cn", ("ann@example.cn",), "Text\n")
        assert {(n.state, n.sent_at, n.attempts, n.leased_until) for n in notices()} == {("sent", clock.now, 1, None)}
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER), clock)["written"] == 0

    def test_staff_are_mailed_at_their_address_unless_they_have_left(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any, people: dict[str, Any], session: Session
    ) -> None:
        owe(1, to=people["renewal"].user_id)
        deliver(backend.engine, Outlet(mailbox.url, SENDER))
        assert mailbox.wait_for(1)[0].recipients == ("renewal@example.cn",)
        session.execute(update(User).where(User.username == "renewal2").values(active=False))
        tell(session, "left", people["renewal2"].user_id, Sentence("s"), "b", Channel.MAIL)
        session.commit()
        deliver(backend.engine, Outlet(mailbox.url, SENDER))
        assert (notices()[1].state, notices()[1].attempts) == ("dead", 1)
        assert "has left" in notices()[1].error
        session.execute(update(User).values(active=True))
        session.commit()

    def test_chinese_arrives_as_it_was_written(self, backend: Backend, mailbox: MailServer, session: Session) -> None:
        tell(
            session,
            "续保/1",
            "ann@example.cn",
            Sentence("续保提醒：保单即将到期"),
            "王女士您好，\n保单 HT-1 将于 1 月 30 日到期。",
            "mail",
        )
        session.commit()
        deliver(backend.engine, Outlet(mailbox.url, SENDER))
        [mail] = mailbox.wait_for(1)
        assert mail.message["Subject"] == "续保提醒：保单即将到期"
        assert mail.text == "王女士您好，\n保单 HT-1 将于 1 月 30 日到期。\n"
        assert mail.message["X-Dedupe-Key"] == "续保/1"

    def test_letters_and_the_bell_are_never_mailed(
        self, backend: Backend, mailbox: MailServer, notices: Any, session: Session, people: dict[str, Any]
    ) -> None:
        tell(session, "letter", "12 Nanjing Road", Sentence("s"), "b", Channel.LETTER)
        tell(session, "bell", people["renewal"].user_id, Sentence("s"), "b")
        session.commit()
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER))["written"] == 0
        assert [notice.state for notice in notices()] == ["waiting", "sent"]

    def test_more_than_a_batch_goes_in_one_delivery(
        self, backend: Backend, mailbox: MailServer, owe: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "BATCH", 3)
        owe(8)
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER))["written"] == 8
        assert Counter(m.message["X-Dedupe-Key"] for m in mailbox.received) == Counter(f"k{n}" for n in range(8))

    def test_what_time_did_not_suffice_for_is_given_back_and_goes_next(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owe(2)
        send = smtp.Connection.send
        monkeypatch.setattr(smtp.Connection, "send", lambda *its: (send(*its), time.sleep(0.2)))
        monkeypatch.setattr(sender, "_PATIENCE", 0.1)
        transaction = partial(sender._transaction, backend.engine, sender.database_now)
        tally = sender.Tally()
        assert sender._deliver_batch(transaction(lease), Outlet(mailbox.url, SENDER), transaction, tally)
        assert [(n.state, n.leased_until) for n in notices()] == [("sent", None), ("waiting", None)]


class TestTrouble:
    def test_a_server_that_is_down_is_tried_again_and_again_and_then_given_up(
        self, backend: Backend, owe: Any, notices: Any, clock: HandClock
    ) -> None:
        owe(2)
        down = Outlet(f"smtp://127.0.0.1:{free_port()}", SENDER)
        for attempt in range(1, 8):
            assert deliver(backend.engine, down, clock) == {"written": 0, "stood": 2, "dead": 0}
            assert {(n.attempts, n.next_try_at) for n in notices()} == {(attempt, clock.now + back_off(attempt))}
            assert deliver(backend.engine, down, clock) == {"written": 0, "stood": 0, "dead": 0}
            clock.forward(seconds=back_off(attempt).total_seconds())
        assert deliver(backend.engine, down, clock) == {"written": 0, "stood": 0, "dead": 2}
        assert {n.state for n in notices()} == {"dead"}
        assert all("127.0.0.1" in n.error for n in notices())
        clock.forward(days=30)
        assert deliver(backend.engine, down, clock)["dead"] == 0

    def test_the_number_of_tries_is_a_setting(self, backend: Backend, owe: Any, notices: Any, session: Session) -> None:
        set_setting(session, "notices.attempts", "1")
        session.commit()
        owe(1)
        deliver(backend.engine, Outlet(f"smtp://127.0.0.1:{free_port()}", SENDER))
        assert [n.state for n in notices()] == ["dead"]
        set_setting(session, "notices.attempts", "8")
        session.commit()

    def test_it_arrives_when_the_server_is_back(
        self, backend: Backend, mailbox: MailServer, owe: Any, clock: HandClock
    ) -> None:
        owe(2)
        deliver(backend.engine, Outlet(f"smtp://127.0.0.1:{free_port()}", SENDER), clock)
        clock.forward(minutes=1)
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER), clock)["written"] == 2

    def test_a_passing_refusal_delays_one_mail_and_no_other(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any
    ) -> None:
        mailbox.answers = ["451 4.3.0 try again later"]
        owe(2)
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER)) == {"written": 1, "stood": 1, "dead": 0}
        assert [(n.state, n.error) for n in notices()] == [("waiting", "451 4.3.0 try again later"), ("sent", None)]

    def test_a_final_refusal_is_not_tried_again_until_operations_say_so(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any, session: Session
    ) -> None:
        mailbox.answers = ["550 5.1.1 no such mailbox"]
        owe(1)
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER)) == {"written": 0, "stood": 0, "dead": 1}
        assert (notices()[0].state, notices()[0].error) == ("dead", "550 5.1.1 no such mailbox")
        assert outbox.revive(session) == 1
        session.commit()
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER))["written"] == 1

    @pytest.mark.parametrize("address", ["nowhere", "a@b.cn, c@d.cn", "a@b.cn\nBcc: x@y.cn", "<a@b.cn>"])
    def test_what_is_no_single_address_is_given_up_at_once(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any, address: str
    ) -> None:
        owe(1, to=address)
        deliver(backend.engine, Outlet(mailbox.url, SENDER))
        assert notices()[0].state == "dead"
        assert mailbox.received == []


@contextmanager
def sending(backend: Backend, mailbox: MailServer) -> Iterator[Callable[[str], str]]:
    """A process that starts and kills senders when it is told; in the end all that were left have ended well."""
    command = [sys.executable, "-m", "tests.faults.sending", backend.url, mailbox.url, SENDER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        given, said = process.stdin, process.stdout
        assert given is not None
        assert said is not None

        def tell_it(word: str) -> str:
            print(word, file=given, flush=True)
            return said.readline()

        yield tell_it
        given.close()
        assert process.wait(120) == 0


class TestLease:
    def test_what_one_sender_holds_another_leaves_alone_until_the_lease_runs_out(
        self, backend: Backend, mailbox: MailServer, owe: Any, clock: HandClock
    ) -> None:
        owe(2)
        with backend.session() as session, session.begin():
            assert len(lease(session, clock.now)) == 2
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER), clock)["written"] == 0
        clock.forward(seconds=LEASE.total_seconds())
        assert deliver(backend.engine, Outlet(mailbox.url, SENDER), clock)["written"] == 2

    @pytest.mark.parametrize("backend", ["postgres_backend"], indirect=True)
    def test_two_that_lease_at_the_same_moment_share(self, backend: Backend, owe: Any, clock: HandClock) -> None:
        # On SQLite the second waits for the first by itself: a transaction has the whole database.
        owe(2)
        with backend.session() as first, first.begin():
            assert len(lease(first, clock.now)) == 2
            with backend.session() as second, second.begin():
                assert lease(second, clock.now) == []

    def test_the_lease_outlasts_a_batch(self) -> None:
        assert timedelta(seconds=sender._PATIENCE + smtp.TIMEOUT * 3) <= LEASE

    def test_killed_senders_lose_nothing(
        self, backend: Backend, mailbox: MailServer, owe: Any, notices: Any, clock: HandClock
    ) -> None:
        owe(60)
        with sending(backend, mailbox) as tell_it:
            for count in (7, 20, 33):
                tell_it("start")
                mailbox.wait_for(count, timeout=60)
                tell_it("kill")
                with backend.session() as session, session.begin():
                    session.execute(update(Notice).values(leased_until=None))  # the lease runs out
        assert any(n.state == "waiting" for n in notices())
        deliver(backend.engine, Outlet(mailbox.url, SENDER))
        assert {n.state for n in notices()} == {"sent"}
        arrived = Counter(mail.message["Message-ID"] for mail in mailbox.received)
        assert set(arrived) == {message_id(f"k{n}", SENDER) for n in range(60)}
        assert sum(arrived.values()) <= 60 + 3  # at most the mail in hand at each kill comes twice, under the same id

    def test_two_senders_at_once_send_each_mail_once(self, backend: Backend, mailbox: MailServer, owe: Any) -> None:
        owe(120)
        with sending(backend, mailbox) as tell_it:
            assert tell_it("start") != tell_it("start")
        assert Counter(m.message["X-Dedupe-Key"] for m in mailbox.received) == Counter(f"k{n}" for n in range(120))


class TestJob:
    def test_it_sends_after_its_own_transaction_and_says_what_it_did(
        self, backend: Backend, mailbox: MailServer, owe: Any, clock: HandClock
    ) -> None:
        owe(2)
        runner = Runner(backend.engine, SHANGHAI, info={"mail": Outlet(mailbox.url, SENDER)}, clock=clock)
        outcome = runner.run("notices.send", clock.now)
        assert (outcome.error, outcome.result) == (None, {"written": 2, "stood": 0, "dead": 0})

    def test_without_a_mail_server_mail_waits(self, backend: Backend, owe: Any, notices: Any, clock: HandClock) -> None:
        owe(2)
        result = (
            Runner(backend.engine, SHANGHAI, info={"mail": None}, clock=clock).run("notices.send", clock.now).result
        )
        assert result == {"written": 0, "stood": 2, "mail_server": "none"}
        assert {n.state for n in notices()} == {"waiting"}


class TestOutlet:
    @pytest.mark.parametrize("url", ["http://127.0.0.1:25", "smtp://", "127.0.0.1:25", "smtp://127.0.0.1:port"])
    def test_what_is_no_mail_server_is_said_so(self, url: str) -> None:
        with pytest.raises(ServerTrouble):
            Outlet(url, SENDER).connect()

    def test_a_password_is_not_sent_in_the_clear_over_a_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Plain(smtplib.SMTP):
            def __init__(self) -> None:
                self.esmtp_features: dict[str, str] = {}

            def ehlo(self, name: str = "") -> tuple[int, bytes]:
                return 250, b""

            def login(self, user: str, password: str, **more: Any) -> tuple[int, bytes]:
                raise AssertionError("the password left the house")

        with pytest.raises(ServerTrouble, match="no TLS"):
            Outlet._introduce(Plain(), "mail.example.cn", "desk", "secret", secure=False)

    def test_the_same_key_gives_the_same_id(self) -> None:
        assert message_id("k", SENDER) == message_id("k", SENDER)
        assert message_id("k", SENDER) != message_id("l", SENDER)
        assert message_id("k", SENDER).endswith("@yanxu.example.cn>")
