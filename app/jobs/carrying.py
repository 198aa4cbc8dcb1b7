"""How notices leave the house, whatever the channel: what a carrier is to the sender, and what becomes of a try."""

from types import TracebackType
from typing import Protocol, Self

from app.kernel.tables import Notice


class Undeliverable(Exception):
    """This notice will never arrive; trying again is of no use."""


class Later(Exception):
    """This notice was not taken now; it may be in a while."""


class ServerTrouble(Exception):
    """The server cannot be reached or will not talk to us; it is not this one notice's fault."""


class Connection(Protocol):
    """A carrier at work, for a batch of notices; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def send(self, notice: Notice, to: str) -> None:
        """Hand over one notice. Raises `Undeliverable`, `Later` or `ServerTrouble`."""


class Carrier(Protocol):
    """The way of a channel out of the house. Each notice has a dedupe key; the receiving side must get it each time."""

    def connect(self) -> Connection:
        """Begin a batch. Raises `ServerTrouble`."""
