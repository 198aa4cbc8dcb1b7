"""The carrier of webhooks: a signed POST per message to an address of the open internet, and what its answer means."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import Engine
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from app.jobs.carrying import Later, Undeliverable
from app.kernel.actor import acting, system_actor
from app.kernel.guard import GuardedSession
from app.kernel.identity.sealing import Seal
from app.kernel.tables import Notice
from app.kernel.webhooks.addresses import outside
from app.kernel.webhooks.signing import headers, message_id
from app.kernel.webhooks.subscriptions import Target, targets

TIMEOUT = (5.0, 10.0)
"""Seconds for the connection, and for each thing the receiver says."""
AGENT = "Yanxu-Webhooks/1"


class PrivateAddress(OSError):
    """The name of a receiver stands for an address within a private network."""


def _kept_out(self: Any, connect: Callable[[], Any]) -> Any:
    """The connection, unless it leads back into the house. What it leads to is asked of itself: names may change."""
    made = connect()
    if not outside(made.getpeername()[0]):
        made.close()
        raise PrivateAddress("the address lies within a private network")
    return made


class _Plain(HTTPConnection):
    def _new_conn(self) -> Any:
        return _kept_out(self, super()._new_conn)


class _Secure(HTTPSConnection):
    def _new_conn(self) -> Any:
        return _kept_out(self, super()._new_conn)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Outward(HTTPAdapter):
    """Reaches the open internet alone."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


@dataclass(frozen=True)
class WebhookCarrier:
    """Sends what subscriptions are owed; `private` allows receivers within private networks."""

    engine: Engine
    seal: Seal
    private: bool = False

    def connect(self) -> "WebhookConnection":
        """Read where the subscriptions go by now."""
        with acting(system_actor("webhooks")), GuardedSession(bind=self.engine) as session, session.begin():
            found = targets(session, self.seal, datetime.now(UTC))
        return WebhookConnection(found, self.private)


@dataclass
class WebhookConnection:
    """Sends a batch. An address that did not answer is not asked again before the next one."""

    targets: dict[str, Target]
    private: bool
    failed: dict[str, str] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)

    def __enter__(self) -> Self:
        self.http.trust_env = False  # neither the proxies of the environment nor anybody's .netrc
        if not self.private:
            for scheme in ("http://", "https://"):
                self.http.mount(scheme, _Outward())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    def send(self, notice: Notice, to: str) -> None:
        """Send one message. Raises `Undeliverable` where nobody will ever take it, `Later` where nobody did now."""
        target = self.targets.get(to)
        if target is None:
            raise Undeliverable("the subscription is switched off or gone, or its secret cannot be read")
        if target.url in self.failed:
            raise Later(self.failed[target.url])
        body = notice.body.encode()
        signed = headers(message_id(notice.dedupe_key), datetime.now(UTC), body, target.secrets)
        signed |= {"Content-Type": "application/json", "User-Agent": AGENT}
        try:
            with self.http.post(
                target.url, data=body, headers=signed, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as answer:
                status = answer.status_code
        except (requests.RequestException, OSError, UnicodeError) as error:
            self.failed[target.url] = _words(error)
            raise Later(_words(error)) from error
        if status == 410:
            raise Undeliverable("the receiver says it is gone (410)")
        if not 200 <= status < 300:
            self.failed[target.url] = f"the receiver answers {status}"
            raise Later(f"the receiver answers {status}")


def _words(error: BaseException) -> str:
    """What went wrong, in few words: what a receiver or a library says at length is of no use to us."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PrivateAddress):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    return f"the receiver does not answer ({type(error).__name__})"
