"""All rows of a record as text, for a file that another system or a spreadsheet reads."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import history, links
from app.kernel.history import BOOKKEEPING
from app.kernel.sheets.refused import guarded
from app.kernel.transfer.cells import natural_key
from app.schema.errors import DeclarationError
from app.schema.kinds import File
from app.schema.record import Record, many_of, metadata
from app.schema.registry import registry

BATCH = 2000


def export(session: Session, record: type[Record]) -> Iterator[list[str]]:
    """The header, then every row by id, in flat memory; for the system only, and kept in the history.

    Links are written as the natural key of what they lead to, values as the panel reads them again; private ones
    in full. What a spreadsheet would run as a formula is defused by an apostrophe.
    """
    table = record.__table__
    source, columns = table.select().subquery(), []
    joined: Any = source
    names = [c.key for c in table.c if c.key not in BOOKKEEPING]
    for name in names:
        ref = table.c[name].info.get("ref")
        if ref is None or (keyed := _keyed(ref)) is None:
            columns.append(source.c[name])
            continue
        target, key = keyed
        there = target.alias()
        joined = joined.outerjoin(there, there.c.id == source.c[name])
        columns.append(there.c[key].label(name))
    wanted = select(*columns, source.c.id).select_from(joined).order_by(source.c.id)
    found = session.execute(wanted.execution_options(yield_per=BATCH))
    many = tuple(many_of(record))
    yield [*names, *many]
    count = 0
    for rows in found.partitions():
        count += len(rows)
        linked = [links.codes(session, record, name, [row[-1] for row in rows]) for name in many]
        for *values, key in rows:
            yield [guarded(_written(value)) for value in (*values, *(codes.get(key) for codes in linked))]
    history.summarise(session, str(record.__tablename__), "export", {"format": "csv", "rows": count})


def _keyed(ref: str) -> Any:
    """The table a link leads to and the field its rows are known by; None where they are known by id alone."""
    try:
        return natural_key(ref) if ref in metadata.tables and (ref == "ab_user" or ref in registry) else None
    except DeclarationError:
        return None


def _written(value: Any) -> str:
    if isinstance(value, File):
        return value.name
    plain = history.plain(value)
    return "" if plain is None else str(plain)
