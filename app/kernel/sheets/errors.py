"""What is wrong with a file or a cell, said so that it can be translated and mended.

The first argument of both errors is a literal sentence: message extraction takes `SheetError` and `CellError` as
keywords. Names in it are filled from `args_`.
"""

from app.schema.kinds import BadValue

_SHOWN = 40


class CellError(BadValue):
    """One cell does not say what its column asks for. `at` places it in a sheet."""

    @property
    def message(self) -> str:
        return str(self)

    def at(self, row: int, column: str) -> "SheetError":
        """The same sentence, with the row and column it speaks of."""
        return SheetError(self.msgid, row=row, column=column, **self.args_)


class SheetError(ValueError):
    """Something in an uploaded file cannot be read.

    `row` counts as a spreadsheet does, the first line being 1; None speaks of the whole file. `column` is a header
    text or None. `message` is the bare sentence; `str()` puts the place before it.
    """

    def __init__(self, msgid: str, *, row: int | None = None, column: str | None = None, **args_: object) -> None:
        self.msgid, self.args_ = msgid, args_
        self.row, self.column = row, column
        self.message = msgid % args_
        super().__init__(self.message)

    def __str__(self) -> str:
        row = "" if self.row is None else f"Row {self.row}"
        column = "" if self.column is None else f"column {self.column}"
        place = ", ".join(filter(None, (row, column)))
        return f"{place}: {self.message}" if place else self.message


def shown(raw: object) -> str:
    """A cell as a message quotes it: one line, printable, not longer than a glance takes."""
    text = "".join(c if c.isprintable() else "·" for c in str(raw)[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
