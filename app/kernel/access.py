"""Policy: one place that answers may this actor do this, and which rows does the actor see.

Grants live in Flask-AppBuilder's tables as permission ``can_<verb>`` on view-menu ``<record name>``; steps are
``can_step:<name>``. Lists, forms, pickers, steps, exports, the API, files and jobs all ask here.
"""

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Integer, bindparam, false, or_, select, true, union_all
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql.cache_key import HasCacheKey

from app.kernel.actor import Actor, acting, current_actor
from app.schema.errors import NotFound, NotPermitted, Refusal
from app.schema.record import Line, Record, policy_name, rules_of, words, working_of
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Branch, Shared, Team


def may(actor: Actor, verb: str, record: type[Record] | Record, field: str = "") -> bool:
    """Whether `actor` is granted `verb` on a record at all or, given a row, on that very row.

    With a `field`, whether the verb (read, add or edit) goes for that field as well, of some row or of the given one;
    that the actor sees the row, and may do the verb to the record, is then taken for granted.
    """
    row = None if isinstance(record, type) else cast("Record", record)
    cls = cast("type[Record]", record if row is None else type(row))
    if verb != "read" and issubclass(cls, Line) and not cls.panel.form and not actor.system:
        return False
    if field:
        return actor.system or (_reads if verb == "read" else _writes)(actor, verb, cls, row, field)
    scope = actor.scope(verb, policy_name(cls))
    if scope == Scope.NONE or row is None or within(actor, scope, row):
        return scope > Scope.NONE
    return verb == "read" and bool(cls.seen_through) and _served(actor, row)


def field_verb(record: type[Record], verb: str, field: str) -> str:
    """The verb a field's permission is kept under: ``read:approved``; of a part of a record ``read:paper.name``."""
    return f"{verb}:{record.__tablename__}.{field}" if issubclass(record, Line) else f"{verb}:{field}"


def _reads(actor: Actor, verb: str, record: type[Record], row: Record | None, field: str) -> bool:
    working = working_of(record, field)
    if working is not None and not all(may(actor, verb, row or record, part) for part in working.of):
        return False
    rule = rules_of(record).get(field)
    if rule is None or rule.read is None:
        return True
    if rule.published and (row is None or state_of(row) in rule.published):
        return True
    return _reaches(actor, verb, "read", record, row, field)


def _writes(actor: Actor, verb: str, record: type[Record], row: Record | None, field: str) -> bool:
    if working_of(record, field) is not None:
        return False
    rule = rules_of(record).get(field)
    if rule is None:
        return True
    if rule.when and row is not None and state_of(row) not in rule.when:
        return False
    if rule.write is None:
        return _reads(actor, "read", record, row, field)
    return _reaches(actor, verb, "edit", record, row, field)


def _reaches(actor: Actor, verb: str, kept: str, record: type[Record], row: Record | None, field: str) -> bool:
    """Whether the field's own permission, kept as `kept`, reaches the row: as far as the record's, or far enough."""
    name = policy_name(record)
    scope = actor.scope(field_verb(record, kept, field), name)
    if row is None or scope == Scope.NONE or scope >= actor.scope(verb, name):
        return scope > Scope.NONE
    return within(actor, scope, row)


def state_of(row: Record) -> Any:
    """The state of a row, of a line that of the whole; None where there is no workflow."""
    workflow = type(row).workflow
    if workflow is not None:
        return getattr(row, workflow.field) or type(row).__table__.c[workflow.field].info["initial"]
    whole = whole_of(row) if isinstance(row, Line) else None
    return None if whole is None else state_of(whole)


def whole_of(line: Line) -> Record | None:
    """The row a line is a part of, as the session has it or the actor may see it."""
    session, key = Session.object_session(line), getattr(line, type(line).parent)
    if session is None or key is None:
        return None
    loaded: Record | None = session.identity_map.get(identity_key(type(line).parent_record(), key))
    return loaded or session.get(type(line).parent_record(), key)


def require(actor: Actor, verb: str, record: type[Record] | Record) -> None:
    """Raise `NotPermitted` unless `may` says yes."""
    if not may(actor, verb, record):
        name = words(str(record.__tablename__))
        raise NotPermitted("You may not %(verb)s: %(record)s.", verb=verb.removeprefix("step:"), record=name)


def widened(record: type[Record], scope: Scope) -> Scope:
    """What a scope amounts to on this record: everything where it is shared."""
    if scope > Scope.NONE and issubclass(record, Shared):
        return Scope.ALL
    if scope == Scope.OWN and issubclass(record, Team | Branch):
        return Scope.TEAM
    return scope


def _served(actor: Actor, row: Record) -> bool:
    """Whether the row is seen through another record, as `criterion` says."""
    session = Session.object_session(row)
    if session is None or row.id is None:
        return False
    with acting(actor):
        return session.scalar(select(type(row).id).where(type(row).id == row.id)) is not None


def within(actor: Actor, scope: Scope, row: Record) -> bool:
    """Whether a row lies within `scope`, judged by the values it has now (the twin of `criterion`)."""
    if isinstance(row, Line):
        session, key = Session.object_session(row), getattr(row, type(row).parent)
        parent = session.get(type(row).parent_record(), key) if session is not None and key is not None else None
        return actor.system or (parent is not None and within(actor, scope, parent))
    placed = (getattr(row, "owner_id", None), getattr(row, "unit_id", None))
    return place_within(actor, scope, type(row), *placed)


