"""Excel workbooks (.xlsx): the sheet with the table, and its records with their values as Python's own."""

from collections.abc import Iterator
from posixpath import join, normpath
from typing import BinaryIO
from xml.etree import ElementTree
from zipfile import ZipFile

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.kernel.sheets.delimited import Record
from app.kernel.sheets.errors import SheetError, shown
from app.kernel.sheets.limits import MEGABYTE, Limits
from app.kernel.sheets.survey import Damaged, Errors, survey
from app.kernel.sheets.upload import Upload
from app.kernel.sheets.words import EXACT_DIGITS

_BOOK = "xl/workbook.xml"
_LINKS = "xl/_rels/workbook.xml.rels"
_EXACT = 10.0**EXACT_DIGITS
_ENCRYPTED = 1


class Workbook:
    """The one sheet of a workbook that is meant: the first one shown, or the only one shown that has data.

    Loaded on opening, within the limits, so that a file that is broken further down is refused before any row is read.
    """

    fmt = "xlsx"
    encoding = None

    def __init__(self, upload: Upload, limits: Limits) -> None:
        with upload.reading() as stream:
            try:
                self._sheet, self._errors = _load(stream, upload.filename, limits)
            except SheetError:
                raise
            except BaseException as error:
                # Three readers meet a broken file here, each with failures of its own; the last one's panic is no
                # Exception at all.
                if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                    raise unreadable_workbook(upload.filename) from None
                raise
        self.lines = self._sheet.total_height

    def records(self) -> Iterator[Record]:
        """Every row from the top of the sheet, whole numbers as int; one with an error cell (#N/A) has a problem."""
        for number, row in enumerate(self._sheet.iter_rows(), start=1):
            values: list[object] = [
                int(value) if value.__class__ is float and value.is_integer() and -_EXACT < value < _EXACT else value
                for value in row
            ]
            if number not in self._errors:
                yield Record(number, values)
                continue
            at, error = self._errors[number]
            problem = SheetError("The cell shows the error %(error)s; mend its formula", row=number, error=shown(error))
            values[at] = error
            yield Record(number, values, problem, at)


def _load(stream: BinaryIO, filename: str, limits: Limits) -> tuple[CalamineSheet, Errors]:
    with ZipFile(stream) as archive:
        names = set(archive.namelist())
        if _BOOK not in names:
            raise SheetError(
                "%(file)s is not an .xlsx workbook; open it where it was made, save it as .xlsx or CSV and upload that",
                file=filename,
            )
        if any(part.flag_bits & _ENCRYPTED for part in archive.infolist()):
            raise SheetError(
                "%(file)s is locked with a password; save it without one and upload it again", file=filename
            )
        parts = _parts(archive)
        names_of_parts = {name.rpartition("/")[2].lower() for targets in parts.values() for name in targets}
        errors = survey(archive, names_of_parts, limits)
    stream.seek(0)
    with CalamineWorkbook.from_filelike(stream) as book:
        shown_sheets = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        with_data = filter(lambda sheet: sheet.height, map(book.get_sheet_by_name, shown_sheets))
        sheet = next(with_data, None)
        if sheet is None:
            raise SheetError("%(file)s has no sheet with data; it needs a header and at least one row", file=filename)
        if sheet.name != shown_sheets[0] and (other := next(with_data, None)):
            raise SheetError(
                "The first sheet is empty and several others are not (“%(one)s”, “%(other)s”); "
                "move the table to the first sheet",
                one=shown(sheet.name),
                other=shown(other.name),
            )
    return sheet, next((errors[part] for part in parts[sheet.name] if part in errors), {})


def _parts(archive: ZipFile) -> dict[str, list[str]]:
    """Which part of the archive holds which sheet, by the sheet's name; several if the workbook contradicts itself."""
    links = [(link.get("Id"), link.get("Target", "")) for link in _tree(archive, _LINKS)]
    sheets = [element for element in _tree(archive, _BOOK).iter() if element.tag.endswith("}sheet")]
    return {
        sheet.attrib["name"]: [
            normpath(join("/xl", target)).lstrip("/") for key, target in links if key in sheet.attrib.values()
        ]
        for sheet in sheets
    }


def _tree(archive: ZipFile, part: str) -> ElementTree.Element:
    with archive.open(part) as stream:
        text = stream.read(MEGABYTE + 1)
    if len(text) > MEGABYTE:
        raise Damaged
    return ElementTree.fromstring(text)


def unreadable_workbook(filename: str) -> SheetError:
    """A workbook that is broken somewhere no person could find."""
    return SheetError(
        "%(file)s is damaged or cut short; open it in Excel, save it as .xlsx and upload it again",
        file=filename,
    )
