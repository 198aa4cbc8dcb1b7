"""Record, Lookup and Line: the bases of everything the department keeps."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, cast

from flask_appbuilder import Model
from sqlalchemy import Column, ForeignKey, Integer, MetaData, UniqueConstraint, event
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column

from app.schema import tailored, trees
from app.schema.approval import Tiers
from app.schema.documents import Document
from app.schema.errors import DeclarationError
from app.schema.fields import Computed, Rule, Working
from app.schema.grants import REFERENCE, Grants
from app.schema.kinds import LINK, LINKS, MOMENT, Code, Kind, ShortText, ref
from app.schema.links import Many
from app.schema.panel import Group, Panel
from app.schema.registry import registry
from app.schema.rows import Guarded, Shared
from app.schema.rules import enforce
from app.schema.traits import Archived, Tree
from app.schema.transfer import Transfer
from app.schema.types import UtcMoment
from app.schema.workflow import Workflow

_many: dict[Any, Mapping[str, Many]] = {}
metadata: MetaData = Model.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """The table of a class: ``SystemFault`` is kept in ``system_fault``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@lru_cache(maxsize=4096)
def words(name: str) -> str:
    """A name as a person reads it, the key of its translations: ``expires_on`` reads "Expires on"."""
    return re.sub(r"_id$", "", snake(name)).replace("_", " ").capitalize()


def record_msgid(record: "type[Record]") -> str:
    """The English name of one row of a record."""
    return record.panel.label or words(str(record.__tablename__))


def plural_msgid(record: "type[Record]") -> str:
    """The English name of many rows of a record."""
    if record.panel.plural:
        return record.panel.plural
    one = record_msgid(record)
    if re.search(r"[^aeiou]y$", one):
        return one[:-1] + "ies"
    return one + ("es" if re.search(r"(s|x|ch|sh)$", one) else "s")


class Record(Guarded, Model):
    """A thing the department keeps, one per file, known everywhere by its table's name.

    It must also say who sees its rows (`Owned`, `Team`, `Branch` or `Shared`) and who may do what (`grants`).
    `id`, `version` (counts changes; a stale one is refused) and the four "who and when" columns come by themselves.
    """

    __abstract__ = True
    __table_args__: Any = {"extend_existing": False}

    grants: ClassVar[Grants]
    fields: ClassVar[tuple[Rule, ...]] = ()
    panel: ClassVar[Panel] = Panel()
    workflow: ClassVar[Workflow | None] = None
    documents: ClassVar[tuple[Document, ...]] = ()
    transfer: ClassVar[Transfer | None] = None

    id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-1)
    version: Mapped[int] = mapped_column(Integer, default=1, nullable=False, sort_order=90)
    __mapper_args__: Any = {"version_id_col": version}
    created_at: Mapped[datetime] = mapped_column(
        UtcMoment, default=lambda: datetime.now(UTC), sort_order=91, info={"kind": MOMENT}
    )
    changed_at: Mapped[datetime] = mapped_column(
        UtcMoment, default=lambda: datetime.now(UTC), sort_order=92, info={"kind": MOMENT}
    )

    @declared_attr.directive
    def __tablename__(cls) -> str:
        """The record's name everywhere: table, address, permission."""
        return snake(cls.__name__)

    @declared_attr
    def created_by_id(cls) -> Mapped[int | None]:
        """The user who added the row; None for the system."""
        info = {"ref": "ab_user"}
        return mapped_column(Integer, ForeignKey("ab_user.id", ondelete="SET NULL"), sort_order=93, info=info)

    @declared_attr
    def changed_by_id(cls) -> Mapped[int | None]:
        """The user who changed the row last; None for the system."""
        info = {"ref": "ab_user"}
        return mapped_column(Integer, ForeignKey("ab_user.id", ondelete="SET NULL"), sort_order=94, info=info)

    def derive(self, session: Any, at: datetime) -> None:
        """Work out what follows from the row and its lines; called before each write of any of them, at that moment.

        It runs as the system within the flush: it may read and set fields, of the row and of its lines, and add rows
        that link to it once it has its id, but not flush. A record without such fields leaves it alone.
        """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Enter every concrete record in the registry, before two classes could share a table."""
        if "__abstract__" not in cls.__dict__:
            registry.claim_name(snake(cls.__name__), cls)
            # As a plain text from here on: it is asked for hundreds of times a page.
            type.__setattr__(cls, "__tablename__", snake(cls.__name__))
        super().__init_subclass__(**kwargs)
        if "__abstract__" in cls.__dict__:
            return
        if issubclass(cls, Link):
            registry.add_link(cls)
            return
        registry.add(cls)
        for made in many_of(cls).values():
            _pair(cls, made)
        for step in cls.workflow.steps if cls.workflow is not None else ():
            if isinstance(step.needs, Tiers):
                step.needs.place = f"{cls.__tablename__}.{step.name}"

    @property
    def title(self) -> str:
        """How this row is called: the value of the panel's title field, masked if that is private."""
        name = type(self).panel.title
        value, kind = getattr(self, name), kind_of(type(self), name)
        return kind.mask(value) if kind is not None and kind.private and value is not None else str(value)

    def __str__(self) -> str:
        return self.title


@event.listens_for(Record, "instrument_class", propagate=True)
def _checked(mapper: Mapper[Any], cls: type[Record]) -> None:
    """The database keeps the rules of a record's kinds; what the house itself writes into every row needs none."""
    enforce(cls.__table__, except_for=vars(Record).keys())
    if issubclass(cls, Tree):
        trees.keep(cls.__table__)


