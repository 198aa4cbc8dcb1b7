"""Four eyes in the database: it takes no agreement to an amount from whoever entered the row.

`app.kernel.approvals` says so to the person; this holds even where the application is gone round.
"""

from typing import Any

from sqlalchemy.orm import Mapper

from app.kernel.tables import Approval
from app.schema import triggers
from app.schema.approval import Tiers
from app.schema.record import Record

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
