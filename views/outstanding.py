"""What still hangs on somebody who leaves and is not handed over with the rows: told, with the place to see to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import url_for
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel import leaving
from app.kernel.access import Reach, criterion, may
from app.kernel.actor import acting, current_actor
from app.kernel.clock import house_day
from app.kernel.fields import hidden
from app.kernel.identity import sessions, tokens
from app.kernel.permissions import holders, load_actor
from app.panel import filters
from app.panel.fields import USERS, form_fields
from app.panel.labels import field_label, record_plural, step_label
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.roles import Role
from app.schema.workflow import Step
from models.people import Absence, Person, Unit
from models.people.states import AbsenceState, Employment
from views.approvals import approvals_of

BOOKKEEPING = ("owner_id", "created_by_id", "changed_by_id")
LOOKED_AT = 1000
"""Rows of one step looked through for those that wait for somebody."""


@dataclass(frozen=True)
class Outstanding:
    """Something left to do: what, how many, what it takes, and where."""

    what: str
    count: int
    how: str
    url: str = ""


def outstanding(session: Session, person: Person, held: list[leaving.Held]) -> list[Outstanding]:
    """All that is left, as far as the current actor sees it."""
    found = (
        *_beyond(session, person, held),
        *_standing_in(session, person),
        *_led(session, person),
        *_waiting(session, person),
        *_pointing(session, person),
        *_signing_in(session, person),
    )
    return [each for each in found if each.count]


def _list(record: type[Record], **filtered: Any) -> str:
    """The list of a record, narrowed by those of the filters it offers."""
    known = {each.field.key for each in filters.offered(record)}
    return url_for(f"{record.__tablename__}.list", **{key: value for key, value in filtered.items() if key in known})


def _beyond(session: Session, person: Person, held: list[leaving.Held]) -> Iterator[Outstanding]:
    """How many rows there are besides that the current actor may not hand over."""
    assert person.user_id is not None, "only who has a sign-in is handed over"
    count = leaving.open_rows(session, person.user_id) - sum(each.open for each in held)
    yield Outstanding(_("Rows beyond your reach"), count, _("whoever reaches further hands them over"))


def _standing_in(session: Session, person: Person) -> Iterator[Outstanding]:
    """Absences to come, or going on, for which the person is the deputy."""
    if not may(current_actor(), "read", Absence):
        return
    alive = Absence.state.in_(AbsenceState.REQUESTED | AbsenceState.APPROVED)
    ahead = Absence.ends_on >= house_day(datetime.now(UTC))
    count = session.scalar(select(func.count(Absence.id)).where(Absence.deputy_id == person.id, alive, ahead)) or 0
    how = _("name another deputy for these days")
    yield Outstanding(
        _("Absences with %(person)s as deputy", person=person.name), count, how, _list(Absence, deputy_id=person.id)
    )


def _led(session: Session, person: Person) -> Iterator[Outstanding]:
    """The people who have this supervisor alone: nobody else leads their unit, or the nearest above that is led."""
    leaders = holders(session, Role.SUPERVISOR)
    if person.user_id not in leaders:
        return
    parents: dict[int, int | None] = dict(session.execute(select(Unit.id, Unit.parent_id)).all())
    led_by: dict[int | None, set[int | None]] = {}
    for unit, user_id in session.execute(select(Person.unit_id, Person.user_id).where(Person.user_id.in_(leaders))):
        led_by.setdefault(unit, set()).add(user_id)

    def nearest(unit: int | None) -> set[int | None]:
        while unit is not None and unit not in led_by:
            unit = parents.get(unit)
        return led_by.get(unit, set())

    led = [unit for unit in parents if nearest(unit) == {person.user_id}]
    theirs = (Person.unit_id.in_(led), Person.id != person.id, Person.state != Employment.LEFT)
    count = session.scalar(select(func.count(Person.id)).where(*theirs)) or 0
    how = _("nobody else is their supervisor: give somebody the role, in this unit")
    yield Outstanding(_("People led by %(person)s", person=person.name), count, how, _list(Person, unit_id=led))


def _waiting(session: Session, person: Person) -> Iterator[Outstanding]:
    """Rows that wait for a step with four eyes the person may take, of those the current actor sees."""
    assert person.user_id is not None, "only who has a sign-in is handed over"
    theirs, actor = load_actor(session, person.user_id, deputising=False), current_actor()
    for record in registry:
        for step in approvals_of(record) if may(actor, "read", record) else ():
            if may(theirs, f"step:{step.name}", record) and (ids := _ids(session, record, step, theirs)):
                count = session.scalar(select(func.count(record.id)).where(record.id.in_(ids))) or 0
                what = _("%(records)s waiting for: %(step)s", records=record_plural(record), step=step_label(step))
                states = {step_field(record): [state.value for state in step.source]}
                yield Outstanding(what, count, _("others with the same role can decide"), _list(record, **states))


def step_field(record: type[Record]) -> str:
    """The field of a record's state."""
    return record.workflow.field if record.workflow is not None else ""


def _ids(session: Session, record: Any, step: Step, theirs: Any) -> list[int]:
    state = getattr(record, step_field(record))
    with acting(theirs):
        reach = criterion(record, record, f"step:{step.name}", Reach(theirs))
        return list(session.scalars(select(record.id).where(state.in_(step.source), reach).limit(LOOKED_AT)))


def _pointing(session: Session, person: Person) -> Iterator[Outstanding]:
    """Rows not closed that name the person, or the user, in another field people fill in, or are about the person."""
    actor = current_actor()
    for record in registry:
        if issubclass(record, Line | Absence | Person) or not may(actor, "read", record):
            continue
        for column in record.__table__.columns:
            value = {"person": person.id, USERS: person.user_id}.get(column.info.get("ref", ""))
            if value is None or column.key in BOOKKEEPING or column.key in hidden(actor, record):
                continue
            if not (record.personal or column.key in _filled_in(record)):
                continue
            named = [getattr(record, column.key) == value]
            if record.workflow is not None:
                named.append(getattr(record, record.workflow.field).not_in(leaving.closed_states(record)))
            count = session.scalar(select(func.count(record.id)).where(*named)) or 0
            what = _(
                "%(records)s with %(person)s as: %(field)s",
                records=record_plural(record),
                person=person.name,
                field=field_label(record, column.key),
            )
            how = _("the person's own: to be finished, or taken on by a step")
            how = how if record.personal else _("look whether somebody else should be named")
            yield Outstanding(what, count, how, _list(record, **{column.key: value}))


def _filled_in(record: type[Record]) -> set[str]:
    """The fields people fill in: of the form, and those a step asks."""
    steps = record.workflow.steps if record.workflow else ()
    asked = {field.removesuffix("?") for step in steps for field in step.asks}
    return asked | {field.key for field in form_fields(record)}


def _signing_in(session: Session, person: Person) -> Iterator[Outstanding]:
    """The sign-in with its sessions and tokens: they end when it is switched off."""
    user = session.get(User, person.user_id)
    if user is None or not user.active:
        return
    open_ = len(sessions.open_sessions(session, user.id)) + len(tokens.of(session, user.id, datetime.now(UTC)))
    how = _(
        "sessions and tokens that work: %(count)s. They end when an administrator switches the sign-in off", count=open_
    )
    keeps = current_actor().scope("open", "page:people")
    yield Outstanding(_("May sign in"), 1, how, url_for("PeoplePage.show", user_id=user.id) if keeps else "")
