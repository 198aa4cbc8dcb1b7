"""Jobs, as declared. What is due is decided by the ledger of periods in the database, not by the ticker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.schema.registry import registry

Work = Callable[[datetime, Any], "dict[str, Any] | None"]


class Missed(StrEnum):
    """What becomes of the periods that passed while the system was down."""

    EACH = "each"
    """Every one is run, oldest first, told its own due time."""
    LATEST = "latest"
    """Only the newest is run; for work that looks at the present, such as sending mail."""


@dataclass(frozen=True)
class Job:
    """A job by its name, which is forever. `cron` is on the house's clock; `work` gets (due in UTC, session)
    and returns counts of what it wrote and what already stood. It may run twice and must not double anything."""

    name: str
    cron: str
    work: Work
    label: str
    missed: Missed = Missed.EACH


def scheduled(name: str, cron: str, label: str, missed: Missed = Missed.EACH) -> Callable[[Work], Work]:
    """Declare a job: ``@scheduled("renewals.remind", cron="0 8 * * *", label="Renewal reminders")``."""

    def declare(work: Work) -> Work:
        registry.jobs.add(name, Job(name, cron, work, label, missed))
        return work

    return declare
