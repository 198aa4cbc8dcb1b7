"""The rules of fields, asked of what a file would write: who writes a field in which state, and what must be given.

The writer works in sets and as the system; so each row it is about to make or to change is judged here first, by the
rights of whoever brings the file in. What is refused names the field, and the line of the file is refused whole.
What a line of another row depends on, the state and the place of that row, is not known here: it is not written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from app.kernel import conditions
from app.kernel.access import field_verb, may
from app.kernel.actor import Actor
from app.kernel.fields import hidden
from app.schema.errors import Refusal
from app.schema.record import Record, policy_name, rules_of, stored, working_of
from app.schema.roles import Scope

UNWRITTEN = "you may not write this field"
UNWRITTEN_NOW = "you may not write this field while the state is %(state)s"
Values = Mapping[str, Any]


class Ruling:
    """What goes for one record, its fields filled by a file that `actor` brings in; `once` only when a row is made.

    `looks_at` are the fields of a row that is there which have to be known to judge a change of it.
    """

    def __init__(self, actor: Actor, record: type[Record], names: tuple[str, ...], once: frozenset[str]) -> None:
        self._actor, self._record, self._once = actor, record, once
        self._judged = [name for name in names if not (actor.system or _is_free(actor, record, name))]
        self._conditional = [rules_of(record)[name] for name in conditions.conditional(record)]
        columns = set(record.__table__.columns.keys())
        place = {"owner_id", "unit_id", record.workflow.field if record.workflow else "id"} & columns
        self._place = tuple(place) if self._judged else ()
        conditioned = {name for rule in self._conditional for each in rule.conditions for name in each.fields}
        self.looks_at = {*self._place, *conditioned, *(rule.field for rule in self._conditional)}

    def unsaid(self, values: Values, old: Values) -> set[str]:
        """Fields the file leaves empty and the actor does not read in this row: who does not see a value keeps it."""
        empty = [name for name in self._judged if values[name] is None and old[name] is not None]
        row = self._row(old) if empty else None
        return {name for name in empty if row is not None and not may(self._actor, "read", row, name)}

    def faults(
        self, values: Values, old: Values | None, changed: set[str]
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """What is wrong by field, sentence and its arguments. `old` is the row that is there, None for a new one.

        A value that the actor does not read is not compared either: whether it is the one kept would be a hint.
        """
        if self._judged:
            yield from self._forbidden(values, old, changed)
        if self._conditional:
            present = conditions.of_row(None, self._record) if old is None else old.get
            written = values if old is None else {name: values[name] for name in changed}
            touched = stored(self._record) if old is None else changed
            problems = conditions.problems(self._record, conditions.merged(present, written), touched)
            for name, why in problems.items():
                yield (name, why.message, why.args_) if isinstance(why, Refusal) else (name, why, {})

    def _forbidden(
        self, values: Values, old: Values | None, changed: set[str]
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        if old is None:
            plain, row = conditions.of_row(None, self._record), self._row({"unit_id": self._actor.unit_id} | {**values})
            touched = [name for name in self._judged if values[name] is not None and values[name] != plain(name)]
        else:
            row = self._row(old)
            given = [name for name in self._judged if values[name] is not None and name not in self._once]
            unread = {name for name in given if not may(self._actor, "read", row, name)}
            touched = [name for name in self._judged if name in changed or name in unread]
        for name in touched:
            if not may(self._actor, "add" if old is None else "edit", row, name):
                yield name, *self._why(row, name)

    def _row(self, values: Values) -> Record:
        """A row of these values for the policy to look at; it is never in a session."""
        row = self._record()
        for name in self._place:
            set_committed_value(row, name, values.get(name))
        return row

    def _why(self, row: Record, name: str) -> tuple[str, dict[str, Any]]:
        rule, workflow = rules_of(self._record).get(name), self._record.workflow
        if rule is None or not rule.when or workflow is None:
            return UNWRITTEN, {}
        state = getattr(row, workflow.field) or self._record.__table__.c[workflow.field].info["initial"]
        return (UNWRITTEN, {}) if state in rule.when else (UNWRITTEN_NOW, {"state": state.label})


def _is_free(actor: Actor, record: type[Record], name: str) -> bool:
    """Whether the actor reads and writes a field in every row, so that rows need not be looked at one by one."""
    if working_of(record, name) is not None or name in hidden(actor, record):
        return False
    rule = rules_of(record).get(name)
    if rule is None or rule.when:
        return rule is None
    return rule.write is None or actor.scope(field_verb(record, "edit", name), policy_name(record)) == Scope.ALL
