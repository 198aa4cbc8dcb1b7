"""All rows of a record in a file that reads back to the same: links by their key, values as the panel reads them again.

For the system only, private values in full, and kept in the history. Memory stays flat whatever the number of rows.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import IO, Any

from sqlalchemy import Select, select, type_coerce
from sqlalchemy.orm import Session

from app.kernel import history, links
from app.kernel.sheets.refused import guarded
from app.kernel.transfer.cells import natural_key
from app.kernel.transfer.sql import Say, is_text, pieces, said_in_sql, saying
from app.kernel.transfer.whole import kept_fields
from app.kernel.transfer.workbook import Book
from app.schema import tailored
from app.schema.kinds import File, Kind
from app.schema.record import Record, many_of, metadata, stored
from app.schema.registry import registry

BATCH = 2000
BUFFER = 64 * 1024


def export(session: Session, record: type[Record]) -> Iterator[list[str]]:
    """The header, then every row by id as text, an apostrophe before what a spreadsheet would run as a formula.

    It is told in the history when the last row is read.
    """
    writers = [_writer(record, name) for name in kept_fields(record)]
    yield kept_fields(record)
    count = 0
    for values in _rows(session, record):
        count += 1
        yield ["" if v is None else guarded(write(v)) for write, v in zip(writers, values, strict=True)]
    _told(session, record, "csv", count)


def export_csv(session: Session, record: type[Record]) -> Iterator[bytes]:
    """The same as pieces of a file, put together by the database wherever it can."""
    names = kept_fields(record)
    if not said_in_sql(record):
        yield from _written(export(session, record))
        return
    yield (",".join(names) + "\r\n").encode()
    told = statement(record, saying(session.get_bind().dialect))
    texts = [n for n, column in enumerate(list(statement(record).selected_columns)[1:]) if is_text(column.type)]
    count = yield from pieces(session, told, texts)
    _told(session, record, "csv", count)


def _written(rows: Iterator[list[str]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > BUFFER:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def export_xlsx(session: Session, record: type[Record], stream: IO[bytes]) -> int:
    """Write the same into a workbook: numbers as numbers, days as days, all else as text. Returns the rows.

    Raises `Refusal` for what no workbook holds: too many rows, or a text too long for a cell.
    """
    names = kept_fields(record)
    writers = [_cell(record, name) for name in names]
    with Book(stream) as book:
        book.write(names)
        for values in _rows(session, record):
            book.write(["" if v is None else write(v) for write, v in zip(writers, values, strict=True)])
        count = book.rows - 1
    _told(session, record, "xlsx", count)
    return count


def _told(session: Session, record: type[Record], form: str, count: int) -> None:
    history.summarise(session, str(record.__tablename__), "export", {"format": form, "rows": count})


def statement(record: type[Record], say: Say | None = None) -> Select[Any]:
    """Every row by id, links as keys, each column as `say` puts it; without it the values, the id before them."""
    source = record.__table__.alias("_row")
    joined: Any = source
    columns: list[Any] = []
    for n, name in enumerate(name for name in kept_fields(record) if name not in many_of(record)):
        if (added := tailored.added(record).get(name)) is not None:
            text = source.c[tailored.EXTRA][name].as_string()
            columns.append(type_coerce(text, tailored.AsText(added.info["kind"])))
            continue
        ref = record.__table__.c[name].info.get("ref")
        if ref is None or not (ref in metadata.tables and (ref == "ab_user" or ref in registry)):
            columns.append(source.c[name])
            continue
        target, key = natural_key(ref)
        there = target.alias(f"_at{n}")
        joined = joined.outerjoin(there, there.c.id == source.c[name])
        columns.append(there.c[key])
    told = [source.c.id, *columns] if say is None else map(say, columns)
    return select(*told).select_from(joined).order_by(source.c.id)


def _rows(session: Session, record: type[Record]) -> Iterator[list[Any]]:
    """The values of every row, in flat memory; of links to many the keys with semicolons between."""
    many = tuple(many_of(record))
    found = session.execute(statement(record).execution_options(yield_per=BATCH))
    for rows in found.partitions():
        linked = [links.codes(session, record, name, [row[0] for row in rows]) for name in many]
        for key, *values in rows:
            yield [*values, *(codes.get(key) for codes in linked)]


def _kind(record: type[Record], name: str) -> Kind | None:
    """The kind of what stands in a column of the file; None for the key of a link."""
    column = stored(record).get(name)
    return None if column is None or "ref" in column.info else column.info.get("kind")


def _writer(record: type[Record], name: str) -> Callable[[Any], str]:
    kind = _kind(record, name)
    if kind is None:
        return str
    return lambda value: value.name if isinstance(value, File) else kind.write(value)


def _cell(record: type[Record], name: str) -> Callable[[Any], Any]:
    """How values stand in a cell of a workbook: as a number or a day where nothing is lost by it."""
    write = _writer(record, name)

    def cell(value: Any) -> Any:
        plain = isinstance(value, int | Decimal | date) and type(value).__name__ in ("int", "Decimal", "date")
        return value if plain else write(value)

    return cell
