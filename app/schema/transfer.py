"""Files in and out, as declared: a record's own key, and profiles that map one flat file to several records.

How a profile is loaded is told in `app.kernel.transfer`; two rules of it matter to who writes one:

- A line of the file with any fault is refused as a whole, with all its records; the others are loaded.
- A state is brought in with a new row and never changed in an old one, for it moves only by steps. So are the
  fields a target lists as `once`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Text

from app.schema.kinds import FileKind, Kind
from app.schema.links import Many
from app.schema.registry import registry
from app.schema.roles import Role

if TYPE_CHECKING:
    from app.schema.registry import Registry

Parsed = dict[str, dict[str, Any]]
"""The fields of one line read so far: ``{target name: {field: value}}``. Links are not among them."""


@dataclass(frozen=True)
class Transfer:
    """How rows of a record are known in files: `key` is its natural key, unique and required."""

    key: str


@dataclass(frozen=True)
class Fixed:
    """The same value for every row."""

    value: Any


@dataclass(frozen=True)
class Computed:
    """A value computed from the fields before it on the line, such as a successor's start.

    `rule` gets the fields of the targets before it and those of its own target that are declared before it. What it
    raises as `ValueError` is the line's fault and shown as such.
    """

    rule: Callable[[Parsed], Any]


@dataclass(frozen=True)
class Match:
    """Rows a file knows by something else than their key: the cell holds `field` of a row, `gives` of it is stored.

    ``Match("person", "name", "user_id")`` finds the sign-in of a handler by name. A text that no row has, or several,
    is the cell's fault; unless `strict` it is no value, and the field stays empty or takes what `blank` says.
    """

    record: str
    field: str
    gives: str
    strict: bool = True


@dataclass(frozen=True)
class Cell:
    """A value taken from a column of the file, read as the kind of the field it fills.

    In a field that links to another record, the cell holds that record's natural key (its `Transfer` key; for a
    user the user name); in one that links to many, several of them with semicolons between; a blank one takes all away.
    `values` translates written values to stored ones; one not listed is an error that names it.
    `then` computes the stored value from the parsed one; `kind` says how to read the cell where that differs from
    the field, as with a number of months from which `then` makes a day. `order` says how ambiguous dates read:
    mdy, dmy or ymd; `pivot` how years of two digits do: those below it are this century's, the others the last one's.
    `mark` is what stands before the decimals.

    A blank cell is no value: `then` is not asked. `blank` says what stands in its place, `needed` that there must be
    one even where the field could do without. `check` gets the value and the fields before it, as `Computed` does, and
    raises `ValueError` for one that cannot be, such as a day to come. `match` finds rows by something else than a key.
    `exact` takes texts as they stand, for files the house wrote itself; otherwise blanks are tidied and full-width
    letters made half-width.
    """

    column: str
    values: Mapping[str, Any] | None = None
    then: Callable[[Any], Any] | None = None
    order: Literal["ymd", "mdy", "dmy"] = "ymd"
    kind: Kind | None = None
    mark: Literal[".", ","] = "."
    pivot: int | None = None
    blank: Fixed | Computed | None = None
    needed: bool = False
    check: Callable[[Any, Parsed], None] | None = None
    match: Match | None = None
    exact: bool = False


@dataclass(frozen=True)
class Rest:
    """A text of all that no other field takes: the cell of `column`, then line by line `header: text` of the columns
    `also` names and of every column the profile does not know. Blank cells are passed over.

    It keeps words as they stand, so let `Profile.ignored` name columns of private values that must not be read there.
    """

    column: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkTo:
    """The id of the row that an earlier target of the same line of the file has made or found.

    None where that target was left out.
    """

    target: str


Source = Cell | Fixed | Computed | LinkTo | Rest


@dataclass(frozen=True)
class Target:
    """One record a line of the file becomes. `key` finds the row on a second load, which then changes nothing.

    `when` leaves the target out for lines it does not concern; it gets the parsed targets before it and the raw cells.
    Lines that give the same key and the same values mean the same row, as do many customers' lines that name one
    product. Lines that contradict each other are refused, both; with `shared` the first is believed and the others
    are refused, so that one bad line does not take all the others with it.
    `once` are fields written only when the row is made, because people change them later.
    With `found` the row stands already and is never made: `fields` holds the cell of its key alone, a key nobody has
    is the line's fault, and later targets see the fields of the row that `found` names.
    """

    name: str
    record: str
    key: str
    fields: Mapping[str, Source]
    when: Callable[[Parsed, Mapping[str, Any]], bool] | None = None
    shared: bool = False
    once: tuple[str, ...] = ()
    found: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Profile:
    """A saved mapping of a flat file of another system to several records, loaded in one pass.

    `by` may load it; `aliases` maps other headers to the column they mean, as in ``{"保單號": "Policy"}``. Columns it
    does not know are never refused: a target with a `Rest` keeps what they say, else they are left out and listed, as
    those are that `ignored` names.

    Nobody declares the profile of the file of one whole `record`: it is made of the record and of the file's own
    header (see `app.kernel.transfer.whole`). Who may import the record may load it.
    """

    name: str
    label: str
    targets: tuple[Target, ...]
    by: tuple[Role, ...] = (Role.MANAGER,)
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    record: str = ""

    @property
    def permission(self) -> tuple[str, str]:
        """The verb and the name under which it is granted to load files through it."""
        return "import", self.record or f"profile:{self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the file must have, in the order the profile names them."""
        named: list[str] = []
        for source in (source for target in self.targets for source in target.fields.values()):
            if isinstance(source, Cell):
                named.append(source.column)
            elif isinstance(source, Rest):
                named += [*((source.column,) if source.column else ()), *source.also]
        return tuple(dict.fromkeys(named))

    @property
    def keeps(self) -> bool:
        """Whether what columns say that it does not know is kept."""
        return any(isinstance(source, Rest) for target in self.targets for source in target.fields.values())


