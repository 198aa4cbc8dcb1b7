"""Kinds read what people write, refuse the rest with a sentence that says the cure, and keep values exact."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, func, insert, select

from app.schema import kinds
from app.schema.kinds import BadValue, Choice, choice_kind
from app.schema.types import Exact, UtcMoment


class Colour(Choice):
    """Colours of the tests."""

    RED = "red"
    DARK_BLUE = "dark_blue"


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (kinds.MONEY, "1,234.50", Decimal("1234.50")),
        (kinds.MONEY, "１２.５", Decimal("12.50")),
        (kinds.MONEY, 12, Decimal("12.00")),
        (kinds.QUANTITY, "384.811147", Decimal("384.811147")),
        (kinds.PERCENT, "14.325", Decimal("14.33")),
        (kinds.INTEGER, " 12 ", 12),
        (kinds.DAY, "2026-02-28", date(2026, 2, 28)),
        (kinds.MOMENT, "2026-03-31T09:30+08:00", datetime(2026, 3, 31, 1, 30, tzinfo=UTC)),
        (kinds.MONTH, "2026-03", "2026-03"),
        (kinds.YES_NO, "是", True),
        (kinds.YES_NO, "No", False),
        (kinds.PHONE, "138 0013 8000", "+8613800138000"),
        (kinds.PHONE, "+1 650 253 0000", "+16502530000"),
        (kinds.EMAIL, "li@example.cn", "li@example.cn"),
        (kinds.PLATE, "京a12345", "京A12345"),
        (kinds.SHORT_TEXT, "", None),
        (kinds.SHORT_TEXT, "   ", None),
        (choice_kind(Colour), "Dark blue", Colour.DARK_BLUE),
        (choice_kind(Colour), "red", Colour.RED),
    ],
)
def test_a_kind_reads_what_people_write(kind, raw, value):
    assert kind.read(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "cure"),
    [
        (kinds.MONEY, "1.234", "2 decimal places"),
        (kinds.MONEY, "NaN", "a number"),
        (kinds.MONEY, "1e400", "too large"),
        (kinds.MONEY, True, "a number"),
        (kinds.INTEGER, "1.5", "whole number"),
        (kinds.INTEGER, "99999999999", "too large"),
        (kinds.DAY, "2026-02-30", "year-month-day"),
        (kinds.MOMENT, "2026-03-31T09:30", "time zone"),
        (kinds.MONTH, "2026-13", "year-month"),
        (kinds.YES_NO, "maybe", "yes or no"),
        (kinds.PHONE, "12", "phone number"),
        (kinds.EMAIL, "li@", "e-mail"),
        (kinds.VIN, "123", "17 letters"),
        (kinds.CODE, "x" * 41, "at most 40"),
        (kinds.SHORT_TEXT, "a\x00b", "NUL"),
        (choice_kind(Colour), "green", "dark_blue"),
    ],
)
def test_what_a_kind_refuses_comes_with_the_cure(kind, raw, cure):
    with pytest.raises(BadValue, match=cure):
        kind.read(raw)


@pytest.mark.parametrize("kind", [k for k in vars(kinds).values() if isinstance(k, kinds.Kind)], ids=lambda k: k.name)
@given(raw=st.one_of(st.text(), st.integers(), st.floats(), st.booleans()))
def test_no_input_breaks_a_kind(kind, raw):
    with suppress(BadValue):
        value = kind.read(raw)
        assert value is None or isinstance(kind.write(value), str)


def test_private_values_are_masked_but_for_their_end():
    assert kinds.PHONE.mask("+8613800138000") == "••••••••••8000"
    assert "L" not in kinds.EMAIL.mask("L@x.cn")


_table = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("m", Exact(18, 2)))


@given(st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=30))
def test_sums_of_money_are_exact_in_sqlite(amounts):
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _table.create(connection)
        connection.execute(insert(_table), [{"m": a} for a in amounts])
        assert connection.scalar(select(func.sum(_table.c.m))) == sum(amounts)
        assert list(connection.scalars(select(_table.c.m).order_by(_table.c.id))) == amounts


@pytest.mark.parametrize("wrong", [1.5, Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 16])
def test_money_that_is_no_finite_decimal_is_refused(wrong):
    with pytest.raises((TypeError, ValueError)):
        Exact(18, 2).process_bind_param(wrong, create_engine("sqlite://").dialect)


def test_money_rounds_half_up():
    dialect = create_engine("sqlite://").dialect
    assert Exact(18, 2).process_bind_param(Decimal("0.125"), dialect) == 13
    assert Exact(18, 2).process_bind_param(Decimal("-0.125"), dialect) == -13


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        UtcMoment().process_bind_param(datetime(2026, 1, 1), create_engine("sqlite://").dialect)  # noqa: DTZ001 - the point


def test_states_join_to_sets():
    assert frozenset(Colour) == Colour.RED | Colour.DARK_BLUE
    assert frozenset(Colour) == (Colour.RED | Colour.DARK_BLUE) | Colour.RED
