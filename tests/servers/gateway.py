"""A gateway of text messages on this machine, spoken to over HTTP, that knows a message again by its key.

It can be down, slow, or answer what it is told to; it can also take a message and answer 500 all the same.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.jobs.carrying import Later
from tests.servers.cluster import free_port


@dataclass(frozen=True)
class Message:
    """One message as it was taken."""

    to: str
    text: str
    key: str


class RecordingGateway:
    """The double of a gateway: keeps what it is given, once by key; raises each of `troubles` first."""

    def __init__(self) -> None:
        self.sent: dict[str, Message] = {}
        self.asked: Counter[str] = Counter()
        self.troubles: list[Exception] = []

    def send(self, to: str, text: str, key: str) -> None:
        """See `app.jobs.sms.SmsGateway`."""
        self.asked[key] += 1
        if self.troubles:
            raise self.troubles.pop(0)
        self.sent.setdefault(key, Message(to, text, key))

    def be_busy(self, times: int) -> None:
        """Take none of the next messages for now."""
        self.troubles = [Later("busy")] * times


class HttpGatewayServer:
    """The messages taken, once by key, how often each was asked for, and how the server behaves."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: dict[str, Message] = {}
        self.asked: Counter[str] = Counter()
        self.tokens: set[str] = set()
        self.status = 202
        self.takes_all_the_same = False
        self.seconds = 0.0
        """How long it thinks before it takes a message."""
        self.lingers = 0.0
        """How long it waits with the answer, once it has taken one."""
        self.answer: Any = {}
        self._arrival = threading.Condition()

    def take(self, handler: BaseHTTPRequestHandler) -> int:
        """Look at one request; the status to answer."""
        said: Any = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        key = handler.headers.get("Idempotency-Key", "")
        time.sleep(self.seconds)
        with self._arrival:
            self.asked[key] += 1
            self.tokens.add(handler.headers.get("Authorization", ""))
            if self.status < 300 or self.takes_all_the_same:
                text = said.get("text") or said.get("content") or ""
                text = text if isinstance(text, str) else next(iter(text.values()))  # the bots of chats wrap it
                self.taken.setdefault(key or text, Message(said.get("to", ""), text, key))
                self._arrival.notify_all()
            status = self.status
        time.sleep(self.lingers)
        return status

    def wait_for(self, count: int, timeout: float = 60.0) -> None:
        """Return as soon as `count` are taken; raises AssertionError after `timeout` seconds."""
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self.taken) >= count, timeout):
                raise AssertionError(f"{len(self.taken)} of {count} messages were taken within {timeout:g} s")


@contextmanager
def http_gateway(port: int | None = None) -> Iterator[HttpGatewayServer]:
    """Such a gateway on a port of 127.0.0.1, a free one if none is given."""
    gateway = HttpGatewayServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = gateway.take(self)
            body = json.dumps(gateway.answer).encode()
            with suppress(OSError):  # who asked may not have waited
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port or free_port()), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gateway.url = f"http://127.0.0.1:{server.server_address[1]}/messages"
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
