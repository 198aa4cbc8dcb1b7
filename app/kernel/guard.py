"""The gate below every screen: a session that shows and writes only what the current actor may.

Reads: each ORM statement gets one criterion for all records. Writes: each flush is checked row by row.
What would pass beside the gate (Core statements, bulk writes, text) is refused for anyone but the system.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnClause, Join, Select, Table, UpdateBase, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction, attributes, with_loader_criteria
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.selectable import AliasedReturnsRows

from app.kernel import access, approvals, history, numbering, workflow
from app.kernel.actor import Actor, current_actor
from app.schema.errors import Conflict, NotPermitted
from app.schema.kinds import Choice
from app.schema.record import Line, Record, policy_name
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import _Placed

_options: dict[Any, Any] = {}


class GuardedSession(Session):
    """A session whose `get` does not hand out rows of the identity map that the actor may not see."""

    def get(self, entity: Any, ident: Any, **kwargs: Any) -> Any:
        """As `Session.get`; records are asked of the database, through the gate."""
        if not (isinstance(entity, type) and issubclass(entity, Record)) or current_actor().system:
            return super().get(entity, ident, **kwargs)
        statement = select(entity).where(entity.id == ident)
        if options := kwargs.get("options"):
            statement = statement.options(*options)
        if (lock := kwargs.get("with_for_update")) and lock is not False:
            statement = statement.with_for_update()
        if kwargs.get("populate_existing"):
            statement = statement.execution_options(populate_existing=True)
        return self.scalars(statement).one_or_none()

    def flush(self, objects: Any = None) -> None:
        """As `Session.flush`; a row changed by somebody else since it was read is a `Conflict`."""
        try:
            super().flush(objects)
        except StaleDataError:
            raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.") from None


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
    if state.is_column_load or state.is_relationship_load:
        return  # the statement that loaded the row was narrowed, and its criterion goes along
    if not state.is_select:
        _refuse(state.statement, "Bulk and text statements pass by the row guard: change rows one by one.")
    else:
        _refuse(state.statement, "Name the record in a statement, not its table: tables pass by the row guard.")
        state.statement = state.statement.options(_criteria(actor))


def _refuse(statement: Any, why: str) -> None:
    """Refuse a statement that touches a record's table otherwise than through the mapped class."""
    for element in visitors.iterate(statement):
        if isinstance(element, Select):
            named = [*element._raw_columns, *element._from_obj, *(join[0] for join in element._setup_joins)]
        elif isinstance(element, Join):
            named = [element.left, element.right]
        elif isinstance(element, UpdateBase):
            if getattr(element.table, "name", None) in registry:
                raise NotPermitted(why)
            continue
        elif isinstance(element, ColumnClause) and not _mapped(element):
            named = [element.table] if element.table is not None else []
            if element.is_literal and "select" in element.name.casefold():
                raise NotPermitted(why)
        elif isinstance(element, TextClause):
            raise NotPermitted(why)
        else:
            continue
        if any(_is_bare(part) for part in named):
            raise NotPermitted(why)


def _is_bare(part: Any) -> bool:
    """A record's table, or an alias of it, that does not come from the mapped class."""
    while isinstance(part, AliasedReturnsRows) and not _mapped(part):
        part = part.element
    return isinstance(part, Table) and part.name in registry and not _mapped(part)


def _mapped(element: Any) -> bool:
    return "parententity" in element._annotations or "parentmapper" in element._annotations


@event.listens_for(GuardedSession, "before_flush")
def _check(session: Session, context: UOWTransaction, instances: Any) -> None:
    actor, now = current_actor(), datetime.now(UTC)
    with session.no_autoflush:
        for row in [r for r in session.new if isinstance(r, Record)]:
            _place(session, row, actor)
            numbering.number(session, row, now)
            row.created_by_id = row.changed_by_id = actor.user_id
            row.created_at = row.changed_at = now
            _permit(session, actor, "add", row)
        for row in [r for r in session.dirty if isinstance(r, Record) and session.is_modified(r)]:
            _permit(session, actor, "edit", row)
            approvals.watch(session, row, _changed(row), now)
            row.changed_by_id, row.changed_at = actor.user_id, now
        for row in [r for r in session.deleted if isinstance(r, Record)]:
            _permit(session, actor, "delete", row)
        history.collect(session)


event.listen(Mapper, "mapper_configured", workflow.guard_state)


@event.listens_for(GuardedSession, "after_flush")
def _record(session: Session, context: UOWTransaction) -> None:
    history.write(session)


def _place(session: Session, row: Record, actor: Actor) -> None:
    """A new row belongs to whoever adds it, unless it says otherwise or goes to the pool; the unit is the owner's."""
    if isinstance(row, _Placed):
        if row.owner_id is None and not type(row).pooled and not actor.system:
            row.owner_id = actor.user_id
        if row.unit_id is None:
            row.unit_id = actor.unit_id
            if row.owner_id is not None and row.owner_id != actor.user_id:
                person = registry["person"].__table__.c
                home = select(person.unit_id).where(person.user_id == row.owner_id)
                row.unit_id = session.connection().scalar(home) or actor.unit_id


def _permit(session: Session, actor: Actor, verb: str, row: Record) -> None:
    if actor.system or row in session.info.get("stepping", ()):
        return
    verb = "edit" if isinstance(row, Line) else verb
    access.require(actor, verb, type(row))
    scope = actor.scope(verb, policy_name(type(row)))
    if not access.within(actor, scope, row):
        raise NotPermitted("This would put the row out of your own reach; ask a supervisor to hand it over.")
    if isinstance(row, _Placed) and inspect(row).has_identity and not _was_within(actor, scope, row):
        raise NotPermitted("This row is not among those you may change.")
    if verb != "add" and (state := _frozen(session, row)) is not None:
        raise Conflict("Nothing can be changed here while it is %(state)s.", state=state.label)
    access.check_links(session, row, _changed(row))


def _frozen(session: Session, row: Record) -> Choice | None:
    """The state in which a row, or what it is a part of, is changed by steps alone, if it is in one."""
    workflow = type(row).workflow
    if workflow is not None and getattr(row, workflow.field) in workflow.frozen:
        return getattr(row, workflow.field)
    if not isinstance(row, Line):
        return None
    whole = session.get(type(row).parent_record(), getattr(row, type(row).parent))
    return None if whole is None else _frozen(session, whole)


def _changed(row: Record) -> set[str]:
    keys = (column.key for column in type(row).__table__.columns)
    return {key for key in keys if attributes.get_history(row, key).has_changes()}


def _was_within(actor: Actor, scope: Scope, row: _Placed) -> bool:
    """Whether the row lay within scope before its owner or unit were changed."""
    past = [attributes.get_history(row, key) for key in ("owner_id", "unit_id")]
    owner, unit = (next(iter(p.deleted or p.unchanged or [None])) for p in past)
    return access.place_within(actor, scope, type(row), owner, unit)  # type: ignore[arg-type] # a mixin of records