class Lookup(Shared, Archived, Record):
    """A reference list: a code, a name, readable by all, kept by the manager or the administrator."""

    __abstract__ = True
    grants = REFERENCE
    transfer = Transfer(key="code")
    panel = Panel(title="name", columns=("code", "name"), search=("code", "name"), form=(Group("", "code", "name"),))

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText]


class Line(Record):
    """A part of another record, such as the papers of a claim; seen and written as its parent is.

    `parent` names the link field, such as ``claim_id``. `totals` are the fields whose sum stands below the lines. Lines
    without a form are written by steps and effects alone.
    """

    __abstract__ = True
    parent: ClassVar[str]
    totals: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def parent_record(cls) -> type[Record]:
        """The class of the record this is a part of."""
        return registry[cls.__table__.c[cls.parent].info["ref"]]


class Link(Line):
    """The pairs of a field that links to many: a row, and one it is linked to by the column `far`.

    Made by `many`; no record of its own, but guarded as a part of the row. The engine alone writes them.
    """

    __abstract__ = True
    far: ClassVar[str]


def _pair(record: type[Record], made: Many) -> None:
    """Make the table of pairs of a field: `Script` with `products` keeps them in ``script_products``."""
    near, far = f"{record.__tablename__}_id", f"{made.target}_id"
    far = f"other_{far}" if far == near else far
    whole = ForeignKey(f"{record.__tablename__}.id", ondelete="CASCADE")
    members: dict[str, Any] = {
        "__module__": record.__module__,
        "__annotations__": {near: Mapped[int], far: Mapped[int]},
        "__table_args__": (UniqueConstraint(near, far), {"extend_existing": False}),
        "parent": near,
        "far": far,
        near: mapped_column(Integer, whole, info={"kind": LINK, "ref": str(record.__tablename__)}),
        far: ref(made.target, ondelete=made.ondelete),
    }
    type(record.__name__ + "".join(part.capitalize() for part in made.name.split("_")), (Link,), members)


def many_of(record: type[Record]) -> Mapping[str, Many]:
    """The fields of a record that link to many, by name."""
    found = _many.get(record)
    if found is None:
        named = [item for base in reversed(record.__mro__) for item in vars(base).items()]
        found = _many[record] = {name: value for name, value in named if isinstance(value, Many)}
    return found


def link_of(record: type[Record], field: str) -> type[Link]:
    """The pairs of a field that links to many."""
    found: Any = registry.kept_in(f"{record.__tablename__}_{field}")
    return cast("type[Link]", found)


def lines_of(record: type[Record]) -> list[type[Line]]:
    """The lines a record consists of, besides its own fields."""
    return [other for other in registry if issubclass(other, Line) and other.parent_record() is record]


_stored: dict[Any, Mapping[str, Column[Any]]] = {}


def stored(record: type[Record]) -> Mapping[str, Column[Any]]:
    """What is kept of a row by name: its columns, and the fields the department added to its record."""
    own = _stored.get(record)
    if own is None:
        columns = record.__table__.columns
        own = _stored[record] = {column.key: column for column in columns if column.key != tailored.EXTRA}
    more = tailored.added(record)
    if not more:
        return own
    known, place = tailored.in_force().known, ("stored", record)
    if place not in known:
        known[place] = {**own, **more}
    found: Mapping[str, Column[Any]] = known[place]
    return found


def groups_of(record: type[Record]) -> tuple[Group, ...]:
    """The sections of a record's form; what the department added stands in the last of them."""
    more = tailored.added(record)
    return (*record.panel.form, Group(tailored.ADDED, *more)) if more else record.panel.form


def kind_of(record: type[Record], field: str) -> Kind | None:
    """The kind of a field; None for a field without one (the record's own bookkeeping)."""
    column = stored(record).get(field)
    if column is None:
        if field in many_of(record):
            return LINKS
        made = computed_of(record).get(field)
        return None if made is None else made.kind
    return column.info.get("kind")


def known_by(record: type[Record]) -> str:
    """The field rows are known by in files: as `Transfer` says, else the first unique one that has to be given, else
    the id."""
    if record.transfer is not None:
        return record.transfer.key
    for column in record.__table__.columns:
        kind = column.info.get("kind")
        if column.unique and not column.nullable and kind is not None and kind is not LINK and not kind.private:
            return str(column.key)
    return "id"


_rules: dict[Any, Mapping[str, Rule]] = {}
_computed: dict[Any, Mapping[str, Computed]] = {}


def declared_rules(record: type[Record]) -> Mapping[str, Rule]:
    """The rules on single fields of a record, by field, as its file declares them."""
    found = _rules.get(record)
    if found is None:
        found = _rules[record] = {rule.field: rule for rule in record.fields}
    return found


def rules_of(record: type[Record]) -> Mapping[str, Rule]:
    """The rules on single fields of a record, by field: as declared, and as the department has made them."""
    made = tailored.in_force().rules.get(str(record.__tablename__))
    return declared_rules(record) if made is None else made


def computed_of(record: type[Record]) -> Mapping[str, Computed]:
    """The computed fields of a record that are kept nowhere, by name."""
    found = _computed.get(record)
    if found is None:
        named = [item for base in reversed(record.__mro__) for item in vars(base).items()]
        found = _computed[record] = {name: value for name, value in named if isinstance(value, Computed)}
    return found


def working_of(record: type[Record], field: str) -> Working | None:
    """How a field is worked out, if it is."""
    if (made := computed_of(record).get(field)) is not None:
        return made.working
    rule = rules_of(record).get(field)
    return None if rule is None else rule.worked


def policy_name(record: type[Record]) -> str:
    """The name permissions are kept under: the record's own, a line's parent's."""
    while issubclass(record, Line):
        record = record.parent_record()
    name = record.__tablename__
    if not isinstance(name, str):
        raise DeclarationError(f"{record.__name__} has no table: it is abstract")
    return name
