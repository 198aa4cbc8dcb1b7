"""Text messages: a gateway is whatever sends one message to one number and knows a message again by its key."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

import requests

from app.jobs.carrying import Later, ServerTrouble, Undeliverable
from app.kernel.tables import Notice

TIMEOUT = (5.0, 10.0)
"""Seconds for the connection, and for each thing the gateway says."""
LONGEST = 500
"""Characters of a message; the rest is to be read behind the bell."""
_IN_OUR_SETTINGS = (401, 403, 404, 405)


class SmsGateway(Protocol):
    """Sends text messages. Given the same `key` twice it sends one message."""

    def send(self, to: str, text: str, key: str) -> None:
        """Hand over one message. Raises `Undeliverable`, `Later` or `ServerTrouble`."""


@dataclass(frozen=True)
class SmsCarrier:
    """The way of text messages out of the house, by a gateway."""

    gateway: SmsGateway

    def connect(self) -> "SmsConnection":
        """There is nothing to open."""
        return SmsConnection(self.gateway)


@dataclass(frozen=True)
class SmsConnection:
    """A batch of text messages."""

    gateway: SmsGateway

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def send(self, notice: Notice, to: str) -> None:
        """Hand over the subject of one notice; its text stays behind the bell."""
        self.gateway.send(to, notice.subject[:LONGEST], notice.dedupe_key)


@dataclass(frozen=True)
class HttpGateway:
    """A gateway spoken to over HTTP: ``POST`` of ``{"to": …, "text": …}`` with the key as ``Idempotency-Key``.

    Any 2xx means taken. What it answers to a message of ours that is wrong in itself (a 4xx) is final.
    """

    url: str
    token: str = field(default="", repr=False)

    def send(self, to: str, text: str, key: str) -> None:
        """See `SmsGateway`."""
        said = {"Idempotency-Key": key.encode("ascii", "backslashreplace").decode(), "Accept": "application/json"}
        if self.token:
            said["Authorization"] = f"Bearer {self.token}"
        try:
            with requests.Session() as http:
                http.trust_env = False  # neither proxies of the environment nor anybody's .netrc
                message = {"to": to, "text": text}
                answer = http.post(self.url, json=message, headers=said, timeout=TIMEOUT, allow_redirects=False)
        except (requests.RequestException, OSError, ValueError) as error:
            raise ServerTrouble(f"the gateway does not answer ({type(error).__name__})") from error
        status = answer.status_code
        if 200 <= status < 300:
            return
        words = f"the gateway answers {status}"
        if status in (409, 425, 429):  # it is at this one still, or at too many
            raise Later(words)
        if 400 <= status < 500 and status not in (408, *_IN_OUR_SETTINGS):
            raise Undeliverable(words)
        raise ServerTrouble(words)
