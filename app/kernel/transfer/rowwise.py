"""Writing accepted lines row by row, as whoever brings the file in would write them by hand: through the session.

All the session asks of a form it asks here: rows in reach, fields, states, links, conditions, what follows from a row,
clocks, history. It is slower than the sets of `writing`, which only the system may use, and only where nothing of this
is left to be asked.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.kernel import links
from app.kernel.actor import Actor, current_actor
from app.kernel.conditions import NEEDED
from app.kernel.fields import hidden_in
from app.kernel.history import plain
from app.kernel.transfer.cells import nowhere
from app.kernel.transfer.outcome import Outcome, Problem
from app.kernel.transfer.plan import NEW, Entry, Plan
from app.kernel.transfer.stage import Stage
from app.kernel.transfer.undoing import Change
from app.kernel.transfer.writing import Lines, Noting, by_the_database, lacking, nothing
from app.kernel.workflow import adopt
from app.schema.errors import Invalid, NotPermitted, Refusal
from app.schema.record import Line, Record, known_by, many_of, rules_of
from app.schema.registry import registry
from app.schema.tailored import added
from app.schema.traits import Tree

FIXED = "this cannot be changed once the row is there"
UNWRITTEN = "you may not write this field"


def by_sets(record: type[Record], actor: Actor) -> bool:
    """Whether rows of a record may be written in sets: by the system, where nothing follows from them."""
    plain_key = known_by(record) != "id"
    follows = record.derive is not Record.derive or issubclass(record, Line | Tree) or bool(added(record))
    return actor.system and plain_key and not follows


class RowWriter:
    """Writes chunks of lines of one record. What cannot stand is refused alone; the others of its chunk stay."""

    def __init__(self, session: Session, plan: Plan, stage: Stage, outcome: Outcome, noting: Noting = nothing) -> None:
        self._noting = noting
        self._session, self._plan, self._stage, self._outcome = session, plan, stage, outcome
        self._record = registry[plan.profile.record]
        self._key, self._names = known_by(self._record), tuple(plan.targets[0].fields)
        self._once, self._many = set(plan.targets[0].once), set(many_of(self._record))
        self._state = self._record.workflow.field if self._record.workflow else None
        self._lacking = tuple(lacking(self._record, self._names))
        self._given_key = self._key != "id" and _is_free(self._record, self._key)

    def write(self, lines: Lines) -> None:
        """Write a chunk. Where something of it cannot stand, its halves are tried alone."""
        if not lines:
            return
        try:
            with self._session.begin_nested():
                settled, changes = self._apply(lines)
        except (Refusal, IntegrityError, DataError) as error:
            if len(lines) == 1:
                for problem in self._problems(lines[0][0], error):
                    self._stage.refuse(problem)
                return
            middle = len(lines) // 2
            self.write(lines[:middle])
            self.write(lines[middle:])
            return
        finally:
            self._forget()
        tally = self._outcome.records[self._plan.targets[0].name]
        for _, _, status in settled:
            tally.count(status)
        self._stage.settle(0, settled)
        self._noting(self._plan.profile.record, changes)

    def _forget(self) -> None:
        """Let go of the rows, so that memory stays flat."""
        for each in list(self._session.identity_map.values()):
            if isinstance(each, Record):
                self._session.expunge(each)

    def _apply(self, lines: Lines) -> tuple[list[tuple[str, int, str]], list[Change]]:
        entries = {entry.key: (number, entry) for number, (entry, *_) in lines if entry is not None}
        for key in self._stage.ids(0, entries):
            del entries[key]
        found = self._found([entry for _, entry in entries.values()])
        written: list[tuple[str, Record, str, dict[str, Any]]] = []
        for key, (_, entry) in entries.items():
            values = dict(zip(self._names, entry.values, strict=True))
            row = found.get(key)
            if row is None:
                row = self._made(key, values)
                written.append((key, row, "written", {}))
                continue
            status, old = self._changed(row, values)
            written.append((key, row, status, old))
        self._session.flush()
        settled = [(key, row.id, status) for key, row, status, _ in written]
        changes = [
            Change(row.id, row.version, None if status == "written" else old)
            for _, row, status, old in written
            if status in ("written", "changed")
        ]
        return settled, changes

    def _found(self, entries: list[Entry]) -> dict[str, Record]:
        """The rows that stand already, by key: of those the actor sees."""
        at = self._names.index(self._key)
        column: Any = getattr(self._record, self._key)
        keys = [entry.values[at] for entry in entries if not entry.key.startswith(NEW)]
        rows = self._session.scalars(select(self._record).where(column.in_(keys))).all() if keys else []
        for name in self._many & set(self._names):
            links.load(self._session, self._record, rows, name)
        return {str(plain(getattr(row, self._key))): row for row in rows}

    def _made(self, key: str, values: dict[str, Any]) -> Record:
        """A new row, not flushed yet."""
        if not key.startswith(NEW) and not (self._given_key or current_actor().system):
            raise Invalid({self._key: _said(nowhere(self._record.__table__, key))})
        if self._key == "id" and not key.startswith(NEW):
            raise Invalid({"id": _said(nowhere(self._record.__table__, key))})
        if self._lacking:
            raise Invalid(dict.fromkeys(self._lacking, NEEDED))
        given = {name: value for name, value in values.items() if value is not None and name != self._state}
        row = self._record(**{name: value for name, value in given.items() if name not in self._many})
        self._session.add(row)
        for name in self._many & given.keys():
            setattr(row, name, given[name])
        if self._state and values.get(self._state) is not None:
            adopt(self._session, row, values[self._state])
        return row

    def _changed(self, row: Record, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Change a row that differs: what came of it, and the values it had."""
        actor = current_actor()
        unread = hidden_in(actor, row)
        differs: dict[str, Any] = {}
        for name in self._names:
            value, old = values[name], getattr(row, name)
            if name in unread:
                if value is not None:  # whether it is the one kept would be a hint
                    raise Invalid({name: UNWRITTEN})
                continue
            if (name in self._many and value != tuple(sorted(old))) or (name not in self._many and value != old):
                differs[name] = value
        kept = differs.pop(self._state, None) if self._state else None
        for name in differs.keys() & self._once:
            raise Invalid({name: FIXED})
        if not differs:
            return ("kept" if kept is not None else "stood"), {}
        old_values = {name: plain(getattr(row, name)) for name in differs}
        for name, value in differs.items():
            setattr(row, name, value)
        return "changed", old_values

    def _problems(self, number: int, error: Refusal | IntegrityError | DataError) -> list[Problem]:
        """What is wrong with the one line that could not be written."""
        if not isinstance(error, Refusal):
            return [by_the_database(number, error, self._plan)]
        if isinstance(error, Invalid):
            return [self._of_field(number, name, why) for name, why in error.problems.items()]
        if isinstance(error, NotPermitted) and error.field is None:
            return [Problem(number, None, None, error.message, error.args_)]
        return [self._of_field(number, error.field, error)]

    def _of_field(self, number: int, name: str | None, why: str | Refusal) -> Problem:
        column = self._plan.column_of(0, name) if name else None
        msgid, args = (why.message, why.args_) if isinstance(why, Refusal) else (why, {})
        return Problem(number, column or f"→ {name}", None, msgid, {k: str(v) for k, v in args.items()})


def _said(error: Any) -> Refusal:
    return Refusal(error.msgid, **error.args_)


def _is_free(record: type[Record], key: str) -> bool:
    """Whether people choose the key themselves, because their form asks for it."""
    rule = rules_of(record).get(key)
    asked = any(key in group.fields for group in record.panel.form)
    return asked and not record.__table__.columns[key].info.get("serial") and (rule is None or rule.write != ())
