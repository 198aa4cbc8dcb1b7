"""The uploaded bytes, read as often as needed: by path, or from a stream that may not know how to go back."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, BinaryIO, cast

from app.kernel.sheets.errors import SheetError

CHUNK = 1 << 18


class Upload:
    """A file under its own name. A path is opened anew for each pass; a stream stays open and belongs to the caller."""

    def __init__(self, path_or_stream: str | PathLike[str] | IO[bytes], filename: str) -> None:
        self.filename = filename
        self._path = Path(path_or_stream) if isinstance(path_or_stream, str | PathLike) else None
        self._stream: BinaryIO | None = None
        if not isinstance(path_or_stream, str | PathLike):
            self._stream = cast(BinaryIO, path_or_stream)
            if not self._stream.seekable():
                self._stream = cast(BinaryIO, TemporaryFile())  # noqa: SIM115  it lives as long as the upload
                copyfileobj(path_or_stream, self._stream, CHUNK)

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """The bytes from their beginning. Only one pass over a stream at a time."""
        if self._stream is not None:
            self._stream.seek(0)
            yield self._stream
            return
        try:
            file = cast(Path, self._path).open("rb")
        except OSError as error:
            raise SheetError(
                "%(file)s cannot be opened (%(reason)s); check the name and upload it again",
                file=self.filename,
                reason=error.strerror or "unknown reason",
            ) from None
        with file:
            yield file

    def size(self) -> int:
        """Bytes in the file."""
        with self.reading() as stream:
            return stream.seek(0, 2)
