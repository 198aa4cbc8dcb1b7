"""Uploaded workbooks: real values, the right sheet, and neither damage nor a bomb that hurts."""

import io
import random
import zipfile
from datetime import date, datetime
from types import SimpleNamespace

import pytest
import xlsxwriter

from app.kernel.sheets import Limits, Row, SheetError
from app.kernel.sheets.survey import _Glance
from tests.app.uploads import BOOK, SHEET, opened, place, refusal, rezipped, rows, with_cells, workbook


def test_workbook_gives_real_values_and_the_rows_a_person_sees():
    moment = datetime.fromisoformat("2011-01-31T13:45")
    content = workbook(
        [["Name", "Day", "At", "n", "x", "yes"], ["张三", date(2011, 1, 31), moment, 5, 0.1, True]], at=(2, 1)
    )
    sheet = opened(content, "up.csv", ["day"])  # told apart by content, not by name
    assert (sheet.fmt, sheet.encoding, sheet.delimiter, sheet.count_hint) == ("xlsx", None, None, 1)
    row = next(sheet.rows())
    assert row == Row(4, {"Name": "张三", "day": date(2011, 1, 31), "At": moment, "n": 5, "x": 0.1, "yes": True})
    assert type(row.cells["n"]) is int


def test_a_csv_under_a_workbook_name_is_read():
    assert opened("a,b\n1,2\n", "up.xlsx").fmt == "csv"
    assert opened("a,b\n1,2\n".encode("utf-16"), "up.xlsx").encoding == "utf-16"


def test_the_sheet_meant_is_the_first_shown_or_the_only_one_with_data():
    table, other = [["a"], [1]], [["b"], [2]]
    assert opened(workbook(table, other)).columns == ["a"]
    assert opened(workbook([], table)).columns == ["a"]
    assert opened(workbook([], other, table, hidden=[1])).columns == ["a"]
    assert "“Sheet2”, “Sheet3”" in refusal(workbook([], table, other)).message
    assert "no sheet with data" in refusal(workbook([])).message


def test_a_sheet_may_have_blanks_and_stray_cells():
    content = workbook([["a", "b", ""], ["", "", ""], [1, "", ""], [2, 3, "stray"]])
    first, second = rows(content)
    assert first == Row(3, {"a": 1, "b": ""})
    assert place(second.problem) == (4, "C")


def test_error_cells_are_told():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_row(1, 0, [1, 2])
    sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    sheet.write(2, 0, 1)
    book.close()
    good, bad = rows(out.getvalue())
    assert good.problem is None
    assert place(bad.problem) == (3, "b")
    assert "#DIV/0!; mend its formula" in bad.problem.message
    assert bad.cells == {"a": 1, "b": "#DIV/0!"}


def test_error_cells_are_found_however_the_cell_is_addressed():
    header = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    for cell in ('<c r="B2" t="e">', '<c r="b2" t="e">', "<c t='e' r='B2'>"):
        (row,) = rows(with_cells(f'{header}<row r="2">{cell}<v>#N/A</v></c></row>'))
        assert place(row.problem) == (2, "2")
    (row,) = rows(with_cells(header + '<row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row>'))
    assert place(row.problem) == (2, "2")


def test_a_panic_of_the_reading_library_is_damage(monkeypatch):
    class PanicException(BaseException):
        """As the library raises it: no Exception, and nowhere to import it from."""

    def panic(stream):
        raise PanicException

    monkeypatch.setattr("app.kernel.sheets.workbook.CalamineWorkbook", SimpleNamespace(from_filelike=panic))
    assert "damaged" in refusal(workbook([["a"], [1]])).message


@pytest.mark.parametrize("keep", [4, 30, 200, 2000, -1, -22, -300])
def test_a_workbook_cut_short_is_refused(keep):
    assert "up.xlsx is damaged or cut short" in refusal(workbook([["a"], [1]])[:keep], "up.xlsx").message


