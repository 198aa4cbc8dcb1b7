"""Writing a workbook row by row in flat memory. Nothing in it is a formula, whatever a text begins with."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from types import TracebackType
from typing import IO, Any, Self

import xlsxwriter

from app.kernel.sheets.words import EXACT_DIGITS
from app.schema.errors import Refusal

MOST_ROWS = 1_048_576
LONGEST = 32_767
TOO_LONG = "A text of more than 32,767 characters fits in no cell of a workbook; export it as CSV."
TOO_MANY = "A workbook holds 1,048,576 rows at most; export it as CSV, or narrow the list."


class Book:
    """A workbook with one sheet. `rows` counts those written. Use it as a context manager."""

    def __init__(self, stream: IO[bytes], sheet: str = "") -> None:
        self.rows = 0
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(stream, options)
        self._sheet = self._book.add_worksheet(sheet or None)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._ways: dict[type, Callable[..., Any]] = {
            int: self._number,
            Decimal: self._number,
            date: lambda row, column, value: self._sheet.write_datetime(row, column, value, self._day),
        }

    def write(self, values: Iterable[Any]) -> None:
        """Add a row of texts, numbers and days; an empty text leaves its cell empty."""
        if self.rows >= MOST_ROWS:
            raise Refusal(TOO_MANY)
        for column, value in enumerate(values):
            if value == "":
                continue
            way = self._ways.get(value.__class__)
            if way is not None:
                way(self.rows, column, value)
            else:
                self._text(self.rows, column, value)
        self.rows += 1

    def _text(self, row: int, column: int, value: str) -> None:
        if len(value) > LONGEST:
            raise Refusal(TOO_LONG)
        self._sheet.write_string(row, column, value)

    def _number(self, row: int, column: int, value: int | Decimal) -> None:
        """As a number where a spreadsheet keeps all its digits, else as text."""
        digits = value.as_tuple().digits if isinstance(value, Decimal) else str(abs(value))
        if len(digits) > EXACT_DIGITS:
            self._text(row, column, f"{value:f}" if isinstance(value, Decimal) else str(value))
        else:
            self._sheet.write_number(row, column, value)

    def leaf(self, name: str, lines: Iterable[tuple[str, str]]) -> None:
        """Add a sheet of words after the table: each a name and what it says."""
        sheet = self._book.add_worksheet(name)
        for row, words in enumerate(lines):
            for column, text in enumerate(words):
                sheet.write_string(row, column, text[:LONGEST])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._book.close()
