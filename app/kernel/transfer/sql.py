"""Rows as the text of a CSV file, put together by the database: no value becomes an object of Python on its way.

A record is said in SQL if each of its columns is; the others take the longer way of `export`, to the same file.
"""

import csv
import io
from collections.abc import Callable, Generator
from typing import Any

from sqlalchemy import Boolean, Date, Enum, Integer, Select, String, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.kernel.sheets.refused import guarded
from app.schema import tailored
from app.schema.kinds import FileKind
from app.schema.record import Record, many_of, stored
from app.schema.types import Exact, Several, UtcMoment

BATCH = 2000
PIECE = 64 * 1024
_SIGNS = "'=+-@＝＋－＠\t\r\n\x0b\x0c \xa0\u3000"
"""How texts begin that may be taken for a formula; these few are looked at closely."""
_SUSPECT = frozenset(_SIGNS)
_FORMULA = r"^'*\s*[=+\-@＝＋－＠]|^'*[\t\r\n]"
_PLAIN_NUMBER = r"^-[0-9][0-9,]*(\.[0-9]+)?$"
_SAID = (String, Enum, Integer, Date, Boolean, Exact, UtcMoment, Several)
Say = Callable[[Any], ColumnElement[Any]]


def said_in_sql(record: type[Record]) -> bool:
    """Whether the database can write the file of a record by itself."""
    columns = stored(record).values()
    return not (many_of(record) or tailored.added(record)) and all(
        isinstance(c.type, _SAID) and not isinstance(c.info.get("kind"), FileKind) for c in columns
    )


def saying(dialect: Dialect) -> Say:
    """What makes of a column its text, in the words of a database."""
    words = _postgresql if dialect.name == "postgresql" else _sqlite

    def say(column: Any) -> ColumnElement[Any]:
        name = f"{column.table.name}.{dialect.identifier_preparer.quote(column.name)}"
        said = words(column.type, name)
        return column if said is None else literal_column(said).label(None)

    return say


def is_text(type_: Any) -> bool:
    """Whether a column holds words of people, which could begin as a formula does."""
    return isinstance(type_, String) and not isinstance(type_, Enum)


def pieces(session: Session, told: Select[Any], texts: list[int]) -> Generator[bytes, None, int]:
    """The rows of a statement of texts as pieces of a CSV file; returns how many there were.

    `texts` are the places of those that are yet to be defused, where the database has not done so.
    """
    connection = session.connection()
    sql = str(told.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    if connection.dialect.name == "postgresql":
        return (yield from _by_copy(connection.connection.driver_connection, sql.replace("%%", "%")))
    return (yield from _by_cursor(connection.exec_driver_sql(sql).cursor, texts))


def _by_copy(driver: Any, sql: str) -> Generator[bytes, None, int]:
    count, kept, size = 0, [], 0
    with driver.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy:
        for row in copy:
            count += 1
            kept.append(bytes(row))
            size += len(row)
            if size > PIECE:
                yield b"".join(kept)
                kept, size = [], 0
    yield b"".join(kept)
    return count


def _by_cursor(cursor: Any, texts: list[int]) -> Generator[bytes, None, int]:
    buffer, count = io.StringIO(), 0
    writer = csv.writer(buffer)
    while rows := cursor.fetchmany(BATCH):
        count += len(rows)
        writer.writerows(_defused(rows, texts))
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    return count


def _defused(rows: list[Any], texts: list[int]) -> list[Any]:
    for at, row in enumerate(rows):
        risky = [n for n in texts if row[n] and row[n][0] in _SUSPECT]
        if risky:
            rows[at] = [guarded(value) if n in risky else value for n, value in enumerate(row)]
    return rows


def _postgresql(type_: Any, name: str) -> str | None:
    if isinstance(type_, Boolean):
        return f"CASE WHEN {name} THEN 'yes' WHEN NOT {name} THEN 'no' END"
    if isinstance(type_, UtcMoment):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')||'+00:00'"
    if isinstance(type_, Several):
        return f"replace(trim({name}, '|'), '|', ',')"
    if not is_text(type_):
        return None
    first = ", ".join(f"chr({ord(sign)})" for sign in _SIGNS)
    risky = f"left({name}, 1) IN ({first}) AND {name} ~ {_quoted(_FORMULA)} AND {name} !~ {_quoted(_PLAIN_NUMBER)}"
    return f"CASE WHEN {risky} THEN ''''||{name} ELSE {name} END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sqlite(type_: Any, name: str) -> str | None:
    if isinstance(type_, Boolean):
        return f"CASE {name} WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END"
    if isinstance(type_, Exact):
        one, sign = 10**type_.scale, f"CASE WHEN {name} < 0 THEN '-' ELSE '' END"
        behind = f"||'.'||substr('{one}'||(abs({name}) % {one}), -{type_.scale})" if type_.scale else ""
        return f"{sign}||(abs({name}) / {one}){behind}"
    if isinstance(type_, UtcMoment):
        return f"replace({name}, ' ', 'T')||'+00:00'"
    if isinstance(type_, Several):
        return f"replace(trim({name}, '|'), '|', ',')"
    return name
