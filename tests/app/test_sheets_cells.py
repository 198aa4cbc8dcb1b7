"""Cells as values: every form that is read, and every one that is refused with a cure rather than guessed."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.sheets import CellError, to_day, to_decimal, to_integer, to_moment, to_month, to_text, to_yes_no
from app.schema.kinds import DAY, MOMENT, MONEY, MONTH, BadValue

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NAIVE = datetime.fromisoformat("2011-01-31T13:45")  # as a workbook gives it


def refusal(parse, *args, **options) -> str:
    with pytest.raises(CellError) as caught:
        parse(*args, **options)
    error = caught.value
    assert error.message == error.msgid % error.args_
    assert isinstance(error, BadValue)
    return error.message


@pytest.mark.parametrize("parse", [to_text, to_integer, to_decimal, to_day, to_month, to_yes_no])
@pytest.mark.parametrize("blank", ["", "  ", "\t", "　", "\u200b", None])
def test_a_blank_cell_is_none(parse, blank):
    assert parse(blank) is None
    assert to_moment(blank, SHANGHAI) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (" a \u00a0 b ", "a b"),
        ("张　三", "张 三"),
        ("ＡＢ－１２３", "AB-123"),
        ("ｌｉ＠ｑｑ．ｃｏｍ", "li@qq.com"),
        ("１０％", "10%"),
        ("（北京）公司，分部", "（北京）公司，分部"),
        ("5²", "5²"),
        ("\ufeffBU\u200b79786", "BU79786"),
        ("e\u0301", "é"),
        ("a\nb", "a b"),
        (56274, "56274"),
        (12.5, "12.5"),
        (3.0, "3"),
        (1e-07, "0.0000001"),
        (True, "TRUE"),
        (date(2011, 1, 31), "2011-01-31"),
        (NAIVE, "2011-01-31 13:45:00"),
        (time(13, 45), "13:45:00"),
        (timedelta(hours=36), "36:00:00"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_text(raw, text):
    assert to_text(raw) == text


def test_text_keeps_line_breaks_where_asked():
    assert to_text("  a  b \r\n\r\n c ", lines=True) == "a b\n\nc"


def test_text_refuses_what_a_person_cannot_see_or_a_spreadsheet_has_cut():
    assert "U+0007" in refusal(to_text, "a\x07b")
    assert "U+0000" in refusal(to_text, "a\0b")
    assert "U+D800" in refusal(to_text, "a\ud800b")
    assert "format the column as text" in refusal(to_text, 110101199003070000)
    assert "format the column as text" in refusal(to_text, 1.101011990030700e17)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("1234.5", "1234.5"),
        ("１，２３４．５０", "1234.50"),
        ("1,234,567.89", "1234567.89"),
        ("1 234.50", "1234.50"),
        ("1\u202f234\u202f567", "1234567"),
        ("1'234.50", "1234.50"),
        ("1,234", "1234"),
        ("1.234", "1.234"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("¥1,234.50", "1234.50"),
        ("￥ 12", "12"),
        ("$12.30", "12.30"),
        ("US$12", "12"),
        ("CNY 1,234.50", "1234.50"),
        ("1234.50 cny", "1234.50"),
        ("12元", "12"),
        ("(1,234.50)", "-1234.50"),
        ("（12）", "-12"),
        ("($12)", "-12"),
        ("-¥5", "-5"),
        ("¥-5", "-5"),
        ("−5", "-5"),
        ("+5", "5"),
        ("-0.00", "0.00"),
        ("999999999999999", "999999999999999"),
        (0.1, "0.1"),
        (2763.519279, "2763.519279"),
        (1e-05, "0.00001"),
        (12, "12"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_decimal(raw, number):
    assert to_decimal(raw) == Decimal(number)


@pytest.mark.parametrize("raw", ["nan", "NaN", "inf", "-Infinity", float("nan"), float("inf"), Decimal("sNaN"), True])
def test_decimal_refuses_what_is_no_finite_number(raw):
    assert "is not a number" in refusal(to_decimal, raw)


@pytest.mark.parametrize(
    "raw",
    ["abc", "12abc", "--5", "(-5)", "(5", "5)", "-+5", "12%", "1.5万", "HK$5", "5 5", ".", "-", "¥", "٣", "9" * 99],
)
def test_decimal_refuses_what_is_no_figure(raw):
    assert "is not a number; write it in digits" in refusal(to_decimal, raw)


@pytest.mark.parametrize("raw", ["12,5", "1.234,50", "1 234,50", "0,123", "1,23", "1.234.567"])
def test_decimal_refuses_a_comma_that_may_be_the_decimal_mark(raw):
    assert "two ways; write it with “.” before the decimals" in refusal(to_decimal, raw)


def test_decimal_reads_the_other_mark_where_told():
    assert to_decimal("1.234,50", mark=",") == to_decimal("1 234,50", mark=",") == Decimal("1234.50")
    assert to_decimal("1.234", mark=",") == 1234
    assert to_decimal("12.5", mark=".") == Decimal("12.5")
    assert "such as 1234,50" in refusal(to_decimal, "12.5", mark=",")


def test_decimal_refuses_lost_digits():
    assert "scientific" in refusal(to_decimal, "1e999")
    assert "scientific" in refusal(to_decimal, "1.1E+17")
    for raw in ("1000000000000000", 1e15, 10**15, Decimal("1E+99"), -1e300):
        assert "more than 15 digits" in refusal(to_decimal, raw)


@pytest.mark.parametrize(
    ("raw", "rounded"), [("2.675", "2.68"), (2.675, "2.68"), ("-0.005", "-0.01"), (1.005, "1.01"), ("0.004", "0.00"),
                         ("0." + "9" * 20, "1.00")],
)  # fmt: skip
def test_decimal_rounds_half_up_on_the_written_digits(raw, rounded):
    assert str(to_decimal(raw, 2)) == rounded


@given(st.decimals(-(10**14), 10**14, places=4))
def test_a_decimal_written_with_thousands_reads_back(number):
    assert to_decimal(f"{number:,.4f}") == number
    assert to_decimal(f"{number:.4f}".replace(".", ","), mark=",") == number


def test_decimal_has_no_minus_zero_and_room_for_any_places():
    assert str(to_decimal("-0.00")) == "0.00"
    assert str(to_decimal("-0.001", 2)) == "0.00"
    assert to_decimal("123456789012345.5", 20) == Decimal("123456789012345.5")


def test_integer():
    assert [to_integer(raw) for raw in ("12", "1,234", "12.0", 12.0, "(3)", "１２")] == [12, 1234, 12, 12, -3, 12]
    assert "is not a whole number" in refusal(to_integer, "12.5")
    assert "is not a number" in refusal(to_integer, True)


@pytest.mark.parametrize("yes", ["Yes", "y", "TRUE", "t", "是", "1", "Ｙ", " yes ", True, 1, 1.0])
@pytest.mark.parametrize("no", ["No", "n", "FALSE", "f", "否", "0", "Ｎ", " no ", False, 0, 0.0])
def test_yes_no(yes, no):
    assert (to_yes_no(yes), to_yes_no(no)) == (True, False)


def test_yes_no_refuses_the_rest():
    assert "“maybe” is neither yes nor no" in refusal(to_yes_no, "maybe")
    assert "“2” is neither" in refusal(to_yes_no, 2)


@pytest.mark.parametrize("order", ["ymd", "mdy", "dmy"])
@pytest.mark.parametrize(
    "raw",
    [
        "2011-01-31", "2011/1/31", "2011.1.31", "20110131", "２０１１－０１－３１", "2011年1月31日",
        "2011 年 1 月 31 日",
        "31-Jan-2011", "31 January 2011", "31Jan2011", "31-JAN-11", "January 31, 2011", "Jan. 31 2011", "2011-Jan-31",
        "31st January, 2011", "2011-01-31 13:45", "2011-01-31T00:00:00", "2011/1/31 1:45 PM", "2011年1月31日 下午1:45",
        NAIVE, date(2011, 1, 31), 40574, 40574.0, 40574.75, 20110131,
    ],
)  # fmt: skip
def test_day_in_any_order(raw, order):
    assert to_day(raw, order) == date(2011, 1, 31)
    assert type(to_day(raw, order)) is date


@pytest.mark.parametrize(
    ("raw", "order", "day"),
    [
        ("1/31/2011", "mdy", date(2011, 1, 31)),
        ("01-02-2011", "mdy", date(2011, 1, 2)),
        ("1/31/2011 9:05:10", "mdy", date(2011, 1, 31)),
        ("31/1/2011", "dmy", date(2011, 1, 31)),
        ("1.2.2011", "dmy", date(2011, 2, 1)),
        ("11-1-31", "ymd", date(2011, 1, 31)),
        ("11.1.3", "ymd", date(2011, 1, 3)),
        ("1/31/49", "mdy", date(2049, 1, 31)),
        ("1/31/50", "mdy", date(1950, 1, 31)),
        ("29/2/2012", "dmy", date(2012, 2, 29)),
        ("9999-12-31", "ymd", date(9999, 12, 31)),
    ],
)
def test_day_by_order(raw, order, day):
    assert to_day(raw, order) == day


@pytest.mark.parametrize(("pivot", "year"), [(11, 1911), (12, 2011), (50, 2011)])
@pytest.mark.parametrize(
    "raw", ["11-1-31", "11/01/31", "11年1月31日", "11 年 1 月 31 號", "31-Jan-11", "11.1.31 13:45"]
)
def test_two_digit_years_turn_at_the_pivot(raw, pivot, year):
    assert to_day(raw, "ymd", pivot) == date(year, 1, 31)
    assert to_month(raw, "ymd", pivot) == f"{year}-01"
    assert to_moment(raw, UTC, "ymd", pivot).year == year


@pytest.mark.parametrize(
    ("raw", "order", "says"),
    [
        ("31/1/2011", "mdy", "does not fit the order month/day/year of this column, for there is no month 31"),
        ("1/31/2011", "dmy", "does not fit the order day/month/year"),
        ("1/31/2011", "ymd", "does not say whether the day or the month comes first"),
        ("1/2/11", "ymd", "does not say whether"),
        ("11-31-1", "ymd", "there is no month 31"),
        ("1-31-1", "mdy", "is not a day"),
        ("11年1月31日", "ymd", "is not a day"),
        ("2/30/2011", "mdy", "is not in the calendar: 2011-02 has 28 days"),
        ("2011-02-29", "ymd", "2011-02 has 28 days"),
        ("2011-01-00", "ymd", "2011-01 has 31 days"),
        ("20110230", "ymd", "2011-02 has 28 days"),
        (20110230, "ymd", "2011-02 has 28 days"),
        ("2011-13-01", "ymd", "there is no month 13"),
        ("0211-01-01", "ymd", "before 1900"),
        ("100/1/31", "ymd", "is not a day"),
        ("31-Foo-2011", "ymd", "is not a day"),
        ("2011-01/31", "ymd", "is not a day"),
        ("tomorrow", "ymd", "is not a day"),
        ("40574", "ymd", "is not a day"),
        ("2011", "ymd", "is not a day"),
        (2011, "ymd", "is not a day"),
        (59, "ymd", "is not a day"),
        (2958467, "ymd", "is not a day"),
        (float("nan"), "ymd", "is not a day"),
        (True, "ymd", "is not a day"),
        (time(9), "ymd", "is not a day"),
        ("9" * 200, "ymd", "is not a day"),
        ("2011-01-31 25:00", "ymd", "no such time of day"),
        ("2011-01-31 13:45 PM", "ymd", "no such time of day"),
        ("2011-01-31T23:00:00Z", "ymd", "names a time zone"),
    ],
)
def test_day_refused(raw, order, says):
    message = refusal(to_day, raw, order)
    assert says in message
    assert "write" in message


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.sampled_from(["ymd", "mdy", "dmy"]))
def test_a_day_written_in_an_order_reads_back_in_it(day, order):
    full = {
        "ymd": "{0.year}-{0.month}-{0.day}",
        "mdy": "{0.month}/{0.day}/{0.year}",
        "dmy": "{0.day}.{0.month}.{0.year}",
    }
    short = {"ymd": "%y-%m-%d", "mdy": "%m/%d/%y", "dmy": "%d/%m/%y"}
    assert to_day(full[order].format(day), order) == day
    assert to_day(day.strftime(short[order]), order) == day
    assert to_day((day - date(1899, 12, 30)).days, order) == day


@pytest.mark.parametrize(
    ("raw", "utc"),
    [
        ("2011-01-31", (2011, 1, 30, 16)),
        (date(2011, 1, 31), (2011, 1, 30, 16)),
        ("2011-01-31 13:45", (2011, 1, 31, 5, 45)),
        ("2011/1/31 13:45:10.5", (2011, 1, 31, 5, 45, 10, 500_000)),
        ("2011-01-31T13:45:10+00:00", (2011, 1, 31, 13, 45, 10)),
        ("2011-01-31T13:45-0500", (2011, 1, 31, 18, 45)),
        ("2011-01-31T13:45Z", (2011, 1, 31, 13, 45)),
        ("Jan 31, 2011 1:45 pm", (2011, 1, 31, 5, 45)),
        ("2011-01-31 12:00 AM", (2011, 1, 30, 16)),
        ("2011年1月31日 上午9:30", (2011, 1, 31, 1, 30)),
        (NAIVE, (2011, 1, 31, 5, 45)),
        (40574.5, (2011, 1, 31, 4)),
    ],
)
def test_moment_is_read_on_the_clock_of_the_zone(raw, utc):
    assert to_moment(raw, SHANGHAI) == datetime(*utc, tzinfo=UTC)
    assert to_moment(raw, SHANGHAI).tzinfo is UTC


def test_moment_refuses_what_the_clock_never_showed_or_showed_twice():
    assert "change of clocks" in refusal(to_moment, "2011-03-13 02:30", NEW_YORK)
    assert "change of clocks" in refusal(to_moment, "2011-11-06 01:30", NEW_YORK)
    assert to_moment("2011-11-06 01:30-05:00", NEW_YORK) == datetime(2011, 11, 6, 6, 30, tzinfo=UTC)
    assert "is not a day" in refusal(to_moment, "9999-12-31 23:00", NEW_YORK)
    assert "no such time of day" in refusal(to_moment, "2011-01-31 10:61", SHANGHAI)
    assert "no such time of day" in refusal(to_moment, "2011-01-31 10:00+99:00", SHANGHAI)


@pytest.mark.parametrize(
    "raw",
    [
        "2011-01", "2011/1", "1/2011", "2011.01", "201101", 201101, "2011年1月", "2011年01月份", "Jan 2011", "Jan-11",
        "January, 2011", "2011-Jan", "2011-01-31", date(2011, 1, 1), NAIVE, 40574,
    ],
)  # fmt: skip
def test_month(raw):
    assert to_month(raw) == "2011-01"


@pytest.mark.parametrize("raw", ["2011-13", "2011", 2011, "2011.1", 2011.1, "soon", 201113, "Foo 2011", "1/31/2011"])
def test_month_refused(raw):
    assert "write it as 2011-01" in refusal(to_month, raw)


def test_what_is_read_is_what_the_kinds_take():
    assert MONEY.read(to_decimal("¥1,234.505", 2)) == Decimal("1234.51")
    assert DAY.read(to_day("2011年1月31日")) == date(2011, 1, 31)
    assert MONTH.read(to_month("Jan-11")) == "2011-01"
    assert MOMENT.read(to_moment("2011-01-31", SHANGHAI)) == datetime(2011, 1, 30, 16, tzinfo=UTC)


def test_a_refused_cell_can_be_placed_and_is_shown_short():
    with pytest.raises(CellError) as caught:
        to_integer("x" * 500 + "\n")
    error = caught.value.at(7, "Premium")
    assert (error.row, error.column) == (7, "Premium")
    assert str(error).startswith("Row 7, column Premium: “xxx")
    assert len(error.message) < 120


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.datetimes(), st.timedeltas()))
def test_no_cell_brings_a_parser_down(raw):
    for parse in (to_text, to_integer, to_decimal, to_day, to_month, to_yes_no, lambda raw: to_moment(raw, NEW_YORK)):
        with suppress(CellError):
            parse(raw)
