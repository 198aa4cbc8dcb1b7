"""Rows that could not be taken, as a file to mend in any spreadsheet and load again."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import IO, Protocol, Self

from app.kernel.sheets.errors import SheetError
from app.kernel.sheets.words import written

PROBLEM = "Problem"

# What a spreadsheet would run as a formula. A plus before digits is not a plain number: it is a phone number, whose
# plus a spreadsheet would drop.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]")
_PLAIN_NUMBER = re.compile(r"-[0-9][0-9,]*(?:\.[0-9]+)?")


class Cells(Protocol):
    """A row as a sheet yields it."""

    @property
    def cells(self) -> Mapping[str, object]: ...
    @property
    def extra(self) -> tuple[object, ...]: ...


def guarded(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet could run it; `unguarded` takes it away again."""
    return "'" + text if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


class RefusedRows:
    """Writes refused rows as CSV (UTF-8 with a byte order mark, safe to open): their columns and a last one, Problem.

    `open_sheet` reads the file again: it passes over Problem and gives every cell as it was, a workbook's as text.
    A row that had too few cells is filled up with empty ones.
    """

    def __init__(self, path_or_stream: str | PathLike[str] | IO[bytes], columns: Sequence[str]) -> None:
        self.count = 0
        self._columns = tuple(columns)
        self._open = True
        self._ours = isinstance(path_or_stream, str | PathLike)
        if isinstance(path_or_stream, str | PathLike):
            stream: IO[bytes] = open(path_or_stream, "wb")  # noqa: SIM115  closed in `close`
        else:
            stream = path_or_stream
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text)
        self._write((*self._columns, PROBLEM))

    def write(self, row: Cells, problems: str | SheetError | Iterable[str | SheetError]) -> None:
        """Add a row and what is wrong with it: one sentence or several, or the errors themselves."""
        told = [problems] if isinstance(problems, str | SheetError) else problems
        cells = (row.cells.get(column) for column in self._columns)
        self._write((*cells, "; ".join(str(problem) for problem in told), *row.extra))
        self.count += 1

    def close(self) -> None:
        """Finish the file. A stream that was handed in stays open."""
        if self._open and self._ours:
            self._text.close()
        elif self._open:
            self._text.detach()  # flushes, and leaves the stream to its owner
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, values: Iterable[object]) -> None:
        self._writer.writerow([guarded(written(value)) for value in values])
