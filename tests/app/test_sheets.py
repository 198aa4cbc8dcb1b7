"""Uploaded text files and refused rows: rows come out in bounded memory, or a message names the place and the cure."""

import codecs
import io
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.sheets import Limits, RefusedRows, Row, SheetError, open_sheet
from app.kernel.sheets.refused import guarded, unguarded
from tests.app.uploads import opened, place, refusal, rows, workbook
from tests.data import make_renewals

EXTRACT = Path(__file__).parents[1] / "data" / "renewals_200.csv"
GBK = "客户,保费\n张三,１２\n".encode("gbk")


# Text files


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("gbk", "gb18030"), ("gb18030", "gb18030")],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(encoding, name, delimiter, end):
    text = end.join(['客户, "保费" ,备注', '张三,"1;2,3|4\t5",""', "", "李四,6,“x”", ",,", ""])
    quoted = text.replace(' "保费" ', "保费")
    content = quoted.replace(",", delimiter).replace(f"2{delimiter}3", "2,3").encode(encoding)
    sheet = opened(content, required=["客户", "保费"])
    assert (sheet.encoding, sheet.fmt, sheet.delimiter) == (name, "csv", delimiter)
    assert sheet.columns == ["客户", "保费", "备注"]
    assert sheet.unknown_columns == ["备注"]
    assert list(sheet.rows()) == [
        Row(2, {"客户": "张三", "保费": "1;2,3|4\t5", "备注": ""}),
        Row(4, {"客户": "李四", "保费": "6", "备注": "“x”"}),
    ]
    assert list(sheet.rows()) == list(sheet.rows())


def test_the_delimiter_is_the_one_that_shows_the_known_columns():
    assert opened("a;b;c;d,e\n1,2\n", required=["a;b;c;d", "e"]).delimiter == ","
    assert opened("a;b,c,d\n1;2,3,4\n").delimiter == ","
    assert opened("\n,\na;b\n1;2\n").delimiter == ";"


def test_gbk_shows_late_in_a_long_file():
    content = b"name,n\n" + b"plain,1\n" * 100_000 + "张三,2\n".encode("gbk")
    sheet = opened(content)
    assert sheet.encoding == "gb18030"
    assert sheet.count_hint == 100_001
    assert list(sheet.rows())[-1] == Row(100_002, {"name": "张三", "n": "2"})


def test_utf16_needs_its_mark():
    assert "save the file again as “CSV UTF-8”" in refusal("客户,a\n1,2\n".encode("utf-16-le") + b"\xff\xff").message
    assert "control characters" in refusal("a,b\n1,2\n".encode("utf-16-le")).message


def test_bytes_that_fit_no_encoding_are_found():
    error = refusal(b'name,note\n"a\nb",x\nc,\xff\xff\n')
    assert place(error) == (3, "note")
    assert "neither UTF-8 nor GBK" in error.message
    assert place(refusal(b"na\xffme,note\na,b\n")) == (1, None)
    assert place(refusal("名字,n\n张三,1\n".encode("gbk") + b"x,\xff\n")) == (3, "n")
    error = refusal("客户,n\n张三,1\n".encode("utf-16") + b"\x00\xd8\n\x00")
    assert "UTF-16" in error.message
    assert error.row == 3


def test_damaged_utf8_is_not_taken_for_gbk():
    broken = "客户,备注\n李四续保意向明确,续保意向明确\n".encode() + "中,x\n".encode("gbk")
    broken.decode("gb18030")  # it would pass, as nonsense
    assert place(refusal(broken)) == (3, "客户")


def test_ragged_rows_are_told_one_by_one():
    ragged = rows("a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n1,2,3\n")
    assert [place(row.problem) if row.problem else None for row in ragged] == [(2, "c"), (3, "D"), None, None]
    assert ragged[0].cells == {"a": "1", "b": "2"}
    assert "ends after 2 of 3 cells; add the missing" in ragged[0].problem.message
    assert ragged[1].extra == ("4",)
    assert "more cells than the header has columns, from “4” on" in ragged[1].problem.message
    assert ragged[3] == Row(5, {"a": "1", "b": "2", "c": "3"})


def test_nul_spoils_its_row_only():
    first, second = rows("a,b\n1,x\0y\n1,2\n")
    assert place(first.problem) == (2, "b")
    assert second.problem is None


def test_a_quotation_mark_astray_in_a_line_spoils_its_row_only():
    first, second, third = rows('a,b\n"x"y,1\n"5"" pipe",2\n3,"4\n')
    assert place(first.problem) == (2, None)
    assert "double those inside" in first.problem.message
    assert first.cells == {"a": "xy", "b": "1"}
    assert second == Row(3, {"a": '5" pipe', "b": "2"})
    assert third.problem
    assert third.cells == {"a": "3", "b": "4"}


