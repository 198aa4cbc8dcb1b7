"""Rules of a column that the database itself keeps, whoever writes: check constraints named as sentences.

A kind brings its rules along; `enforce` makes a constraint of each for every column of that kind, called
``ck_<table>_<column>_<rule>``, such as ``ck_renewal_cohort_is_a_month``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import CheckConstraint, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import Boolean

LONGEST_NAME = 63
"""Characters PostgreSQL keeps of a name; it would cut the rest off in silence."""


@dataclass(frozen=True)
class Rule:
    """What must hold of every value of a column that is not NULL. `name` ends a sentence begun by the column's name.

    ``{}`` in the conditions stands for the column; `sqlite` differs where SQLite says the same in other words.
    `message` tells whoever broke the rule how to mend the value.
    """

    name: str
    condition: str
    message: str
    sqlite: str = ""


class PerDialect(ColumnElement[bool]):
    """A condition in the words of each database, for a check constraint; migrations name it too."""

    type = Boolean()
    inherit_cache = False

    def __init__(self, postgresql: str, sqlite: str) -> None:
        self.postgresql, self.sqlite = postgresql, sqlite


@compiles(PerDialect)
def _compiled(element: PerDialect, compiler: Any, **_: Any) -> str:
    words = element.sqlite if compiler.dialect.name == "sqlite" else element.postgresql
    return str(compiler.post_process_text(words))


def enforce(table: Table, except_for: Collection[str] = ()) -> None:
    """Give `table` the check constraints of the kinds of its columns, but for those named; a link needs none."""
    for column in (c for c in table.columns if c.key not in except_for and "ref" not in c.info):
        for rule in getattr(column.info.get("kind"), "rules", ()):
            name = f"{column.key}_{rule.name}"
            full = f"ck_{table.name}_{name}"
            if len(full) > LONGEST_NAME:
                cut = LONGEST_NAME - len(f"ck_{table.name}_") - 7
                name = f"{name[:cut]}_{sha256(name.encode()).hexdigest()[:6]}"
            table.append_constraint(_constraint(column.name, rule, name))


def _constraint(column: str, rule: Rule, name: str) -> CheckConstraint:
    words = rule.condition.format(column), (rule.sqlite or rule.condition).format(column)
    condition: Any = words[0] if words[0] == words[1] else PerDialect(*words)
    return CheckConstraint(condition, name=name, info={"column": column, "rule": rule})


def name_rule(table: Table, constraint: str, column: str, rule: Rule) -> None:
    """Say what is broken where the database names `constraint`, which is kept otherwise than by a check."""
    table.info.setdefault("rules", {})[constraint] = (column, rule)


def broken(table: Table, constraint: str) -> tuple[str, Rule] | None:
    """The column and the rule behind the name of a constraint, as a database reports it; None for another's name."""
    named: tuple[str, Rule] | None = table.info.get("rules", {}).get(constraint)
    if named is not None:
        return named
    for each in table.constraints:
        if "rule" in each.info and str(each.name) in (constraint, constraint.removeprefix(f"ck_{table.name}_")):
            return each.info["column"], each.info["rule"]
    return None
