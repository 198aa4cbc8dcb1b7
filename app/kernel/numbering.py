"""Numbers the house gives: gapless within their year, because they are taken in the row's own transaction."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.kernel.tables import Serial
from app.schema.record import Record


def number(session: Session, row: Record, at: datetime) -> None:
    """Fill the serial fields of a new row that have no value yet."""
    for column in type(row).__table__.columns:
        pattern = column.info.get("serial")
        if pattern and getattr(row, column.key) is None:
            series = f"{type(row).__tablename__}.{column.key}"
            setattr(row, column.key, pattern.format(year=at.year, seq=take(session, series, at.year)))


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
