"""Everything declared, found by name. Duplicates raise; it is frozen when the app starts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from app.schema.errors import DeclarationError

if TYPE_CHECKING:
    from app.schema.jobs import Job
    from app.schema.measure import AnyMeasure
    from app.schema.notices import Topic
    from app.schema.record import Link, Record
    from app.schema.report import Report
    from app.schema.settings import Setting
    from app.schema.transfer import Profile


T = TypeVar("T")


class Shelf(Generic[T]):
    """Named things of one sort."""

    def __init__(self, sort: str, registry: "Registry") -> None:
        self._sort, self._registry = sort, registry
        self._things: dict[str, T] = {}

    def add(self, name: str, thing: T) -> None:
        """Enter `thing`; raises `DeclarationError` for a name already taken or after the freeze."""
        if self._registry.frozen:
            raise DeclarationError(f"{self._sort} {name!r} is declared after the start: import it with its domain")
        if name in self._things:
            raise DeclarationError(f"two {self._sort}s are called {name!r}: rename one")
        self._things[name] = thing

    def get(self, name: str) -> T | None:
        """The thing of that name, or None."""
        return self._things.get(name)

    def __getitem__(self, name: str) -> T:
        try:
            return self._things[name]
        except KeyError:
            known = ", ".join(sorted(self._things))
            raise DeclarationError(f"no {self._sort} is called {name!r}; there are: {known}") from None

    def __iter__(self) -> Iterator[T]:
        return iter(self._things.values())

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __len__(self) -> int:
        return len(self._things)


class Registry:
    """Records by table name, and shelves of jobs, settings, measures and import profiles."""

    def __init__(self) -> None:
        self.frozen = False
        self._names: dict[str, type[Any]] = {}
        self._records: dict[str, type[Any]] = {}
        self._links: dict[str, type[Any]] = {}
        self.jobs: Shelf[Job] = Shelf("job", self)
        self.settings: Shelf[Setting] = Shelf("setting", self)
        self.measures: Shelf[AnyMeasure] = Shelf("measure", self)
        self.profiles: Shelf[Profile] = Shelf("import profile", self)
        self.reports: Shelf[Report] = Shelf("report", self)
        self.topics: Shelf[Topic] = Shelf("topic", self)

    def claim_name(self, name: str, record: "type[Record]") -> None:
        """Reserve a table name before the class is mapped, so that no two classes merge into one table."""
        if self.frozen:
            raise DeclarationError(f"{record.__name__} is declared after the start: import it with its domain")
        if other := self._names.get(name):
            raise DeclarationError(
                f"{record.__module__}.{record.__name__} and {other.__module__}.{other.__name__} "
                f"both want the table {name!r}: rename one"
            )
        self._names[name] = record

    def add(self, record: "type[Record]") -> None:
        """Enter a mapped record."""
        self._records[record.__tablename__] = record

    def add_link(self, link: "type[Link]") -> None:
        """Enter the pairs of a field that links to many: no record of its own, but guarded as one."""
        self._links[str(link.__tablename__)] = link

    def kept_in(self, table: str) -> "type[Record] | None":
        """What is kept in a table: a record, or the pairs that one of its fields links to many with."""
        return self._records.get(table) or self._links.get(table)

    def forget(self, record: "type[Record]") -> None:
        """Take a throw-away record out again; only tests declare such."""
        self._names.pop(record.__tablename__, None)
        self._records.pop(record.__tablename__, None)

    def get(self, name: str) -> "type[Record] | None":
        """The record of that table, or None."""
        return self._records.get(name)

    def __getitem__(self, name: str) -> "type[Record]":
        try:
            return self._records[name]
        except KeyError:
            raise DeclarationError(f"no record is kept in {name!r}") from None

    def __iter__(self) -> "Iterator[type[Record]]":
        return iter(list(self._records.values()))

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def freeze(self) -> None:
        """No more declarations from here on."""
        self.frozen = True


registry = Registry()