def profile(declared: Profile) -> Profile:
    """Enter a profile in the registry."""
    registry.profiles.add(declared.name, declared)
    return declared


def faults_of(declared: Profile, known: "Registry") -> Iterator[str]:
    """What is wrong with a profile; each sentence names the target and says the cure."""
    earlier: set[str] = set()
    for target in declared.targets:
        place = f"target {target.name!r}"
        if target.name in earlier:
            yield f"{place} is declared twice: give each its own name"
        record = known.get(target.record)
        if record is None:
            yield f"{place} fills {target.record!r}, which is no record"
            continue
        columns = record.__table__.columns
        many = {name: made for base in record.__mro__ for name, made in vars(base).items() if isinstance(made, Many)}
        key = columns.get(target.key)
        if key is None or not key.unique:
            yield f"{place} is known by {target.key!r}, which is no unique field: mapped_column(unique=True)"
        if target.key not in target.fields:
            yield f"{place} does not fill its key {target.key!r}: name the cell it comes from"
        for name in [*target.fields, *target.once]:
            if name not in {*columns.keys(), *many} or (name in target.once and name not in target.fields):
                yield f"{place} fills {name!r}, which is no field of {target.record}"
        yield from _faults_of_finding(place, target, columns)
        for column in columns if target.found is None else ():
            given = column.default is not None or column.info.get("serial") or column.primary_key
            if column.key not in target.fields and not (column.nullable or given):
                yield f"{place} leaves out {column.key!r}, which {target.record} needs"
            if column.key in target.fields and isinstance(column.info.get("kind"), FileKind):
                yield f"{place} fills {column.key!r}, which is a file: a line of a file holds none; leave it out"
        for name, source in target.fields.items():
            ref = columns[name].info.get("ref") if name in columns else many[name].target if name in many else None
            if name in many and not isinstance(source, Cell):
                yield f"{place} fills {name!r}, which links to many, otherwise than from a cell: name the cell"
            keyed = isinstance(source, Cell) and source.match is None
            if keyed and ref and ref in known and known[ref].transfer is None:
                yield f"{place} names a {ref} in {name!r} by key, and it has none: give it transfer = Transfer(key=…)"
            if isinstance(source, LinkTo) and source.target not in earlier:
                yield f"{place} links to {source.target!r}, which is no target before it"
            if isinstance(source, Rest) and (name not in columns or not isinstance(columns[name].type, Text)):
                yield f"{place} keeps the rest in {name!r}, which is no long text: give it a field of LongText"
            if isinstance(source, Cell):
                yield from (f"{place}, {name!r}: {fault}" for fault in _faults_of_cell(source, known))
        earlier.add(target.name)
    for column in set(declared.ignored) & set(declared.columns):
        yield f"it reads {column!r} and ignores it: do one of the two"


def _faults_of_finding(place: str, target: Target, columns: Any) -> Iterator[str]:
    if target.found is None:
        return
    if list(target.fields) != [target.key] or not isinstance(target.fields[target.key], Cell):
        yield f"{place} is only found, so let it hold the cell of its key {target.key!r} and no other field"
    for name in target.found:
        if name not in columns:
            yield f"{place} looks at {name!r}, which is no field of {target.record}"


def _faults_of_cell(cell: Cell, known: "Registry") -> Iterator[str]:
    if cell.needed and cell.blank is not None:
        yield "it is needed and says what stands for a blank: keep one of the two"
    if cell.pivot is not None and not 0 <= cell.pivot <= 100:
        yield f"years turn at {cell.pivot}: give a pivot from 0 to 100"
    if cell.match is not None:
        record = known.get(cell.match.record)
        if record is None:
            yield f"it matches rows of {cell.match.record!r}, which is no record"
        else:
            lacking = {cell.match.field, cell.match.gives} - set(record.__table__.columns.keys())
            for name in sorted(lacking):
                yield f"it matches by {name!r}, which is no field of {cell.match.record}"
