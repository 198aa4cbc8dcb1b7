"""Who may see and do what, worked out from the declarations and the plan of the test department alone.

It is the expectation of the access matrix, so it calls nothing of the policy it judges: neither `app.kernel.access`
nor the permissions in the database.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.roles import Role, Scope
from app.schema.rows import Branch, Shared, Team
from tests.department import STAFF, UNITS

PEOPLE = {role: name for name, (role, _unit) in reversed(STAFF.items())}
"""One person for each role."""


def below(code: str) -> set[str]:
    """A unit of the department and all below it."""
    return {code}.union(*(below(child) for child, parent in UNITS.items() if parent == code))


def branch(code: str) -> set[str]:
    """The unit just below the root that holds `code`, and all below that; of the root everything."""
    while UNITS[code] is not None and UNITS[str(UNITS[code])] is not None:
        code = str(UNITS[code])
    return below(code)


@dataclass
class Oracle:
    """The rows as they stand, by record and id, and the ids of users and units."""

    users: dict[str, int]
    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, users: dict[str, int]) -> "Oracle":
        """Read every row of every record beside the guard; the system is acting."""
        found = cls(users)
        for record in registry:
            rows = session.connection().execute(select(record.__table__)).mappings()
            found.rows[str(record.__tablename__)] = {row["id"]: dict(row) for row in rows}
        return found

    def granted(self, name: str, verb: str, record: type[Record]) -> bool:
        """Whether the person's role is granted a verb or, as ``step:pay``, a step."""
        if issubclass(record, Line) and not record.panel.form and verb != "read":
            return False  # lines that no person writes
        while issubclass(record, Line):
            record, verb = record.parent_record(), "read" if verb == "read" else "edit"
        role = Role(STAFF[name][0])
        if verb.startswith("step:"):
            step = record.workflow.step(verb.removeprefix("step:")) if record.workflow else None
            return step is not None and role in step.by
        return (verb, role) in set(record.grants)

    def may(self, name: str, verb: str, record: type[Record], key: int) -> bool:
        """Whether a person may do a verb on a row, by the place of the row alone."""
        row = self.rows[str(record.__tablename__)].get(key)
        if row is None or not self.granted(name, verb, record):
            return False
        if issubclass(record, Line):
            whole = record.parent_record()
            verb = "read" if verb == "read" else "edit"
            seen = self.sees if verb == "read" else lambda *row: self.may(name, verb, *row[1:])
            return seen(name, whole, row[record.parent])
        role, unit = STAFF[name]
        every = record.grants.scopes.get(Role(role), Role(role).scope)
        scope = record.grants.scopes.get((Role(role), verb), every)
        if issubclass(record, Shared) or scope == Scope.ALL:
            return True
        if row["owner_id"] == self.users[name] or (record.pooled and row["owner_id"] is None):
            return True
        codes = {each["id"]: each["code"] for each in self.rows["unit"].values()}
        if issubclass(record, Branch):
            return codes.get(row["unit_id"]) in branch(unit)
        return (scope == Scope.TEAM or issubclass(record, Team)) and codes.get(row["unit_id"]) in below(unit)

    def sees(self, name: str, record: type[Record], key: int) -> bool:
        """Whether a person sees a row: by its place, or because a row he or she sees points at it."""
        if not self.granted(name, "read", record):
            return False
        if self.may(name, "read", record, key):
            return True
        if issubclass(record, Line):
            return False
        pointing = (path.split(".") for path in record.seen_through)
        return any(
            row[link] == key and self.sees(name, registry[other], other_key)
            for other, link in pointing
            for other_key, row in self.rows[other].items()
        )

    def reads(self, name: str, record: type[Record], key: int, field: str) -> bool:
        """Whether a person reads a field of a row he or she sees, by the rules the record has on fields."""
        rule = next((rule for rule in record.fields if rule.field == field), None)
        if rule is None:
            return True
        if rule.worked is not None and not all(self.reads(name, record, key, part) for part in rule.worked.of):
            return False
        if rule.read is None or Role(STAFF[name][0]) in rule.read:
            return True
        row, whole = self.rows[str(record.__tablename__)][key], record
        while issubclass(whole, Line):
            row, whole = self.rows[str(whole.parent_record().__tablename__)][row[whole.parent]], whole.parent_record()
        return whole.workflow is not None and row[whole.workflow.field] in rule.published
