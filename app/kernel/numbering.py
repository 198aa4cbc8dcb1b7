"""Numbers the house gives: gapless within their year, because they are taken in the row's own transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.kernel.tables import Serial
from app.schema.record import Record
from app.schema.tailored import in_force


def number(session: Session, row: Record, at: datetime) -> None:
    """Fill the serial fields of a new row that have no value yet."""
    for column in type(row).__table__.columns:
        if column.info.get("serial") and getattr(row, column.key) is None:
            setattr(row, column.key, written(column, at.year, take(session, series(column), at.year)))


def series(column: Column[Any]) -> str:
    """What the numbers of a column are counted under, such as ``claim.number``."""
    return f"{column.table.name}.{column.key}"


def written(column: Column[Any], year: int, seq: int) -> str:
    """A number of a series as the department has it written, else as it is declared."""
    pattern = in_force().numbers.get(series(column), column.info["serial"])
    return str(pattern.format(year=year, seq=seq))


def take(session: Session, series: str, year: int, count: int = 1) -> int:
    """Take `count` numbers of a series; returns the last of them. The row stays locked until the commit."""
    connection = session.connection()
    table = Serial.__table__
    raise_ = (
        update(Serial)
        .where(table.c.series == series, table.c.year == year)
        .values(last=table.c.last + count)
        .returning(table.c.last)
    )
    last = connection.scalar(raise_)
    if last is None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(Serial).values(series=series, year=year, last=0).on_conflict_do_nothing())
        last = connection.scalar(raise_)
    return int(last or 0)
