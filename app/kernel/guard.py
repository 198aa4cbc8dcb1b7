"""The gate below every screen: a session that shows and writes only what the current actor may.

Reads: each ORM statement gets one criterion for all records. Writes: each flush is checked row by row.
What would pass beside the gate (Core statements, bulk writes, text) is refused for anyone but the system.
"""

from datetime import UTC, datetime
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction, attributes, with_loader_criteria
from sqlalchemy.orm.exc import StaleDataError

from app.kernel import (
    access,
    approvals,
    clocks,
    conditions,
    deriving,
    files,
    foureyes,
    history,
    links,
    looking,
    numbering,
    spelling,
    trash,
    trees,
    watching,
    workflow,
)
from app.kernel.actor import Actor, current_actor, on_behalf
from app.kernel.statements import BULK, TABLES, refuse, refuse_bulk, touches_records
from app.schema import tailored
from app.schema.errors import Conflict, Invalid, NotPermitted
from app.schema.kinds import Choice
from app.schema.record import Line, Record, policy_name, rules_of, stored, words
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import _Placed

_options: dict[Any, Any] = {}


class GuardedConnection:
    """The session's connection, for the engine's own tables: what touches a record's table is for the system alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """As `Connection.execute`. Raises `NotPermitted` for a statement on a record's table."""
        self._ask(statement)
        return self._connection.execute(statement, *args, **kwargs)

    def scalar(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """As `Connection.scalar`, guarded alike."""
        self._ask(statement)
        return self._connection.scalar(statement, *args, **kwargs)

    def scalars(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """As `Connection.scalars`, guarded alike."""
        self._ask(statement)
        return self._connection.scalars(statement, *args, **kwargs)

    def exec_driver_sql(self, statement: str, *args: Any, **kwargs: Any) -> Any:
        """As `Connection.exec_driver_sql`, for the system alone."""
        self._ask(None)
        return self._connection.exec_driver_sql(statement, *args, **kwargs)

    def _ask(self, statement: Any) -> None:
        if not current_actor().system and (statement is None or touches_records(statement)):
            raise NotPermitted(TABLES)


class GuardedSession(Session):
    """A session that hands out no row its actor may not see, neither of the database nor of the identity map."""

    def get(self, entity: Any, ident: Any, **kwargs: Any) -> Any:
        """As `Session.get`; records are asked of the database, through the gate."""
        if not (isinstance(entity, type) and issubclass(entity, Record)) or current_actor().system:
            return super().get(entity, ident, **kwargs)
        statement = select(entity).where(entity.id == (ident[0] if isinstance(ident, tuple) else ident))
        if options := kwargs.get("options"):
            statement = statement.options(*options)
        if (lock := kwargs.get("with_for_update")) and lock is not False:
            statement = statement.with_for_update()
        if kwargs.get("populate_existing"):
            statement = statement.execution_options(populate_existing=True)
        return self.scalars(statement).one_or_none()

    def connection(self, *args: Any, **kwargs: Any) -> Any:
        """As `Session.connection`, with the gate in front of it."""
        return GuardedConnection(super().connection(*args, **kwargs))

    def refresh(self, instance: Any, *args: Any, **kwargs: Any) -> None:
        """As `Session.refresh`. Raises `NotPermitted` for a row the system loaded and the actor may not see."""
        if isinstance(instance, Record) and not self._shows(instance):
            name = words(str(type(instance).__tablename__))
            raise NotPermitted("There is no such %(record)s among those you may see.", record=name)
        super().refresh(instance, *args, **kwargs)

    def bulk_save_objects(self, objects: Any, *args: Any, **kwargs: Any) -> None:
        """As `Session.bulk_save_objects`, for records by the system alone."""
        objects = list(objects)
        refuse_bulk(*(type(each) for each in objects))
        super().bulk_save_objects(objects, *args, **kwargs)

    def bulk_insert_mappings(self, mapper: Any, *args: Any, **kwargs: Any) -> None:
        """As `Session.bulk_insert_mappings`, for records by the system alone."""
        refuse_bulk(inspect(mapper).class_)
        super().bulk_insert_mappings(mapper, *args, **kwargs)

    def bulk_update_mappings(self, mapper: Any, mappings: Any) -> None:
        """As `Session.bulk_update_mappings`, for records by the system alone."""
        refuse_bulk(inspect(mapper).class_)
        super().bulk_update_mappings(mapper, mappings)

    def _identity_lookup(self, mapper: Any, primary_key_identity: Any, *args: Any, **kwargs: Any) -> Any:
        """As the base; a row the system loaded is asked of the database again before it is handed to anybody else."""
        found = super()._identity_lookup(mapper, primary_key_identity, *args, **kwargs)
        return found if not isinstance(found, Record) or self._shows(found) else None

    def _shows(self, row: Record) -> bool:
        """Whether the actor may have a row at hand: what the system loaded is asked of the database once."""
        unasked = self.info.get("unasked")
        if not unasked or current_actor().system or row not in unasked:
            return True
        record: Any = type(row)
        with self.no_autoflush:
            if self.scalar(select(record.id).where(record.id == inspect(row).identity[0])) is None:
                return False
        unasked.discard(row)
        return True

    def flush(self, objects: Any = None) -> None:
        """As `Session.flush`; a row changed by somebody else since it was read is a `Conflict`; new rows begin."""
        try:
            super().flush(objects)
        except StaleDataError:
            raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.") from None
        workflow.begin(self)


def _criteria(actor: Actor) -> Any:
    option = _options.get(actor.reading)
    if option is None:
        if len(_options) > 500:
            _options.clear()
        reach = access.Reach(actor)
        option = with_loader_criteria(Record, lambda entity: reach.readable(entity), include_aliases=True)
        _options[actor.reading] = option
    return option


@event.listens_for(GuardedSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    actor = current_actor()
    if actor.system:
        return
    if state.is_column_load:
        return  # what an expired row holds by now; whoever has the row was given it
    if not state.is_select:
        if touches_records(state.statement):
            raise NotPermitted(BULK)
        return
    if not state.is_relationship_load:
        refuse(state.statement)
    option = _criteria(actor)
    # Loaders hand the criterion on, but the row at hand may have been loaded by the system.
    if not (state.is_relationship_load and option in state.user_defined_options):
        state.statement = state.statement.options(option)


@event.listens_for(GuardedSession, "loaded_as_persistent")
def _note_loaded(session: Session, row: Any) -> None:
    if current_actor().system and isinstance(row, Record):
        session.info.setdefault("unasked", WeakSet()).add(row)


@event.listens_for(GuardedSession, "before_flush")
def _check(session: Session, context: UOWTransaction, instances: Any) -> None:
    actor, now = current_actor(), datetime.now(UTC)
    with session.no_autoflush:
        session.info.pop("clocks", None)
        session.info.pop("files", None)
        session.info.pop("linking", None)
        session.info.pop("derived", None)
        session.info.pop("followed", None)
        session.info.pop("begun", None)
        deriving.derive(session, now)
        timed = []
        for row in [r for r in session.new if isinstance(r, Record)]:
            _place(session, row, actor)
            numbering.number(session, row, now)
            tailored.begin(row)
            spelling.spell(row)
            row.created_by_id = row.changed_by_id = actor.user_id
            row.created_at = row.changed_at = now
            links.prepare(session, row)
            _permit(session, actor, "add", row)
            files.bind(session, row)
            timed.append(row)
        for row in [r for r in session.dirty if isinstance(r, Record)]:
            if not (links.prepare(session, row) or session.is_modified(row)):
                continue
            _permit(session, actor, "edit", row)
            workflow.check_move(row, deriving.changed(row))
            files.bind(session, row)
            spelling.spell(row)
            approvals.watch(session, row, deriving.changed(row), now)
            row.changed_by_id, row.changed_at = actor.user_id, now
            if clocks.concerned(row):
                timed.append(row)
        for row in [r for r in session.deleted if isinstance(r, Record)]:
            _permit(session, actor, "delete", row)
            trash.keep(session, row, now)
            clocks.forget(session, row)
            if not isinstance(row, Line):
                watching.forget(session, row)
                looking.forget(session, row)
        clocks.follow(session, timed, now)
        trees.check(session, [row for row in (*session.new, *session.dirty) if isinstance(row, Record)])
        history.collect(session)


event.listen(Mapper, "mapper_configured", workflow.guard_state)
event.listen(Mapper, "mapper_configured", foureyes.guard_own)

PLACE = {"owner_id", "unit_id"}
"""What is changed by handing a row over."""


@event.listens_for(GuardedSession, "after_flush")
def _record(session: Session, context: UOWTransaction) -> None:
    files.write(session)
    links.write(session)
    history.write(session)
    clocks.write(session)
    session.info["begun"] = [row for row in session.new if isinstance(row, Record) and workflow.begins(row)]


def _place(session: Session, row: Record, actor: Actor) -> None:
    """A new row belongs to whoever adds it, unless it says otherwise or goes to the pool; the unit is the owner's."""
    if isinstance(row, _Placed):
        if link := type(row).owned_by:
            _belong(session, row, link)
        if row.owner_id is None and not type(row).pooled and not actor.system:
            row.owner_id = actor.user_id
        if row.unit_id is None:
            row.unit_id = actor.unit_id
            if row.owner_id is not None and row.owner_id != actor.user_id:
                row.unit_id = _home(session, "user_id", row.owner_id)[1] or actor.unit_id


def _belong(session: Session, row: _Placed, link: str) -> None:
    row.owner_id, row.unit_id = _home(session, "id", getattr(row, link))


def _home(session: Session, field: str, value: Any) -> tuple[int | None, int | None]:
    """The user and the unit of the person found by a field."""
    person: Any = registry["person"]
    with on_behalf("placing a row"):
        found = session.execute(select(person.user_id, person.unit_id).where(getattr(person, field) == value)).first()
    return (None, None) if found is None else (found.user_id, found.unit_id)


def _permit(session: Session, actor: Actor, verb: str, row: Record) -> None:
    if actor.system or row in session.info.get("stepping", ()):
        return
    restoring = session.info.get("restoring")  # what the engine had written comes back along with the rest
    if deriving.follows(session, row) or (restoring and isinstance(row, Line) and not type(row).panel.form):
        return
    verb = "edit" if isinstance(row, Line) else verb
    access.require(actor, verb, type(row))
    scope = actor.scope(verb, policy_name(type(row)))
    if not access.within(actor, scope, row):
        raise NotPermitted("This would put the row out of your own reach; ask a supervisor to hand it over.")
    if inspect(row).has_identity and not _was_within(session, actor, scope, row):
        raise NotPermitted("This row is not among those you may change.")
    changed = deriving.changed(row)
    handed = verb == "edit" and _is_handed(session, row)
    if verb != "add" and not handed and (state := _frozen(session, row)) is not None:
        raise Conflict("Nothing can be changed here while it is %(state)s.", state=state.label)
    access.check_links(session, row, changed)
    by_hand = deriving.by_hand(session, row)
    if restoring:
        by_hand -= {name for name, rule in rules_of(type(row)).items() if rule.write == () or rule.worked}
    _check_fields(actor, "edit" if inspect(row).has_identity else "add", row, by_hand)


def _check_fields(actor: Actor, verb: str, row: Record, changed: set[str]) -> None:
    """Only what the actor may write is written, and what the record's conditions say holds; by whatever route."""
    record = type(row)
    if not rules_of(record):
        return
    given = conditions.of_row(None, record)
    for name in changed & rules_of(record).keys():
        left = verb == "add" and getattr(row, name) in (None, given(name))
        if not left and not access.may(actor, verb, row, name):
            raise NotPermitted("This may not be written: %(name)s.", field=name, name=words(name))
    touched = set(stored(record)) if verb == "add" else changed
    if problems := conditions.problems(record, conditions.of_row(row, record), touched):
        raise Invalid(problems)


def _is_handed(session: Session, row: Record) -> bool:
    """Whether nothing but the owner changes, of a row that is not closed: somebody has to have every open row."""
    attrs: Any = inspect(row).attrs  # what it is linked to as well: a link set as an object is no changed column yet
    touched = {key for key, each in attrs.items() if each.history.has_changes()}
    kept = row not in session.info.get("linking", {})
    return bool(touched) and touched <= PLACE and kept and not workflow.is_closed(row)


def _frozen(session: Session, row: Record) -> Choice | None:
    """The state in which a row, or what it is a part of, is changed by steps alone, if it is in one."""
    workflow = type(row).workflow
    if workflow is not None and getattr(row, workflow.field) in workflow.frozen:
        return getattr(row, workflow.field)
    if not isinstance(row, Line):
        return None
    whole = session.get(type(row).parent_record(), getattr(row, type(row).parent))
    return None if whole is None else _frozen(session, whole)


def _was_within(session: Session, actor: Actor, scope: Scope, row: Record) -> bool:
    """Whether the row lay within scope before its owner or unit, or what it is a part of, were changed."""
    if isinstance(row, Line) and type(row).parent in deriving.changed(row):
        whole = session.get(type(row).parent_record(), _before(row, type(row).parent))
        return whole is not None and access.within(actor, scope, whole) and _frozen(session, whole) is None
    if not isinstance(row, _Placed):
        return True
    owner, unit = _before(row, "owner_id"), _before(row, "unit_id")
    return access.place_within(actor, scope, type(row), owner, unit)


def _before(row: Record, key: str) -> Any:
    """The value of a field before it was changed."""
    past = attributes.get_history(row, key)
    return next(iter(past.deleted or past.unchanged or [None]))
