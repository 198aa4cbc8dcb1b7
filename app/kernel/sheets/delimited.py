"""Text files of rows: which encoding they are in, and their records one by one."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from app.kernel.sheets.errors import SheetError
from app.kernel.sheets.limits import LONGEST_ROW
from app.kernel.sheets.upload import CHUNK, Upload

_ASCII = bytes(range(128))
_FOREIGN = 48
"""Bytes beyond ASCII that read well as UTF-8 before the first that does not: after so many (sixteen Chinese characters)
the file is damaged UTF-8, for no GBK text passes for UTF-8 that long, while GB18030 would read it as nonsense."""

_UNREADABLE = "\udcff"
"""Stands in for bytes that cannot be decoded; no encoding yields it, so it finds their row and column."""

codecs.register_error("sheets.unreadable", lambda error: (_UNREADABLE, error.end))  # type: ignore[attr-defined]


class Record(NamedTuple):
    """One row as it stands in the file, with what is wrong with it, if so at cell `at` (counted from 0)."""

    number: int
    values: list[object]
    problem: SheetError | None = None
    at: int | None = None


@dataclass(frozen=True)
class Delimited:
    """A text file whose encoding is known to fit from its first byte to its last. `lines` counts its line ends."""

    upload: Upload
    encoding: str
    lines: int
    delimiter: str = ","
    errors: str = "strict"

    fmt = "csv"

    def records(self) -> Iterator[Record]:
        """Every record with its number as a spreadsheet counts. Memory holds one record at a time.

        A quotation mark astray within one line spoils that record; one that swallows lines makes all that follow
        doubtful and raises `SheetError`.
        """
        with self._text() as text:
            lines = _Lines(text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            number = 0
            while True:
                lines.begin()
                number += 1
                problem: SheetError | None = None
                at: int | None = None
                try:
                    values = next(reader, None)
                except csv.Error:
                    values, problem = self._unquoted(lines, number)
                except _EndlessRow:
                    raise _endless(number) from None
                except UnicodeDecodeError:
                    raise SheetError("The file changed while it was read; upload it again", row=number) from None
                if values is None:
                    return
                if lines.nul and problem is None:
                    at = next((i for i, value in enumerate(values) if "\0" in value), None)
                    problem = SheetError(
                        "The cell holds a NUL character, which is invisible; type it again", row=number
                    )
                yield Record(number, list(values), problem, at)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        with self.upload.reading() as stream:
            text = io.TextIOWrapper(stream, encoding=self.encoding, errors=self.errors, newline="")
            try:
                yield text
            finally:
                text.detach()  # else it would close a stream that is not ours

    def _unquoted(self, lines: "_Lines", number: int) -> tuple[list[str], SheetError]:
        if lines.count == 1:
            try:
                return next(csv.reader([lines.last.rstrip("\r\n")], delimiter=self.delimiter)), SheetError(
                    "A quotation mark stands where none can; double those inside a cell "
                    "and put one at each end of the cell",
                    row=number,
                )
            except csv.Error:  # a cell beyond the length csv takes
                raise _endless(number) from None
        raise SheetError(
            "A quotation mark opened in this row is not closed where it should be, so the rows below it cannot be told "
            "apart; close it and upload the file again",
            row=number,
        )


class _EndlessRow(Exception):
    """A record is longer than `LONGEST_ROW`."""


class _Lines:
    """The lines csv asks for, bounded in length per record, so that no missing line end or quote fills the memory."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.begin()

    def begin(self) -> None:
        """A new record begins."""
        self._left = LONGEST_ROW
        self.count = 0
        self.last = ""
        self.nul = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            raise _EndlessRow
        self.count += 1
        self.last = line
        if "\0" in line:
            self.nul = True
        return line


def decoded(upload: Upload) -> Delimited:
    """The text file with the encoding that fits all of it: by its byte order mark, else UTF-8, else GB18030 (with GBK).

    Raises `SheetError` with the row and column of the first bytes that fit none.
    """
    with upload.reading() as stream:
        mark = stream.read(4)
    if mark.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "gb18030"]
    best = -1
    for encoding in candidates:
        fit = _fit(upload, encoding)
        if fit.whole:
            return Delimited(upload, encoding, fit.lines)
        if fit.until > best:
            best, closest = fit.until, encoding
        if fit.foreign >= _FOREIGN:
            break
    raise _undecodable(Delimited(upload, closest, 0, errors="sheets.unreadable"))


class _Fit(NamedTuple):
    whole: bool
    until: int
    foreign: int
    lines: int


def _fit(upload: Upload, encoding: str) -> _Fit:
    """How far the file decodes: in full, else to which byte, past how many bytes that are not ASCII."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    until = foreign = ends = returns = 0
    with upload.reading() as stream:
        while True:
            chunk = stream.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start]
                return _Fit(False, until + len(good), foreign + len(good.translate(None, _ASCII)), 0)
            if not chunk:
                return _Fit(True, until, foreign, ends or returns)
            until += len(chunk)
            foreign += len(chunk.translate(None, _ASCII))
            ends += text.count("\n")
            returns += text.count("\r")


def _undecodable(file: Delimited) -> SheetError:
    """Where the first bytes stand that the encoding cannot read."""
    header: list[object] = []
    row: int | None = None
    column: str | None = None
    for record in file.records():
        at = next((i for i, value in enumerate(record.values) if _UNREADABLE in str(value)), None)
        if at is not None:
            row, column = record.number, str(header[at]).strip() if at < len(header) else None
            break
        header = header or record.values
    if file.encoding == "utf-16":
        return SheetError(
            "The file says it is UTF-16 but is not, from this cell on; save it again as “CSV UTF-8”",
            row=row,
            column=column,
        )
    return SheetError(
        "The cell holds bytes that are neither UTF-8 nor GBK; save the file again as “CSV UTF-8”",
        row=row,
        column=column,
    )


def _endless(number: int) -> SheetError:
    return SheetError(
        "The row goes on without end; close its quotation marks, or save the table again as CSV with one row per line",
        row=number,
    )