def test_a_quotation_mark_that_swallows_rows_stops_the_file():
    error = refusal('a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert place(error) == (3, None)
    assert "close it and upload the file again" in error.message


@pytest.mark.parametrize(
    "content",
    ["a,b\n1,2\n" + "x" * 2_000_000, 'a,b\n1,2\n"' + "x" * 200_000 + '"', 'a,b\n1,2\n"' + "x\n" * 600_000,
     'a,b\n1,2\n"\n"' + ',"\n"' * 300_000],
)  # fmt: skip
def test_a_row_without_end_stops_the_file(content):
    assert refusal(content).row == 3


def test_header_is_tidied_and_matched_in_any_case_and_width():
    sheet = opened(
        "\n Ｐｏｌｉｃｙ　no ,PREMIUM,保费（元）,Extra,Seen,\n1,2,3,4,5,\n",
        required=["Policy No", "premium", "Fee"],
        optional=["seen"],
        aliases={"保费(元)": "Fee"},
    )
    assert sheet.columns == ["Policy No", "premium", "Fee", "Extra", "seen"]
    assert sheet.unknown_columns == ["Extra"]
    assert [row.number for row in sheet.rows()] == [3]


def test_duplicate_headers_are_named_with_both_places():
    error = refusal("b,c,Name,d,name\n1,2,3,4,5\n")
    assert place(error) == (1, "name")
    assert "Columns C and E are both “name”" in error.message
    assert "Columns A and B are both “x”" in refusal("x,y\n1,2\n", aliases={"y": "x"}).message


def test_missing_columns_are_all_named_with_those_found():
    error = refusal("a,b\n1,2\n", required=["Customer", "b", "Premium"])
    assert error.row == 1
    assert error.message.startswith("The header lacks: Customer, Premium. It has: a, b.")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty (0 bytes)"),
        ("\ufeff", "The file is blank"),
        ("\n\n , \n", "The file is blank"),
        ("a,b\n", "no rows below it"),
        ("a,b\n,\n \n", "no rows below it"),
        ("a,,b\n1,2,3\n", "Column B has no header"),
        ("a," + "," * 26 + "b\n1\n", "Column B has no header"),
        ("a\x07,b\n1,2\n", "header in column A holds invisible control characters"),
        ('"a"x,b\n1,2\n', "quotation mark stands where none can"),
        ("<html><table><tr><td>1</td></tr></table>", "web page or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls format; open it in Excel, save it as .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password; save it without one"),
    ],
)
def test_whole_files_refused(content, says):
    error = refusal(content, "up.xlsx")
    assert says in error.message


def test_columns_beyond_z_have_two_letters():
    header = ",".join(f"c{i}" for i in range(28))
    assert "Columns AA and AC" in refusal(header + ",c26\n1\n").message


def test_caps(tmp_path):
    assert "more than the 0 MB" in refusal("a\n1\n", limits=Limits(file=3)).message
    assert "more than the 0 MB" in refusal(workbook([["a"], [1]]), limits=Limits(workbook=9)).message
    assert len(rows("a\n1\n\n2\n", limits=Limits(rows=2))) == 2
    error = refusal("a\n1\n\n2\n3\n", limits=Limits(rows=2))
    assert error.row == 5
    assert "more than 2 rows; divide it" in error.message
    with pytest.raises(SheetError, match="cannot be opened"):
        open_sheet(tmp_path / "none.csv", "none.csv", [])


def test_any_stream_will_do_and_stays_open(tmp_path):
    (tmp_path / "up.csv").write_bytes(GBK)
    assert len(list(open_sheet(str(tmp_path / "up.csv"), "up.csv", ["客户"]).rows())) == 1
    stream = io.BytesIO(GBK)
    stream.read()
    sheet = open_sheet(stream, "up.csv", ["客户"])
    next(sheet.rows())
    assert [row.cells["客户"] for row in sheet.rows()] == ["张三"]
    assert not stream.closed

    class Socket(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            chunk = GBK[self.at : self.at + 5]
            buffer[: len(chunk)] = chunk
            self.at += len(chunk)
            return len(chunk)

        at = 0

    assert len(list(open_sheet(Socket(), "up.csv", ["客户"]).rows())) == 1


# Refused rows

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        "=1+1",
        "-5",
        "'-5",
        "''=x",
        "+86138",
        "@x",
        "\tx",
        "\r",
        "-1,234.50",
        " =x",
        "＝x",
        "'",
        "-",
        "--x",
        '"',
        "a\r\nb",
    ]
)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5)
    ),
    st.sampled_from(["=cmd|x", "=x", "Name", "'+y"]),
)
def test_refused_rows_read_again_are_the_same(table, first):
    columns = [first, "b", "c", "d"][: len(table[0])]
    out = io.BytesIO()
    with RefusedRows(out, columns) as refused:
        for i, values in enumerate(table):
            refused.write(Row(i + 2, dict(zip(columns, values, strict=True))), "mend it")
    assert refused.count == len(table)
    text = out.getvalue().decode("utf-8-sig")
    assert not text.startswith(("=", "+"))
    kept = [values for values in table if any(value.strip() for value in values)]
    if not kept:
        assert "no rows" in refusal(out.getvalue()).message
        return
    sheet = opened(out.getvalue(), required=columns)
    assert sheet.columns == columns
    assert [list(row.cells.values()) for row in sheet.rows()] == kept
    assert not any(row.problem for row in sheet.rows())


