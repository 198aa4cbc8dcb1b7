"""Four eyes in the database: who entered a row agrees to no amount of it, who took a step is not named by another row.

The workflow says so to the person, in time and in words; this holds even where the application is gone round.
"""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Mapper

from app.kernel.tables import Approval
from app.schema import triggers
from app.schema.approval import Tiers
from app.schema.record import Record

RULE = "is_somebody_else"
MESSAGE = "nobody approves what he or she has entered"


def guard_own(mapper: Mapper[Any], cls: type) -> None:
    """Keep a record's own people from its levels of authority; called for each mapped class."""
    for name, when in rules(cls) if issubclass(cls, Record) else ():
        triggers.refuse(Approval.__table__, name, when, MESSAGE, "user_id")


def rules(record: type[Record]) -> list[tuple[str, str]]:
    """The rules on agreements to a record: each with its name and when it is broken."""
    workflow, table = record.workflow, record.__tablename__
    return [
        (
            f"{table}_{step.name}_is_for_others",
            f"NEW.record = '{table}' AND NEW.step = '{step.name}' AND NEW.void_at IS NULL AND EXISTS "
            f"(SELECT 1 FROM {table} WHERE id = NEW.row_id AND created_by_id = NEW.user_id)",
        )
        for step in (workflow.steps if workflow is not None else ())
        if isinstance(step.needs, Tiers)
    ]


def keep_apart(
    table: Table, person: str, link: str, record: str, verbs: tuple[str, ...], moved: tuple[str, ...], message: str
) -> None:
    """Refuse a row of `table` whose `person` took one of `verbs` of the row of `record` that `link` points at.

    It is asked when the row is made and when one of `person`, `link` and `moved` is written; `message` is what whoever
    is refused reads.
    """
    among = ", ".join(f"'{verb}'" for verb in verbs)
    took = (
        f"EXISTS (SELECT 1 FROM audit_entry WHERE record = '{record}' AND record_id = NEW.{link} "
        f"AND user_id = NEW.{person} AND verb IN ({among}))"
    )
    triggers.refuse(table, f"{person}_{RULE}", took, message, person, of=(person, link, *moved))
