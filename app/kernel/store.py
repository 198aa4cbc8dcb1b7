"""Where the bytes of files lie: in a folder outside the web root or in a bucket, under names nobody can guess."""

import io
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from app.schema.errors import Unavailable
from app.schema.kinds.files import ID

log = logging.getLogger(__name__)
NAME = re.compile(rf"{ID.pattern}(\.[a-z0-9-]{{1,20}})?")
PIECE = 1024 * 1024
"""Bytes that are asked of a store at a time."""


class Store:
    """Keeps bytes under their tokens, whole or not at all.

    It knows nothing of rows, people or types. A token is made by the kernel; nothing else ever becomes a path, but a
    token with what was drawn of its bytes: ``<token>.1-small`` (`token_of`). Raises
    `Unavailable` where the place the bytes lie in does not answer, or not in time.
    """

    mode: Any = "overwrite"

    def __init__(self, objects: LocalStore | S3Store) -> None:
        self._objects = objects

    def put(self, token: str, body: bytes) -> None:
        """Keep bytes; they are safe when this returns. Raises `FileExistsError` for a token a folder has already."""
        path = _path(token)
        with _answering():
            try:
                obstore.put(self._objects, path, body, mode=self.mode, use_multipart=False)
            except AlreadyExistsError:
                raise FileExistsError(token) from None

    def open(self, token: str) -> IO[bytes]:
        """The bytes of that token, asked for piece by piece as they are read. Raises `FileNotFoundError`."""
        path = _path(token)
        with _answering():
            return io.BufferedReader(_Read(obstore.open_reader(self._objects, path, buffer_size=PIECE)), PIECE)

    def remove(self, token: str) -> None:
        """Forget the bytes; a token nobody knows is none the worse."""
        path = _path(token)
        with _answering():
            try:
                obstore.delete(self._objects, path)
            except FileNotFoundError:
                return

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Every token, and what was drawn of its bytes, with the moment each was kept, in UTC."""
        with _answering():
            for some in obstore.list(self._objects):
                for each in some:
                    folder, _slash, name = each["path"].rpartition("/")
                    if NAME.fullmatch(name) and folder == name[:2]:
                        yield name, each["last_modified"]

    def tokens(self) -> Iterator[tuple[str, datetime]]:
        """As of `names`, without what was drawn: that can be drawn again."""
        return ((name, at) for name, at in self.names() if token_of(name) == name)


class Folder(Store):
    """A store in a folder of this machine, readable by the owner of the process alone."""

    mode = "create"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        super().__init__(LocalStore(folder))

    def put(self, token: str, body: bytes) -> None:
        """As of `Store`; on the disk when this returns."""
        (self._folder / _path(token)).parent.mkdir(exist_ok=True, mode=0o700)
        super().put(token, body)
        path = self._folder / _path(token)
        path.chmod(0o600)
        for each in (path, path.parent):
            kept = os.open(each, os.O_RDONLY)
            try:
                os.fsync(kept)
            finally:
                os.close(kept)


@dataclass(frozen=True)
class Bucket:
    """A bucket of a service that speaks as S3 does, and how it is reached; `timeout` in seconds, of one request.

    Without an endpoint it is Amazon's; without keys the machine's own role is used. `named` says that the endpoint has
    the name of the bucket in it.
    """

    name: str
    prefix: str = ""
    endpoint: str = ""
    key_id: str = ""
    secret: str = field(default="", repr=False)
    region: str = "us-east-1"
    named: bool = False
    timeout: int = 20

    def store(self) -> Store:
        """The store in it. Nothing is asked of the service yet."""
        keys = {"access_key_id": self.key_id, "secret_access_key": self.secret, "endpoint": self.endpoint}
        wait = timedelta(seconds=self.timeout)
        told: Any = {name: value for name, value in keys.items() if value}
        objects = S3Store(
            self.name,
            prefix=self.prefix or None,
            region=self.region,
            virtual_hosted_style_request=self.named,
            client_options={
                "allow_http": self.endpoint.startswith("http://"),
                "timeout": wait,
                "connect_timeout": min(wait, timedelta(seconds=5)),
            },
            retry_config={"max_retries": 2, "retry_timeout": wait},
            **told,
        )
        return Store(objects)


class _Read(io.RawIOBase):
    """What a store is asked for piece by piece, as a file."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        with _answering():
            some = memoryview(self._found.read(len(into)))
        into[: len(some)] = some
        return len(some)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        with _answering():
            return int(self._found.seek(offset, whence))

    def tell(self) -> int:
        return int(self._found.tell())


@contextmanager
def _answering() -> Iterator[None]:
    """What the place says when it does not do as asked names addresses and requests: nobody is shown it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as fault:
        if isinstance(fault, FileExistsError):
            raise
        log.error("the store of files failed: %s", str(fault).partition("\n")[0][:300])
        raise Unavailable("The store of files does not answer; nothing was changed. Try again in a while.") from fault


def token_of(name: str) -> str:
    """The token of the file that what lies under this name was drawn of; a token's is itself."""
    return name.partition(".")[0]


def _path(name: str) -> str:
    if not NAME.fullmatch(name):
        raise FileNotFoundError(name)
    return f"{name[:2]}/{name}"


_kept: list[Store] = []


def set_store(store: Store) -> None:
    """Keep files there from now on; said once, at the start."""
    _kept[:] = [store]


def the_store() -> Store:
    """Where files are kept."""
    if not _kept:
        raise RuntimeError("nobody said where files are kept: set_store(Folder(…))")
    return _kept[0]
