"""Where the bytes of files lie: in a folder outside the web root, under names nobody can guess and nobody chose."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from app.schema.kinds.files import ID


class Store:
    """Keeps bytes under their tokens, readable by the owner of the process alone.

    It knows nothing of rows, people or types. A token is made by the kernel; nothing else ever becomes a path.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, token: str, body: bytes) -> None:
        """Keep bytes, on the disk when this returns. Raises `FileExistsError` for a token that is taken."""
        path = self._path(token)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
            kept.write(body)
            kept.flush()
            os.fsync(kept.fileno())

    def open(self, token: str) -> IO[bytes]:
        """The bytes of that token. Raises `FileNotFoundError`."""
        return self._path(token).open("rb")

    def remove(self, token: str) -> None:
        """Forget the bytes; a token nobody knows is none the worse."""
        self._path(token).unlink(missing_ok=True)

    def tokens(self) -> Iterator[tuple[str, datetime]]:
        """Every token with the moment its bytes were kept, in UTC."""
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def _path(self, token: str) -> Path:
        if not re.fullmatch(ID, token):
            raise FileNotFoundError(token)
        return self._folder / token[:2] / token


_kept: list[Store] = []


def set_store(store: Store) -> None:
    """Keep files there from now on; said once, at the start."""
    _kept[:] = [store]


def the_store() -> Store:
    """Where files are kept."""
    if not _kept:
        raise RuntimeError("nobody said where files are kept: set_store(Store(…))")
    return _kept[0]
