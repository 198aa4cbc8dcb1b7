"""Uploads for the tests of sheets: opening them, and making workbooks sound and unsound."""

import io
import zipfile

import pytest
import xlsxwriter

from app.kernel.sheets import Row, Sheet, SheetError, open_sheet

BOOK, SHEET = "xl/workbook.xml", "xl/worksheets/sheet1.xml"


def opened(content: bytes | str, name: str = "up.csv", required=(), **options) -> Sheet:
    return open_sheet(io.BytesIO(content.encode() if isinstance(content, str) else content), name, required, **options)


def rows(content: bytes | str, **options) -> list[Row]:
    return list(opened(content, **options).rows())


def refusal(content: bytes | str, name: str = "up.csv", required=(), **options) -> SheetError:
    with pytest.raises(SheetError) as caught:
        list(opened(content, name, required, **options).rows())
    assert caught.value.message == caught.value.msgid % caught.value.args_
    return caught.value


def place(error: SheetError | None) -> tuple[int | None, str | None]:
    assert error is not None
    return error.row, error.column


def workbook(*sheets: list[list[object]], hidden=(), at=(0, 0)) -> bytes:
    """A workbook with these sheets, each beginning at row and column `at`; those at `hidden` are hidden."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm"})
    for i, content in enumerate(sheets):
        sheet = book.add_worksheet()
        for r, values in enumerate(content):
            sheet.write_row(at[0] + r, at[1], values)
        if i in hidden:
            sheet.hide()
    book.close()
    return out.getvalue()


def rezipped(content: bytes, **changed: bytes) -> bytes:
    """The workbook with parts replaced or added, by name; BOOK and SHEET will do for the two that matter."""
    parts = {{"BOOK": BOOK, "SHEET": SHEET}.get(name, name): text for name, text in changed.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, parts.pop(part, None) or old.read(part))
        for part, text in parts.items():
            new.writestr(part, text)
    return out.getvalue()


def with_cells(cells: str) -> bytes:
    """A workbook whose sheet holds these cells, as XML."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<worksheet xmlns="{namespace}" xmlns:x="{namespace}"><sheetData>{cells}</sheetData></worksheet>'
    return rezipped(workbook([["a"]]), SHEET=text.encode())
