"""An SMTP server on this machine that keeps what it is given. Any process may send to it."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.cluster import free_port

ACCEPTED = "250 OK"


@dataclass(frozen=True)
class Mail:
    """One mail as the server took it: the envelope's addresses, and the message itself."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain text of the message, lines ending as in Python; empty when it has none."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""


class MailServer:
    """What arrived, in order, and how the next mails are to be answered."""

    def __init__(self) -> None:
        self.received: list[Mail] = []
        # Answers to the next mails, such as "451 4.3.0 try again later"; after them every mail is accepted.
        self.answers: list[str] = []
        self.always: str | None = None
        """The answer to every mail, as long as one is set."""
        self.seconds = 0.0
        """How long it thinks about each."""
        self.url = ""
        self._arrival = threading.Condition()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take or refuse one mail; aiosmtpd calls this by its name, on a thread of its own."""
        await asyncio.sleep(self.seconds)
        with self._arrival:
            answer = self.answers.pop(0) if self.answers else self.always or ACCEPTED
            if answer.startswith("2"):
                content = cast(bytes, envelope.content)
                message = email.message_from_bytes(content, EmailMessage, policy=email.policy.default)
                self.received.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
                self._arrival.notify_all()
        return answer

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Mail]:
        """The mails received, as soon as there are `count`; raises AssertionError after `timeout` seconds."""
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self.received) >= count, timeout):
                raise AssertionError(f"{len(self.received)} of {count} mails arrived within {timeout:g} s")
            return list(self.received)


@contextmanager
def mail_server(port: int | None = None) -> Iterator[MailServer]:
    """An SMTP server on a port of 127.0.0.1, a free one if none is given; its `url` is what YANXU_SMTP_URL takes."""
    mailbox = MailServer()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port or free_port())
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield mailbox
    finally:
        controller.stop()