def test_broken_and_foreign_archives_are_refused():
    good = workbook([["a"], [1]])
    assert "damaged" in refusal(good[:300] + b"????" + good[304:], "up.xlsx").message
    assert "damaged" in refusal(b"\x1a\0" + good, "up.xlsx").message
    assert "damaged" in refusal(rezipped(good, BOOK=b"<workbook")).message
    book = zipfile.ZipFile(io.BytesIO(good)).read(BOOK)
    assert rows(rezipped(good, BOOK=book + b" " * 500_000))
    assert "damaged" in refusal(rezipped(good, BOOK=book + b" " * 2_000_000)).message
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "not an .xlsx workbook" in refusal(document.getvalue(), "up.docx").message
    locked = bytearray(good)
    locked[good.rindex(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal(bytes(locked)).message


# Bombs


def test_a_workbook_that_unpacks_to_too_much_is_refused():
    good = workbook([["a"], [1]])
    bomb = rezipped(good, **{"xl/media/image1.png": b"<c " + bytes(2_999_997)})
    assert len(bomb) < 20_000
    assert rows(bomb)
    assert "unpacks to more than 2 MB" in refusal(bomb, limits=Limits(unpacked=2 << 20)).message
    lying = bytearray(bomb)  # the directory says the last part has one byte
    at = lying.rindex(b"PK\x01\x02") + 24
    assert int.from_bytes(lying[at : at + 4], "little") == 3_000_000
    lying[at : at + 4] = (1).to_bytes(4, "little")
    assert "unpacks to more than 2 MB" in refusal(bytes(lying), limits=Limits(unpacked=2 << 20)).message


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
        '<row r="1048576"><c s="0" r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c t="inlineStr"><is><t>&lt;c r="A1"</t></is></c></row>'
        + "<row>"
        + "<c><v>1</v></c>" * 99
        + "</row>",
        '<row r="1048576">' + "<x:c><x:v>1</x:v></x:c>" * 99 + "</row>",
    ],
)
def test_cells_far_apart_are_refused_before_memory_is_allotted(far):
    near = '<row r="1"><c r="A1"><v>1</v></c></row>'
    error = refusal(with_cells(near + far), limits=Limits(cells=100_000))
    assert "delete stray cells far from the table" in error.message


def test_a_part_is_measured_across_the_chunks_it_comes_in():
    glance = _Glance()
    for byte in b'<sheetData><cols/><row><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row></sheetData>':
        glance.look(bytes([byte]))
    glance.look(b"", final=True)
    assert (glance.rows, glance.columns, glance.suspect) == (1048576, 16384, False)
    for chunk in (b"<c ", b" " * 1_000_000, b" " * 1_000_000):
        glance.look(chunk)
    assert glance.suspect


def test_many_empty_cells_with_a_format_are_no_bomb():
    blank = "".join(f'<row r="{r}"><c r="A{r}" s="0"/><c r="XFD{r}" s="0"/></row>' for r in range(3, 2000))
    content = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c r="A2"><v>7</v></c></row>'
    assert rows(with_cells(content + blank), limits=Limits(cells=100)) == [Row(2, {"a": 7})]


def test_a_list_of_strings_without_end_is_refused():
    bomb = rezipped(workbook([["a"], [1]]), **{"xl/strings.xml": b"<sst>" + b"<si/>" * 1001 + b"</sst>"})
    assert "more than 1000 cells" in refusal(bomb, limits=Limits(cells=1000)).message


def test_a_sheet_with_a_document_type_is_refused():
    text = b'<!DOCTYPE x [<!ENTITY e "1">]><worksheet><sheetData><row><c t="e"><v/></c></row></sheetData></worksheet>'
    assert "damaged" in refusal(rezipped(workbook([["a"], [1]]), SHEET=text)).message


@pytest.mark.parametrize("seed", range(100))
def test_a_mutilated_workbook_brings_nothing_but_sheet_errors(seed):
    chance = random.Random(seed)
    good = workbook([["a", "b"], [1, "x"], [date(2011, 1, 31), True]])
    text = bytearray(zipfile.ZipFile(io.BytesIO(good)).read(SHEET))
    for _ in range(chance.choice([1, 2, 5])):
        at = chance.randrange(len(text))
        text[at : at + chance.randrange(8)] = chance.choice(
            [b"<", b'"', b"9999999", b"<v>", b"</c>", b"\0", b"XFD1048576"]
        )
    try:
        list(opened(rezipped(good, SHEET=bytes(text)), "up.xlsx").rows())
    except SheetError as error:
        assert error.message  # noqa: PT017  either end is right, another error is not
