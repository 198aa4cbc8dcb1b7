"""Which fields of a record an actor reads and writes, worked out once per actor and record, not for every cell.

`app.kernel.access.may` decides; here its answers are put together for lists, forms, files, history and the API.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from app.kernel.access import Reach, criterion, field_verb, may
from app.kernel.actor import Actor, current_actor
from app.schema.record import Line, Record, computed_of, policy_name, rules_of, stored, working_of
from app.schema.roles import Scope

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hidden:
    """The fields of a record an actor reads in no row, and those that depend on the row."""

    always: frozenset[str] = NOTHING
    sometimes: frozenset[str] = NOTHING

    def __contains__(self, field: str) -> bool:
        """Whether there may be a row in which the field is not to be read."""
        return field in self.always or field in self.sometimes


def restricted(record: type[Record]) -> frozenset[str]:
    """The fields of a record that not everybody reads who reads the record."""

    def depends(name: str) -> bool:
        rule, working = rules_of(record).get(name), working_of(record, name)
        ruled = rule is not None and rule.read is not None
        return ruled or (working is not None and any(depends(part) for part in working.of))

    return frozenset(name for name in (*rules_of(record), *computed_of(record)) if depends(name))


def hidden(actor: Actor, record: type[Record]) -> Hidden:
    """What an actor does not read of a record; asked of the policy once."""
    found: Hidden | None = actor.kept.get(("hidden", record))
    if found is None:
        names = NOTHING if actor.system else restricted(record)
        always = frozenset(name for name in names if not may(actor, "read", record, name))
        sometimes = frozenset(name for name in names - always if not _everywhere(actor, record, name))
        found = actor.kept["hidden", record] = Hidden(always, sometimes)
    return found


def _everywhere(actor: Actor, record: type[Record], field: str) -> bool:
    """Whether the actor reads a field wherever he or she reads the row."""
    working = working_of(record, field)
    if working is not None and not all(_everywhere(actor, record, part) for part in working.of):
        return False
    rule = rules_of(record).get(field)
    if rule is None or rule.read is None:
        return True
    name = policy_name(record)
    return Scope.NONE < actor.scope("read", name) <= actor.scope(field_verb(record, "read", field), name)


def reads_everywhere(record: type[Record], field: str) -> bool:
    """Whether the current actor may search, sort and filter by a field: only by what no row hides."""
    return field not in hidden(current_actor(), record)


def hidden_in(actor: Actor, row: Record) -> frozenset[str]:
    """The fields of this very row the actor may not read, in its present state."""
    found = hidden(actor, type(row))
    if not found.sometimes:
        return found.always
    return found.always | {name for name in found.sometimes if not may(actor, "read", row, name)}


def readable_fields(actor: Actor, record: type[Record] | Record) -> frozenset[str]:
    """The fields an actor reads: of a record those of some row at least, of a row those of this one."""
    row = None if isinstance(record, type) else cast("Record", record)
    cls = cast("type[Record]", record if row is None else type(row))
    gone = hidden(actor, cls).always if row is None else hidden_in(actor, row)
    return frozenset({*stored(cls), *computed_of(cls)} - gone)


def writable_fields(actor: Actor, verb: str, record: type[Record] | Record, fields: Iterable[str]) -> frozenset[str]:
    """Those of `fields` that the actor may fill in, adding (`verb` "add") or changing ("edit") a row."""
    return frozenset(name for name in fields if may(actor, verb, record, name))


def readable_where(record: type[Record], field: str) -> ColumnElement[bool]:
    """The rows in which the current actor reads a field, as a condition on `record` (the twin of `hidden_in`)."""
    actor = current_actor()
    found = hidden(actor, record)
    if field not in found:
        return true()
    if field in found.always:
        return false()
    working, rule = working_of(record, field), rules_of(record).get(field)
    parts = [readable_where(record, part) for part in working.of] if working else []
    if rule is not None and rule.read is not None:
        ways: list[ColumnElement[bool]] = [criterion(record, record, field_verb(record, "read", field), Reach(actor))]
        if rule.published and record.workflow is not None:
            ways.append(getattr(record, record.workflow.field).in_(sorted(rule.published)))
        parts.append(or_(*ways))
    return and_(true(), *parts)


def visible_changes(row: Record, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the current actor may read of the changes of an entry of the history, by the row's present state."""
    gone = hidden_in(current_actor(), row)
    return {name: change for name, change in changes.items() if name not in gone}


def load_wholes(session: Session, record: type[Record], rows: Iterable[Record]) -> list[Record]:
    """Read what lines are parts of in one statement, where it decides what is read of them; keep the answer.

    The session has them then, as long as somebody holds them.
    """
    if not issubclass(record, Line) or not hidden(current_actor(), record).sometimes:
        return []
    whole: Any = record.parent_record()
    keys = {getattr(row, record.parent) for row in rows}
    return list(session.scalars(select(whole).where(whole.id.in_(keys)))) if keys else []
