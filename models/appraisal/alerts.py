"""Holding measures against the limits of alerts, by sets: a statement or two for each reader and measure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import measuring
from app.kernel.actor import acting
from app.kernel.crossings import fresh
from app.kernel.outbox import Channel, NoticeState, tell_all
from app.kernel.permissions import active, holders, load_actor
from app.schema.measure import AnyMeasure, Figure
from app.schema.notices import topic
from app.schema.wording import Label, Sentence
from models.appraisal.measure_alert import MeasureAlert
from models.appraisal.states import Cut, Side
from models.people import Person, Unit

PASSED = topic("measures.alert", "A measure passes a limit", "%(measure)s: %(side)s %(limit)s")
TOLD = 20
"""Figures a notice names; the page it leads to has them all."""


@dataclass(frozen=True)
class Case:
    """A figure held against a limit. `name` is empty for all together; `user_id` is whose rows stand behind it."""

    subject: str
    name: str
    value: Decimal
    beyond: bool
    user_id: int | None = None


def watch(session: Session, today: date) -> dict[str, Any]:
    """Hold all measures against the limits of all alerts, and tell each reader what is beyond them since last told.

    To be called by the system. Each figure is the reader's own view of it.
    """
    alerts = session.scalars(select(MeasureAlert).where(MeasureAlert.active.is_(True)).order_by(MeasureAlert.id)).all()
    readers: dict[int, list[MeasureAlert]] = {}
    for alert in alerts:
        for user_id in sorted(told_of(session, alert)):
            readers.setdefault(user_id, []).append(alert)
    notices = []
    for user_id, his in sorted(readers.items()):
        actor = load_actor(session, user_id, source="job")
        for alert in his:
            with acting(actor):
                found = cases(session, alert, today)
            month = alert.period(today)[1].isoformat()[:7]
            new = fresh(session, alert, user_id, month, {case.subject: case.beyond for case in found})
            if new:
                notices.append(_notice(alert, user_id, today, [case for case in found if case.subject in new]))
    return {"written": tell_all(session, notices), "looked_at": len(alerts)}


def told_of(session: Session, alert: MeasureAlert) -> set[int]:
    """The users an alert tells: who may still sign in."""
    if alert.told_role:
        return holders(session, alert.told_role)
    return active(session, [alert.owner_id])


def cases(session: Session, alert: MeasureAlert, today: date, of_whom: Cut | None = None) -> list[Case]:
    """The figures of an alert that have a value, as far as the current actor may see them; those beyond it first.

    `of_whom` asks for others than it is about.
    """
    measure = alert.kpi
    if measure is None or not measuring.may_see(measure) or not alert.judges(measure, today):
        return []
    found = []
    for subject, name, figure, user_id in _figures(session, measure, of_whom or alert.of_whom, *alert.period(today)):
        value = measure.reading(figure)
        if value is not None:
            found.append(Case(subject, name, value, alert.passed_by(value), user_id))
    falls = alert.side is Side.FALLS_BELOW
    return sorted(found, key=lambda case: (not case.beyond, case.value if falls else -case.value, case.name))


def _figures(
    session: Session, measure: AnyMeasure, of_whom: Cut, first: date, last: date
) -> Iterator[tuple[str, str, Figure, int | None]]:
    if of_whom is Cut.ALL_TOGETHER:
        yield "all", "", measure.figure(session, None, first, last), None
        return
    figures = measuring.by_person(session, measure, first, last)
    staff = select(Person.user_id, Person.name, Unit.id, Unit.name).join(Unit, Unit.id == Person.unit_id)
    people = {row[0]: row[1:] for row in session.execute(staff.where(Person.user_id.in_(figures.keys() - {None})))}
    units: dict[tuple[int, str], list[Figure]] = {}
    for user_id, (name, unit_id, unit) in people.items():
        if of_whom is Cut.EACH_PERSON:
            yield f"user {user_id}", name, figures[user_id], user_id
        else:
            units.setdefault((unit_id, unit), []).append(figures[user_id])
    for (unit_id, unit), theirs in units.items():
        yield f"unit {unit_id}", unit, measure.together(theirs), None


def _notice(alert: MeasureAlert, user_id: int, today: date, told: list[Case]) -> dict[str, Any]:
    measure = alert.kpi
    assert measure is not None, "cases are of a measure"
    side = Sentence("below") if alert.side is Side.FALLS_BELOW else Sentence("above")
    days = " – ".join(day.isoformat() for day in alert.period(today))
    values = [" ".join(part for part in (case.name, measure.in_words(case.value)) if part) for case in told]
    return {
        "dedupe_key": f"measures.watch/{alert.id}/{user_id}/{today.isoformat()}",
        "channel": Channel.APP,
        "user_id": user_id,
        "subject": PASSED.says(measure=Label(measure.label), side=side, limit=measure.in_words(alert.threshold)),
        "body": Sentence("%(days)s: %(values)s", days=days, values=tuple(values[:TOLD])),
        "record": "measure_alert",
        "record_id": alert.id,
        "state": NoticeState.SENT,
    }