@given(CELL)
def test_no_cell_written_is_a_formula(text):
    safe = guarded(text)
    assert unguarded(safe) == text
    assert not safe.lstrip().startswith(("=", "+", "@", "＝", "＋", "－", "＠"))
    assert not safe.startswith(("\t", "\r", "\n"))
    if safe.lstrip().startswith("-"):
        Decimal(safe.replace(",", ""))


def test_a_plain_number_is_written_as_it_is():
    assert [guarded(text) for text in ("-5", "-1,234.50", "12", "")] == ["-5", "-1,234.50", "12", ""]
    assert guarded("+8613800138000") == "'+8613800138000"  # a spreadsheet would drop the plus


def test_refused_file_tells_the_place_and_keeps_what_was_too_much(tmp_path):
    path = tmp_path / "refused.csv"
    sheet = opened("a,b\n1,2,3\n")
    with RefusedRows(path, sheet.columns) as refused:
        for row in sheet.rows():
            refused.write(row, row.problem)
        refused.write(Row(9, {"a": date(2011, 1, 31), "b": 1e-7}), [SheetError("Mend", row=9, column="a"), "and b"])
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    assert path.read_bytes().decode("utf-8-sig").splitlines() == [
        "a,b,Problem",
        '1,2,"Row 2, column C: The row has more cells than the header has columns, from “3” on; put cells that hold '
        'the separator in quotation marks, or delete what is too much",3',
        '2011-01-31,0.0000001,"Row 9, column a: Mend; and b"',
    ]
    again = open_sheet(path, "refused.csv", ["a", "b"])
    first, second = again.rows()
    assert (again.columns, again.unknown_columns) == (["a", "b"], [])
    assert first.problem
    assert second == Row(3, {"a": "2011-01-31", "b": "0.0000001"})


def test_the_problem_column_is_kept_where_it_is_asked_for():
    assert opened("a,Problem\n'=1,x\n", required=["problem"]).columns == ["a", "problem"]
    assert rows("a,b\n'=1,x\n")[0].cells["a"] == "'=1"  # not one of ours, so nothing is taken away


# Chaos


@settings(max_examples=300)
@given(st.binary(max_size=400), st.sampled_from([b"", b"a,b\n", b"\xff\xfe", b"\xef\xbb\xbf", b"PK\x03\x04"]))
def test_random_bytes_bring_nothing_but_sheet_errors(content, start):
    try:
        list(opened(start + content, "up.xlsx").rows())
    except SheetError as error:
        assert error.message  # noqa: PT017  either end is right, another error is not


MEASURE = """
import resource, sys
from app.kernel.sheets import open_sheet
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
list(open_sheet(sys.argv[2], "small.csv", ["Customer"]).rows())
before = peak()
print(sum(row.problem is None for row in open_sheet(sys.argv[1], "large.csv", ["Customer"]).rows()), peak() - before)
"""


@pytest.mark.parametrize("encoding", ["utf-8", pytest.param("gbk", marks=pytest.mark.nightly)])
def test_memory_stays_flat_on_fifty_megabytes(tmp_path, encoding):
    header, *lines = EXTRACT.read_text().splitlines(keepends=True)
    block = "".join(lines).replace("Agent", "代理人").encode(encoding)
    large = tmp_path / "large.csv"
    with large.open("wb") as out:
        out.write(header.encode())
        for _ in range(50_000_000 // len(block) + 1):
            out.write(block)
    assert large.stat().st_size > 50_000_000
    told = subprocess.check_output([sys.executable, "-c", MEASURE, large, EXTRACT], cwd=EXTRACT.parents[2], text=True)
    count, growth = map(int, told.split())
    assert count == 200 * (50_000_000 // len(block) + 1)
    assert growth < 20_000  # kilobytes


# The extract


def test_the_extract_is_what_its_generator_writes_and_reads_cleanly():
    assert EXTRACT.read_bytes().decode() == make_renewals.text()
    sheet = open_sheet(EXTRACT, EXTRACT.name, make_renewals.COLUMNS)
    assert (sheet.encoding, sheet.delimiter, sheet.count_hint, sheet.unknown_columns) == ("utf-8", ",", 200, [])
    assert [row.cells for row in sheet.rows()] == [
        {name: str(value) for name, value in row.items()} for row in make_renewals.rows()
    ]
    assert not any(row.problem for row in sheet.rows())
