"""A table with named columns, whatever file it came in, as a stream of rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from app.kernel.sheets.delimited import Record
from app.kernel.sheets.errors import SheetError, shown
from app.kernel.sheets.limits import Limits
from app.kernel.sheets.refused import PROBLEM, unguarded
from app.kernel.sheets.words import half_width, written


class Row(NamedTuple):
    """One row of the file under its column names. `number` is the one a spreadsheet shows beside it.

    A row with a `problem` is not to be taken; its cells are as far as they go. `extra` lies beyond the last column.
    """

    number: int
    cells: dict[str, object]
    problem: SheetError | None = None
    extra: tuple[object, ...] = ()


class Source(Protocol):
    """A file whose records can be read again and again."""

    @property
    def fmt(self) -> str: ...
    @property
    def encoding(self) -> str | None: ...
    @property
    def lines(self) -> int: ...
    def records(self) -> Iterator[Record]: ...


class Names:
    """The columns a reader knows, found by header text in any case and width, or by an alias."""

    def __init__(self, required: Sequence[str], optional: Sequence[str], aliases: Mapping[str, str]) -> None:
        self.required = tuple(dict.fromkeys(required))
        self._known = {_key(name): name for name in (*aliases.values(), *optional, *required)}
        self._known |= {_key(alias): name for alias, name in aliases.items() if _key(alias) not in self._known}

    def canonical(self, header: str) -> str:
        """The name the reader uses, or the header itself, tidied."""
        return self._known.get(_key(header), half_width(header))

    def knows(self, header: str) -> bool:
        return _key(header) in self._known

    def is_problem(self, header: str) -> bool:
        """Whether it is the column of remarks in a file of refused rows, which is not part of the table."""
        return _key(header) == _key(PROBLEM) and not self.knows(header)


class Sheet:
    """An opened table: `columns` in their order, `rows()` as often as wanted, `count_hint` for a progress bar.

    `encoding` and `delimiter` are None for a workbook. `unknown_columns` are those neither required nor known.
    """

    def __init__(
        self, source: Source, names: Names, limits: Limits, delimiter: str | None = None, *, ours: bool = False
    ) -> None:
        self._source, self._limits = source, limits
        self.fmt, self.encoding, self.delimiter = source.fmt, source.encoding, delimiter
        header = next((record for record in source.records() if not _blank(record.values)), None)
        if header is None:
            raise SheetError("The file is blank; it needs a header and at least one row")
        if header.problem is not None and header.at is None:
            raise header.problem
        self._header_row = header.number
        texts = [written(value) for value in header.values]
        while not texts[-1].strip():
            texts.pop()
        self._mended = ours or any(names.is_problem(text) for text in texts)
        if self._mended:
            texts = [unguarded(text) for text in texts]
        self._positions = [i for i, text in enumerate(texts) if not names.is_problem(text)]
        self._width = len(texts)
        self.columns = _named(texts, self._positions, names, header.number)
        self.unknown_columns = [name for name in self.columns if not names.knows(name)]
        self.count_hint = max(source.lines - header.number, 1)
        if next(self.rows(), None) is None:
            raise SheetError("The file has a header but no rows below it; add at least one row")

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in order, from the first. One pass at a time over an uploaded stream.

        A row that cannot be taken carries its `problem`; what spoils the rest of the file raises `SheetError`.
        """
        count = 0
        for record in self._source.records():
            if record.number <= self._header_row:
                continue
            values: list[object] = record.values
            if self._mended:
                values = [
                    unguarded(value) if value.__class__ is str and value[:1] == "'" else value for value in values
                ]
            extra = tuple(values[self._width :])
            if _blank(extra):
                extra = ()
            if len(self._positions) < self._width:
                kept = [values[i] for i in self._positions if i < len(values)]
            else:
                kept = values[: self._width]
            if not extra and _blank(kept):
                continue
            count += 1
            if count > self._limits.rows:
                raise SheetError(
                    "The file has more than %(most)d rows; divide it into several files",
                    row=record.number,
                    most=self._limits.rows,
                )
            problem = self._placed(record) or self._ragged(record.number, kept, extra)
            cells = dict(zip(self.columns, kept, strict=False))
            yield Row(record.number, cells, problem, extra)

    def _placed(self, record: Record) -> SheetError | None:
        """The record's own problem, with the name of the column it stands in."""
        if record.problem is not None and record.at is not None and record.at in self._positions:
            record.problem.column = self.columns[self._positions.index(record.at)]
        return record.problem

    def _ragged(self, number: int, kept: list[object], extra: tuple[object, ...]) -> SheetError | None:
        if extra:
            beyond = next(value for value in extra if not _blank([value]))
            return SheetError(
                "The row has more cells than the header has columns, from “%(value)s” on; "
                "put cells that hold the separator in quotation marks, or delete what is too much",
                row=number,
                column=letters(self._width + extra.index(beyond)),
                value=shown(beyond),
            )
        if len(kept) < len(self.columns):
            return SheetError(
                "The row ends after %(has)d of %(wants)d cells; add the missing cells, empty ones too",
                row=number,
                column=self.columns[len(kept)],
                has=len(kept),
                wants=len(self.columns),
            )
        return None


def letters(position: int) -> str:
    """The letters a spreadsheet shows above the column at `position`, counted from 0: A, …, Z, AA."""
    above, own = divmod(position, 26)
    return (letters(above - 1) if above else "") + chr(ord("A") + own)


def _named(texts: list[str], positions: list[int], names: Names, row: int) -> list[str]:
    """The names of the columns at `positions`; each has one of its own, and none that is required is missing."""
    found: dict[str, int] = {}
    columns: list[str] = []
    for i in positions:
        if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", texts[i]):
            raise SheetError(
                "The header in column %(at)s holds invisible control characters; type it again, "
                "or save the file again as “CSV UTF-8”",
                row=row,
                at=letters(i),
            )
        name = names.canonical(texts[i])
        if not name:
            raise SheetError("Column %(at)s has no header; give it a name or delete the column", row=row, at=letters(i))
        if _key(name) in found:
            raise SheetError(
                "Columns %(first)s and %(second)s are both “%(name)s”; rename or delete one of them",
                row=row,
                column=name,
                first=letters(found[_key(name)]),
                second=letters(i),
                name=shown(name),
            )
        found[_key(name)] = i
        columns.append(name)
    if missing := [name for name in names.required if _key(name) not in found]:
        raise SheetError(
            "The header lacks: %(missing)s. It has: %(found)s. Rename or add the missing columns",
            row=row,
            missing=", ".join(missing),
            found=", ".join(shown(name) for name in columns),
        )
    return columns


def _key(header: str) -> str:
    return half_width(header).casefold()


def _blank(values: Sequence[object]) -> bool:
    return all(value is None or (isinstance(value, str) and (not value or value.isspace())) for value in values)
