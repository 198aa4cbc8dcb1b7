"""What the parts of a workbook would take to load, found out without loading them.

The library that reads sheets allots memory for the whole area from the first cell in use to the last, and swallows
error cells; two cells in opposite corners would end the process. So each part is unpacked once beforehand, in chunks:
counted, its area measured, its error cells noted. A quick look at the cell references suffices for almost every sheet;
where it shows a large area, cells without a reference or an error, the part is parsed in full.
"""

import re
from collections.abc import Container, Iterator
from copy import copy
from dataclasses import dataclass, field
from xml.parsers import expat
from zipfile import ZipFile, ZipInfo

from app.kernel.sheets.errors import SheetError
from app.kernel.sheets.limits import MEGABYTE, Limits
from app.kernel.sheets.upload import CHUNK

# A cell as every common program writes it. Text never holds "<", so each cell written otherwise shows in the difference
# to the number of cells, and nothing in the text can make up for it.
_REFERENCE = re.compile(rb'<c r="([A-Z]+[0-9]+)"')
_CELLS = [opening + closing for opening in (b"<c", b":c") for closing in (b" ", b">", b"/", b"\n", b"\t", b"\r")]
_LETTERS, _DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
_ERROR = re.compile(rb"""=\s*["']e["']""")
_LONGEST_TAG = MEGABYTE

Errors = dict[int, tuple[int, str]]
"""Row number to the first error cell in it: its column counted from 0, and what it shows, such as #N/A."""


class Damaged(Exception):
    """The part cannot be what it pretends to be."""


def survey(archive: ZipFile, sheets: Container[str], limits: Limits) -> dict[str, Errors]:
    """The error cells of each part that has any. Raises `SheetError` where the workbook would take too much to load,
    `Damaged` or an error of the zip library where it is broken.

    `sheets` are the file names of the parts that are sheets, without folders and in small letters: the library has its
    own way to a part, and however it gets there, it shall find a part that was measured.
    """
    unpacked = strings = 0
    errors: dict[str, Errors] = {}
    for part in archive.infolist():
        is_sheet = part.filename.rpartition("/")[2].lower() in sheets
        glance = _Glance()
        for chunk in _chunks(archive, part, limits.unpacked - unpacked):
            unpacked += len(chunk)
            strings += chunk.count(b"<si")
            if unpacked > limits.unpacked:
                raise SheetError(
                    "The workbook unpacks to more than %(most)d MB, far more than a table of its size; "
                    "save the table alone as CSV and upload that",
                    most=limits.unpacked // MEGABYTE,
                )
            if is_sheet:
                glance.look(chunk)
        glance.look(b"", final=True)
        if glance.suspect or glance.rows * glance.columns > limits.cells:
            extent = _extent(_chunks(archive, part, limits.unpacked))
            errors[part.filename] = extent.errors
            _afford(extent.rows * extent.columns, limits, f"{extent.rows} × {extent.columns}")
    _afford(strings, limits, str(strings))
    return errors


def _afford(cells: int, limits: Limits, area: str) -> None:
    if cells > limits.cells:
        raise SheetError(
            "The workbook has a sheet with more than %(most)d cells (%(area)s, counted to the last cell in use); "
            "delete stray cells far from the table, or save it as CSV and upload that",
            most=limits.cells,
            area=area,
        )


def _chunks(archive: ZipFile, part: ZipInfo, most: int) -> Iterator[bytes]:
    """The unpacked bytes of a part, to be left as soon as they are more than `most`.

    The directory of a zip file may claim any size for its parts, so the claim is set aside and the bytes are counted.
    """
    unclaimed = copy(part)
    unclaimed.file_size = most + 2 * CHUNK
    with archive.open(unclaimed) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


class _Glance:
    """The area of a part by its cell references: never too small, or `suspect`."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.suspect = False
        self._tail = b""

    def look(self, chunk: bytes, *, final: bool = False) -> None:
        """Take the next chunk; a tag that is cut off waits for the one after it."""
        if self.suspect:
            return
        text = self._tail + chunk
        cut = len(text) if final else text.rfind(b"<")
        text, self._tail = (text[:cut], text[cut:]) if cut >= 0 else (b"", text)
        if len(self._tail) > _LONGEST_TAG:
            self.suspect, self._tail = True, b""
        references = _REFERENCE.findall(text)
        joined = b" ".join(references)  # whole chunks at a time: a sheet has cells by the million
        self.rows = max(self.rows, *map(int, set(joined.translate(None, _LETTERS).split())), 0)
        self.columns = max(self.columns, *map(_number, set(joined.translate(None, _DIGITS).decode().split())), 0)
        if len(references) != text.count(b"<c") + text.count(b":c"):  # often true of <cols>, so count again exactly
            self.suspect |= len(references) < sum(map(text.count, _CELLS))
        self.suspect |= _ERROR.search(text) is not None


@dataclass
class _Extent:
    """Area in use: to the last row and the last column that hold a value."""

    rows: int = 0
    columns: int = 0
    errors: Errors = field(default_factory=dict)


def _extent(chunks: Iterator[bytes]) -> _Extent:
    """The area of a sheet, read as XML."""
    extent = _Extent()
    row = column = 0
    is_error = in_error = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, is_error, in_error
        tag = tag.rpartition(":")[2]
        if tag == "row":
            row, column = int(attributes.get("r", row + 1)), 0
        elif tag == "c":
            column += 1
            is_error = attributes.get("t") == "e"
            if reference := attributes.get("r"):
                digits = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
                row, column = int(digits), _number(reference[: len(reference) - len(digits)])
        elif tag in ("v", "is"):
            extent.rows, extent.columns = max(extent.rows, row), max(extent.columns, column)
            in_error = is_error and tag == "v"
            if in_error:
                extent.errors.setdefault(row, (column - 1, ""))

    def words(text: str) -> None:
        if in_error and extent.errors[row][0] == column - 1:
            extent.errors[row] = (column - 1, extent.errors[row][1] + text)

    def end(tag: str) -> None:
        nonlocal in_error
        in_error = False

    def doctype(*_: object) -> None:
        raise Damaged

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = words, doctype
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError):
        raise Damaged from None
    return extent


def _number(letters: str) -> int:
    """The column of its letters, counted from 1: A, …, Z, AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
