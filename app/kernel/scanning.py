"""Whether a file that was sent carries a virus: asked of clamd, or of a command, before a byte of it is kept.

Without a scanner nothing is asked. With one, a file it did not look at is refused, unless the setting says otherwise.
"""

import logging
import shlex
import socket
import struct
import subprocess
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from app.kernel import history
from app.schema.errors import Refusal, Unavailable

log = logging.getLogger(__name__)
PIECE = 256 * 1024
"""Bytes handed to clamd at a time."""
LONGEST = 4096
"""Bytes of an answer that are read."""


class Scanner(Protocol):
    """Whatever looks for viruses."""

    def scan(self, body: bytes) -> str:
        """What was found in the bytes, "" for nothing. Raises `OSError` where they could not be looked at."""


class Infected(Refusal):
    """A virus was found; `what` it is called, and in which file."""

    def __init__(self, message: str, *, filename: str, what: str) -> None:
        self.filename, self.what = filename, what
        super().__init__(message, what=what)


@dataclass(frozen=True)
class Clamd:
    """ClamAV's daemon at ``tcp://host:port`` or ``unix:/path``; `timeout` in seconds, of each word with it."""

    address: str
    timeout: float = 20

    def scan(self, body: bytes) -> str:
        """As of `Scanner`, by its command INSTREAM."""
        with self._reached() as line:
            line.settimeout(self.timeout)
            line.sendall(b"zINSTREAM\0")
            for at in range(0, len(body), PIECE):
                piece = body[at : at + PIECE]
                line.sendall(struct.pack(">I", len(piece)) + piece)
            line.sendall(struct.pack(">I", 0))
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < LONGEST and (some := line.recv(LONGEST)):
                answer += some
        said = answer.rstrip(b"\0").decode("utf-8", "replace")
        if said == "stream: OK":
            return ""
        if said.startswith("stream: ") and said.endswith(" FOUND"):
            return said.removeprefix("stream: ").removesuffix(" FOUND")
        raise OSError(f"clamd answered {said[:200]!r}")

    def _reached(self) -> socket.socket:
        if self.address.startswith("unix:"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(self.timeout)
            try:
                line.connect(self.address.removeprefix("unix:"))
            except OSError:
                line.close()
                raise
            return line
        host, _colon, port = self.address.removeprefix("tcp://").rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), self.timeout)


@dataclass(frozen=True)
class Command:
    """A command that reads the file from its standard input, and ends with 0 for none and 1 for a virus."""

    line: str
    timeout: float = 20

    def scan(self, body: bytes) -> str:
        """As of `Scanner`."""
        try:
            done = subprocess.run(
                shlex.split(self.line), input=body, capture_output=True, timeout=self.timeout, check=False
            )
        except subprocess.TimeoutExpired as slow:
            raise OSError("the command did not end in time") from slow
        if done.returncode in (0, 1):
            return "virus" if done.returncode else ""
        raise OSError(f"the command ended with {done.returncode}")


_asked: list[Scanner] = []
_open = False


def set_scanner(scanner: Scanner | None, *, fail_open: bool = False) -> None:
    """Ask that scanner from now on; `fail_open` takes what it could not look at. Said once, at the start."""
    global _open
    _asked[:], _open = [scanner] if scanner is not None else [], fail_open


def asked() -> bool:
    """Whether anybody looks for viruses here."""
    return bool(_asked)


def check(body: bytes, filename: str, *, strictly: bool = False) -> None:
    """Raise `Infected` for a file with a virus, `Unavailable` for one that could not be looked at.

    `strictly` raises it even where such files are taken.
    """
    for scanner in _asked:
        try:
            found = scanner.scan(body)
        except (OSError, ValueError, OverflowError) as fault:  # a port or a command line that cannot be one
            log.error("a file was not scanned: %s", fault)
            if strictly or not _open:
                raise Unavailable("The file could not be scanned for viruses, so it is not taken. Try again.") from None
        else:
            if found:
                raise Infected(
                    "A virus was found in this file (%(what)s); it is not taken.", filename=filename, what=found
                )


def note(session: Session, found: Infected) -> None:
    """Write into the history who sent what was refused; commit afterwards, for the refusal rolled back the rest."""
    log.warning("a virus was refused: %s", found.what)
    history.summarise(session, "file", "virus", {"name": [found.filename, None], "virus": [None, found.what]})
