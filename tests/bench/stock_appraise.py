"""Appraisals as one would write them on stock models: person by person, KPI by KPI, a query each."""

from collections.abc import Callable, Generator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import Engine, func, or_

from tests.bench import cleaning
from tests.bench.shape import TODAY
from tests.bench.stock_models import (
    Appraisal,
    AppraisalLine,
    Contact,
    Contract,
    Person,
    Renewal,
    Target,
    Template,
    TemplateLine,
)
from tests.bench.subject import Outcome, Subject, Work, task

FIRST, LAST = date(TODAY.year, TODAY.month, 1), TODAY
PART = 10
"""One in so many people is appraised: all would take minutes."""
Value = tuple[Decimal, Decimal]


class StockAppraise(Subject):
    """ORM loops in the stock application's process."""

    app: Flask
    db: Any

    @property
    def engine(self) -> Engine:
        """The engine of its database."""
        with self.app.app_context():
            return self.db.engine

    @task("appraise")
    def appraise(self) -> Generator[Work, Any, Outcome]:
        """The appraisals of June for a tenth of the staff."""
        written = yield self._appraise
        cleaning.clean(self.engine, cleaning.APPRAISED)
        return Outcome(rows=written, part=written / self.ground.shape.staff)

    def _appraise(self) -> int:
        written = 0
        with self.app.app_context():
            session = self.db.session
            staff = session.query(Person).filter(Person.id <= self.ground.shape.staff, Person.id % PART == 0)
            for person in staff.order_by(Person.number):
                template = session.query(Template).filter(Template.role == person.post).one()
                number = f"{FIRST:%Y-%m} {person.number} {template.code}"
                if session.query(Appraisal).filter(Appraisal.number == number).count():
                    continue
                self._draft(person, template, number)
                written += 1
            session.commit()
        return written

    def _draft(self, person: Any, template: Any, number: str) -> None:
        session = self.db.session
        stamps = {"created_at": datetime.now(UTC), "changed_at": datetime.now(UTC)}
        drafted = Appraisal(
            number=number,
            person_id=person.id,
            template_id=template.id,
            period=f"{FIRST:%Y-%m}",
            rescaled=False,
            measured_share=100,
            self_share=0,
            supervisor_share=0,
            owner_id=person.user_id,
            unit_id=person.unit_id,
            state="draft",
            **stamps,
        )
        session.add(drafted)
        session.flush()
        points = weights = Decimal(0)
        for kpi in session.query(TemplateLine).filter(TemplateLine.template_id == template.id):
            above, below = VALUES[kpi.measure](session, person.user_id)
            actual = (above * 100 if kpi.measure in RATES else above) / below if below else None
            share = None if actual is None else 100 * actual / kpi.target
            if share is not None:
                share = max(Decimal(0), min(Decimal(120), share if kpi.direction == "higher" else 200 - share))
                points, weights = points + kpi.weight * share, weights + kpi.weight
            line = {"weight": kpi.weight, "target": kpi.target, "direction": kpi.direction}
            session.add(
                AppraisalLine(
                    appraisal_id=drafted.id,
                    measure=kpi.measure,
                    label=kpi.measure,
                    numerator=above,
                    denominator=below,
                    actual=actual,
                    score=share,
                    left_out=actual is None,
                    **line,
                    **stamps,
                )
            )
        drafted.score = drafted.result = points / weights


def _due(session: Any, user: int) -> Any:
    return session.query(Renewal).filter(Renewal.owner_id == user, Renewal.expires_on.between(FIRST, LAST))


def _talks(session: Any, user: int) -> Any:
    return session.query(Contact).filter(Contact.made_by_id == user, Contact.contacted_on.between(FIRST, LAST))


def _renewal_rate(session: Any, user: int) -> Value:
    due = _due(session, user).filter(Renewal.left_out.is_(None))
    paid = (Contract.paid_on.isnot(None), Contract.voided_on.is_(None))
    renewed = due.join(Contract, Contract.predecessor_id == Renewal.contract_id).filter(*paid)
    return Decimal(renewed.count()), Decimal(due.count())


def _paid(session: Any, user: int) -> Any:
    mine = or_(Renewal.owner_id == user, Contract.owner_id == user)
    sums = session.query(func.sum(Contract.premium)).filter(Contract.paid_on.between(FIRST, LAST), mine)
    return sums.outerjoin(Renewal, Renewal.successor_id == Contract.id)


def _attainment(session: Any, user: int) -> Value:
    wanted = session.query(Target).filter(Target.owner_id == user, Target.month == f"{FIRST:%Y-%m}").one_or_none()
    return Decimal(_paid(session, user).scalar() or 0), wanted.amount if wanted else Decimal(0)


def _renewed_premium(session: Any, user: int) -> Value:
    return Decimal(_paid(session, user).filter(Renewal.id.isnot(None)).scalar() or 0), Decimal(1)


def _reached(session: Any, user: int) -> Value:
    return Decimal(_due(session, user).filter(Renewal.state != "new").count()), Decimal(_due(session, user).count())


RATES = {"renewal_rate", "attainment", "bench_reached"}
VALUES: dict[str, Callable[[Any, int], Value]] = {
    "renewal_rate": _renewal_rate,
    "contact_volume": lambda session, user: (Decimal(_talks(session, user).count()), Decimal(1)),
    "renewed_premium": _renewed_premium,
    "attainment": _attainment,
    "bench_willing": lambda s, u: (Decimal(_talks(s, u).filter(Contact.intent == "willing").count()), Decimal(1)),
    "bench_lost": lambda s, u: (
        Decimal(_due(s, u).filter(Renewal.state.in_(("declined", "lapsed"))).count()),
        Decimal(1),
    ),
    "bench_reached": _reached,
    "bench_kept": lambda session, user: (
        Decimal(session.query(Contract).filter(Contract.owner_id == user, Contract.state == "in_force").count()),
        Decimal(1),
    ),
}