def place_within(actor: Actor, scope: Scope, record: type[Record], owner: int | None, unit: int | None) -> bool:
    """Whether a row of `record` with that owner and unit lies within `scope`."""
    scope = widened(record, scope)
    if actor.system or scope == Scope.ALL:
        return True
    if actor.owns(owner, personal=record.personal) or (record.pooled and owner is None):
        return scope > Scope.NONE
    if scope == Scope.TEAM:
        return unit in (actor.branch_ids if issubclass(record, Branch) else actor.unit_ids)
    return False


def criterion(record: type[Record], entity: Any, verb: str, reach: "Reach") -> ColumnElement[bool]:
    """The rows of `record` within reach, as a condition on `entity` (the class or an alias of it).

    Its shape depends on the scopes alone; ids are read from the current actor when the statement runs,
    so that compiled statements are shared among people and never carry another's id.
    """
    if issubclass(record, Line):
        parent = record.parent_record()
        if widened(parent, reach.scope(verb, policy_name(parent))) == Scope.ALL:
            return true()
        rows = select(parent.__table__.c.id).where(criterion(parent, parent.__table__.c, verb, reach))
        return getattr(entity, record.parent).in_(rows)
    scope = widened(record, reach.scope(verb, record.__tablename__))
    if scope == Scope.ALL:
        return true()
    if scope == Scope.NONE:
        return false()
    paths = [path.split(".") for path in record.seen_through if verb == "read"]
    served = [
        select(registry[name].__table__.c[field]).where(
            criterion(registry[name], registry[name].__table__.c, verb, reach)
        )
        for name, field in paths
        if reach.scope(verb, name) > Scope.NONE
    ]
    if not served:
        return _placed(record, entity, scope)
    # One set of ids: an OR across tables would be asked of every single row.
    table = record.__table__.c
    return entity.id.in_(union_all(select(table.id).where(_placed(record, table, scope)), *served))


def within_scope(record: type[Record], entity: Any, scope: Scope) -> ColumnElement[bool]:
    """As `place_within`, as a condition on what `entity` says of owner and unit."""
    if scope == Scope.ALL:
        return true()
    return false() if scope == Scope.NONE else _placed(record, entity, scope)


def _placed(record: type[Record], entity: Any, scope: Scope) -> ColumnElement[bool]:
    """The rows within `scope` by their owner and unit."""
    owners = _me if record.personal else _owners
    ways: list[ColumnElement[bool]] = [entity.owner_id.in_(_ids(owners))]
    if record.pooled:
        ways.append(entity.owner_id.is_(None))
    if scope == Scope.TEAM:
        units = _branch if issubclass(record, Branch) else _units
        ways.append(entity.unit_id.in_(_ids(units)))
    return or_(*ways)


def _ids(asked: Callable[[], list[int]]) -> BindParameter[Any]:
    """Ids read from the current actor when the statement runs."""
    return bindparam(None, callable_=asked, expanding=True, type_=Integer, unique=True)


def _me() -> list[int]:
    return list(current_actor().owner_ids(personal=True)) or [-1]


def _owners() -> list[int]:
    return list(current_actor().owner_ids()) or [-1]


def _units() -> list[int]:
    return list(current_actor().unit_ids) or [-1]


def _branch() -> list[int]:
    return list(current_actor().branch_ids) or [-1]


class Reach(HasCacheKey):
    """The scopes of an actor as a cache key: people with equal scopes share compiled statements."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def _gen_cache_key(self, anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        return (Reach, self._actor.reading)

    def scope(self, verb: str, record: str) -> Scope:
        """As `Actor.scope`."""
        return self._actor.scope(verb, record)

    def readable(self, entity: Any) -> ColumnElement[bool]:
        """Called by the session's guard for each mapped class, and once for the bare mixin."""
        name = getattr(entity, "__tablename__", None)
        record = registry.kept_in(name) if isinstance(name, str) else None
        return true() if record is None else criterion(record, entity, "read", self)


def reachable(verb: str, record: type[Record]) -> ColumnElement[bool]:
    """A condition for rows on which the current actor may do `verb`; reading is narrowed anyway."""
    actor = current_actor()
    return true() if actor.system else criterion(record, record, verb, Reach(actor))


def find(session: Session, record: type[Record], key: Any) -> Record:
    """The row with that id, if the current actor sees it; else `NotFound`, the same for hidden and missing."""
    row = session.get(record, key) if isinstance(key, int) and 0 < key < 2**31 else None
    if row is None:
        raise NotFound("There is no such %(record)s among those you may see.", record=words(record.__tablename__))
    return row


def find_part(session: Session, line: type[Line], whole_id: int, key: Any) -> Any:
    """The line with that id among those of one row; else `NotFound`, the same for another row's and for none."""
    mine = (line.id == key, getattr(line, line.parent) == whole_id)
    part = (
        session.scalars(select(line).where(*mine)).one_or_none() if isinstance(key, int) and 0 < key < 2**31 else None
    )
    if part is None:
        raise NotFound("There is no such part here.")
    return part


def sees(session: Session, actor: Actor, row: Record) -> bool:
    """Whether somebody else would see that row, asked of the gate itself."""
    record: Any = type(row)
    with acting(actor):
        return session.scalar(select(record.id).where(record.id == row.id)) is not None


def check_links(session: Session, row: Record, changed: set[str]) -> None:
    """A row may only point at rows its writer can see, else writing would reveal them."""
    for column in type(row).__table__.columns:
        target = registry.get(column.info.get("ref", ""))
        value = getattr(row, column.key, None)
        if target is None or value is None or column.key not in changed or column.key == "unit_id":
            continue
        if session.scalar(select(target.id).where(target.id == value)) is None:
            raise Refusal("Choose from those you may see.", field=column.key)
