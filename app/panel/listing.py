"""A list as an address asks for it: what was searched and filtered, in which order, which page of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.kernel import links
from app.kernel.fields import load_wholes
from app.panel import filters, search
from app.panel.fields import Field, columns_of, field_of, lead_of, listable
from app.panel.keyset import Order
from app.panel.titles import Read, Values, reading_of
from app.schema.record import Record

SIZES = (25, 50, 100)
MOST_COUNTED = 10_000
"""Rows are counted up to here; more are "10,000+"."""


@dataclass
class Asked:
    """What the parameters of an address ask of a list; whatever they do not make sense of has its default.

    `lead` is the column that leads to the row's page, `sortable` are those one may order by: of the record's own ones,
    for these have their indexes. `picked` says whether the address chose the columns.
    """

    record: type[Record]
    columns: list[Field]
    chosen: filters.Chosen
    searched: str
    order: Order
    size: int
    after: str
    before: str
    lead: Field
    sortable: frozenset[str]
    picked: bool = False

    @property
    def written(self) -> str:
        """The columns as an address carries them."""
        return ",".join(f.key or f.name for f in self.columns)

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions of filters and search together."""
        found = list(self.chosen.conditions)
        if self.searched:
            found.append(search.found_by(self.record, self.searched))
        return found

    @property
    def narrowed(self) -> bool:
        """Whether not all rows were asked for."""
        return bool(self.searched or self.chosen.conditions)


def asked(session: Session, record: type[Record], args: "MultiDict[str, str]") -> Asked:
    """Read the address."""
    own, size = columns_of(record), args.get("psize", "")
    lead = lead_of(record, own)
    columns = picked(record, args.getlist("columns"), lead)
    return Asked(
        record,
        columns or own,
        filters.chosen(session, record, args),
        search.tidy(args.get("q")),
        order_of(record, own, args.get("order", "")),
        int(size) if size in map(str, SIZES) else SIZES[0],
        args.get("after", ""),
        args.get("before", ""),
        lead,
        frozenset(f.key for f in own if f.sortable),
        bool(columns),
    )


def picked(record: type[Record], written: Iterable[str], lead: Field) -> list[Field]:
    """The columns an address chooses, in its order, with the one that leads to the row; none if it chooses none.

    Only what a list of the record can show to the current actor is found, whatever the address says.
    """
    names = [name for each in written for name in each.split(",") if name]
    if not names:
        return []
    known = {f.key or f.name: f for f in listable(record)}
    found = [known[name] for name in dict.fromkeys(names) if name in known]
    return found if not found or lead in found else [lead, *found]


def order_of(record: type[Record], columns: list[Field], written: str) -> Order:
    """The order asked for if it is by one of the columns and sortable; else the record's own, else by id."""
    wanted = next((f for f in columns if f.key == written.removeprefix("-") and f.sortable), None)
    if wanted is not None:
        return Order(wanted, written.startswith("-"))
    own = field_of(record, record.panel.order.removeprefix("-"))
    if own.column is not None and not own.private and own.open:
        return Order(own, record.panel.order.startswith("-"))
    return Order(field_of(record, "id"), True)


@dataclass
class Page:
    """The rows of one page; `count` is None where nobody counted, and `MOST_COUNTED` + 1 means "more".

    `wholes` keeps in memory what its lines are parts of, if that decides what is read of them.
    """

    rows: list[Read] = field(default_factory=list)
    first: bool = True
    last: bool = True
    count: int | None = None
    previous: str = ""
    next: str = ""
    wholes: list[Record] = field(default_factory=list)


END = "end"
"""As the place `before` which a page stands: the end of the list."""


def page_of(session: Session, what: Asked, *, counted: bool = True) -> Page:
    """Read one page. Unreadable places are the first page."""
    backwards = bool(what.before)
    token = what.before or what.after
    place = what.order.place(token) if token and token != END else None
    if place is None and token != END:
        backwards = False
    reading = reading_of(what.record, what.columns)
    statement = what.order.apply(reading.statement.where(*what.conditions), what.record, backwards)
    if place is not None:
        dialect = session.get_bind().dialect
        statement = statement.where(what.order.beyond(what.record, place, dialect, backwards))
    found = session.execute(statement.limit(what.size + 1)).all()
    more = len(found) > what.size
    rows = [reading.read(result) for result in found[: what.size]]
    wholes = load_wholes(session, what.record, [read.row for read in rows])
    if backwards:
        rows.reverse()
    moved = place is not None or token == END
    page = Page(rows, first=not moved, last=not more, wholes=wholes)
    if backwards:
        page.first, page.last = not more, token == END
    if rows:
        page.previous, page.next = what.order.key_of(rows[0].row), what.order.key_of(rows[-1].row)
    if counted:
        whole = page.first and page.last
        page.count = len(rows) if whole else count_of(session, what)
    return page


def count_of(session: Session, what: Asked) -> int:
    """How many rows there are, counted no further than one more than `MOST_COUNTED`."""
    return _counted(session, what.record, what.conditions)


def hidden_of(session: Session, what: Asked, page: Page) -> int | None:
    """How many rows search and filters keep out, of at most `MOST_COUNTED` + 1; None where there are none of them."""
    if not what.narrowed or page.count is None or page.count > MOST_COUNTED:
        return None
    return _counted(session, what.record, ()) - page.count


def counting(record: Any, conditions: Iterable[ColumnElement[bool]], most: int) -> Select[int]:
    """A statement that counts the rows of a record that the present person sees, no further than `most`."""
    return select(func.count()).select_from(select(record.id).where(*conditions).limit(most).subquery())


def _counted(session: Session, record: Any, conditions: Iterable[ColumnElement[bool]]) -> int:
    return int(session.scalar(counting(record, conditions, MOST_COUNTED + 1)) or 0)


def all_values(session: Session, what: Asked, fields: list[Field], batch: int = 1000) -> Iterator[list[Any]]:
    """The values of every row asked for, read in batches through one cursor, for a file."""
    reading = Values(what.record, fields)
    statement: Select[Any] = what.order.apply(reading.statement.where(*what.conditions), what.record)
    many = [(at, each.key) for at, each in enumerate(fields) if each.far]
    for results in session.execute(statement.execution_options(yield_per=batch)).partitions():
        rows = [reading.read(result) for result in results]
        for at, name in many:
            codes = links.codes(session, what.record, name, [row[at] for row in rows])
            for row in rows:
                row[at] = codes.get(row[at])
        yield from rows
