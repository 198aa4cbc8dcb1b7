"""Steps as the tests of the business take them: each in a transaction of its own, by somebody."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.kernel.actor import Actor, acting
from app.kernel.workflow import advance
from app.schema.errors import Refusal
from app.schema.record import Record


def walk(session: Session, row: Record, actor: Actor, step: str, **answers: Any) -> None:
    """Let `actor` take a step and commit it."""
    with acting(actor):
        advance(session, row, step, answers=answers)
        session.commit()


def stopped(
    session: Session, row: Record, actor: Actor, step: str, error: type[Refusal], why: str | None = None, **answers: Any
) -> None:
    """Assert that the step is refused with that error, for a reason in which `why` is found, and nothing moved."""
    before = getattr(row, type(row).workflow.field)  # type: ignore[union-attr] # only rows with steps come here
    with acting(actor), pytest.raises(error, match=why):
        advance(session, row, step, answers=answers)
    session.rollback()
    with acting(actor):
        assert getattr(row, type(row).workflow.field) == before  # type: ignore[union-attr]


def enter(session: Session, actor: Actor, row: Record) -> Any:
    """Let `actor` add a row and commit it; returns the row."""
    with acting(actor):
        session.add(row)
        session.commit()
    return row
