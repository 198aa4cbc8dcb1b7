"""Deputies: who stands in for whom during leave. Kept in `models/people/absence.py`; asked here by name.

An approved absence is in force from its first day to its last on the house's clock, and ends by itself. A deputy
represents the person named in it and nobody else: whom an absent person represented, the deputy does not.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor, on_behalf
from app.kernel.clock import house_day
from app.schema.record import Line, Record
from app.schema.registry import registry

IN_FORCE = "approved"
"""The state of an absence that counts."""


def represents(session: Session, actor: Actor, at: datetime) -> set[int]:
    """The users whom `actor` stands in for at a moment; `at` has a zone."""
    return set() if actor.user_id is None else set(represented(session, actor.user_id, house_day(at)))


def represented(session: Session, user_id: int, day: date) -> dict[int, str]:
    """The users whom a user stands in for on a day, by id, with the names history keeps."""
    absence, person = registry["absence"], registry["person"].__table__
    absent, deputy = person.alias("absent"), person.alias("deputy")
    kept = absence.__table__.c
    found = (
        select(absent.c.user_id, absent.c.name)
        .join(absence.__table__, kept.person_id == absent.c.id)
        .join(deputy, kept.deputy_id == deputy.c.id)
        .where(deputy.c.user_id == user_id, absent.c.user_id.is_not(None), absent.c.user_id != user_id)
        .where(*_in_force(kept, day))
        .order_by(absent.c.user_id)
    )
    with on_behalf("deputies"):
        return {row.user_id: row.name for row in session.execute(found)}


def stands_in_until(session: Session, deputy: int | None, absent: int, day: date) -> date | None:
    """The last day on which one user stands in for another, of what is in force on `day`."""
    absence, person = registry["absence"], registry["person"].__table__
    away, there = person.alias("absent"), person.alias("deputy")
    kept = absence.__table__.c
    found = (
        select(kept.ends_on)
        .join(away, kept.person_id == away.c.id)
        .join(there, kept.deputy_id == there.c.id)
        .where(there.c.user_id == deputy, away.c.user_id == absent, *_in_force(kept, day))
        .order_by(kept.ends_on.desc())
    )
    with on_behalf("deputies"):
        return session.scalar(found.limit(1))


def standing_in(session: Session, day: date) -> dict[int, set[int]]:
    """Who stands in for whom on a day: the users who are deputies, by the user who is away."""
    absence, person = registry["absence"], registry["person"].__table__
    absent, deputy = person.alias("absent"), person.alias("deputy")
    kept = absence.__table__.c
    found = (
        select(absent.c.user_id, deputy.c.user_id.label("deputy_id"))
        .join(absence.__table__, kept.person_id == absent.c.id)
        .join(deputy, kept.deputy_id == deputy.c.id)
        .where(absent.c.user_id.is_not(None), deputy.c.user_id.is_not(None), absent.c.user_id != deputy.c.user_id)
        .where(*_in_force(kept, day))
    )
    by_absent: dict[int, set[int]] = {}
    with on_behalf("deputies"):
        for row in session.execute(found):
            by_absent.setdefault(row.user_id, set()).add(row.deputy_id)
    return by_absent


def _in_force(kept: Any, day: date) -> tuple[ColumnElement[bool], ...]:
    return kept.state == IN_FORCE, kept.starts_on <= day, kept.ends_on >= day


def signed(session: Session, actor: Actor, row: Record) -> Actor:
    """The actor as history names it for what is done to `row`: "li for wang" where li does it as wang's deputy."""
    if not actor.represented:
        return actor
    whole: Record | None = row
    while isinstance(whole, Line):
        whole = cast("Record | None", session.get(whole.parent_record(), getattr(whole, whole.parent)))
    if whole is None or type(whole).personal:
        return actor
    return replace(actor, name=actor.signature(getattr(whole, "owner_id", None)))
