"""Absence: somebody is away for some days, and a deputy does the work meanwhile."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, Session, relationship

from app.kernel.actor import on_behalf
from app.kernel.outbox import tell
from app.schema.grants import Grants
from app.schema.kinds import Day, ref, starts_at
from app.schema.notices import topic
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import EVERYONE, Role
from app.schema.rows import Owned
from app.schema.traits import Noted
from app.schema.workflow import Move, Step, Workflow
from models.people.states import AbsenceState, Employment

if TYPE_CHECKING:
    from models.people.person import Person

LEADS = (Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
STAND_IN = topic("absence.begins", "I stand in for somebody", "You stand in for %(person)s, %(days)s")
STAND_IN_NO_MORE = topic(
    "absence.ends", "I no longer stand in for somebody", "You no longer stand in for %(person)s, %(days)s"
)


def can_stand_in(absence: "Absence") -> str | None:
    """A deputy is here on all the days, and able to sign in."""
    deputy = absence.deputy
    if deputy is None:
        return None
    if deputy.user_id is None or deputy.state == Employment.LEFT:
        return "The deputy cannot sign in; choose somebody else."
    session = Session.object_session(absence)
    assert session is not None
    away = (
        select(Absence.id)
        .where(Absence.person_id == absence.deputy_id, Absence.state == AbsenceState.APPROVED)
        .where(Absence.starts_on <= absence.ends_on, Absence.ends_on >= absence.starts_on)
    )
    with on_behalf("deputies"):
        return "The deputy is away on some of these days; choose somebody else." if session.scalar(away) else None


def tell_deputy(absence: "Absence", move: Move) -> None:
    """The effect of deciding on an absence: its deputy is told."""
    person, deputy = absence.person, absence.deputy
    if deputy is None or deputy.user_id is None:
        return
    days = f"{absence.starts_on} – {absence.ends_on}"
    if absence.state == AbsenceState.APPROVED:
        said = STAND_IN.says(person=person.name, days=days)
    else:
        said = STAND_IN_NO_MORE.says(person=person.name, days=days)
    tell(move.session, f"people.absence:{absence.id}:{absence.state}", deputy.user_id, said)


class Absence(Owned, Noted, Record):
    """Days on which a person is away, the first and the last included.

    While it is approved and lasts, the deputy works the person's rows as his own (see `app.kernel.deputies`), and
    no renewal is given to the person. It ends by itself.
    """

    __table_args__: Any = (
        CheckConstraint("ends_on >= starts_on", name="it_ends_no_earlier_than_it_starts"),
        CheckConstraint("deputy_id <> person_id", name="the_deputy_is_somebody_else"),
        {"extend_existing": False},
    )

    person_id: Mapped[int] = ref("person")
    person: Mapped["Person"] = relationship(foreign_keys="Absence.person_id")
    starts_on: Mapped[Day]
    ends_on: Mapped[Day]
    deputy_id: Mapped[int | None] = ref("person")
    deputy: Mapped["Person | None"] = relationship(foreign_keys="Absence.deputy_id")
    state: Mapped[AbsenceState] = starts_at(AbsenceState.REQUESTED)

    personal = True
    owned_by = "person_id"
    grants = Grants(work=EVERYONE, lead=LEADS, load=())
    panel = Panel(
        menu=Menu("Organisation", icon="calendar", order=30),
        title="person_id",
        columns=("person_id", "starts_on", "ends_on", "deputy_id", "state"),
        search=("person.name", "deputy.name"),
        form=(Group("Absence", "person_id", "deputy_id", "starts_on", "ends_on", "remark"),),
        fixed=("person_id",),
        order="-starts_on",
    )
    workflow = Workflow(
        Step(
            "approve",
            AbsenceState.REQUESTED,
            AbsenceState.APPROVED,
            by=LEADS,
            when=can_stand_in,
            not_by="add",
            effect=tell_deputy,
        ),
        Step("refuse", AbsenceState.REQUESTED, AbsenceState.REFUSED, by=LEADS, asks=("reason",), tone="danger"),
        Step(
            "cancel",
            AbsenceState.REQUESTED | AbsenceState.APPROVED,
            AbsenceState.CANCELLED,
            by=EVERYONE,
            asks=("reason?",),
            effect=tell_deputy,
            tone="secondary",
        ),
        frozen=AbsenceState.APPROVED | AbsenceState.REFUSED | AbsenceState.CANCELLED,
        waits=(),
    )


def away(session: Session, day: Any) -> set[int]:
    """The persons (ids) who are away on a day, by approved absences."""
    found = select(Absence.person_id).where(
        Absence.state == AbsenceState.APPROVED, Absence.starts_on <= day, Absence.ends_on >= day
    )
    return set(session.scalars(found))
