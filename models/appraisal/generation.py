"""Drawing up appraisals from what was done: every figure of everybody in one statement a measure."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from app.kernel import history
from app.kernel.database import insert
from app.kernel.outbox import Channel, NoticeState, tell_all
from app.kernel.permissions import holders
from app.kernel.settings import setting_value
from app.schema.kinds import QUANTITY
from app.schema.measure import Figures
from app.schema.notices import Urgency, topic
from app.schema.registry import registry
from app.schema.wording import Sentence
from models.appraisal import rules
from models.appraisal.appraisal import Appraisal
from models.appraisal.appraisal_line import AppraisalLine
from models.appraisal.appraisal_template import AppraisalTemplate
from models.appraisal.periods import period_before
from models.appraisal.settings import CAP
from models.appraisal.states import Cycle, Direction, TemplateState
from models.appraisal.template_line import TemplateLine
from models.people import Person
from models.people.states import Employment

Pair = tuple[Person, AppraisalTemplate]
DRAFTED = topic("appraisal.drafted", "My appraisal is drafted", "Your appraisal %(period)s is drafted", Urgency.LOW)


def generate(session: Session, cycle: Cycle, today: date) -> dict[str, Any]:
    """Draw up the appraisals of the month, or year, before `today`'s; those that stand are left as they are.

    Each person with a sign-in is appraised by the template in force for his or her role, one for the post going before
    one for the role at large. To be called by the system. Returns counts.
    """
    name, period = period_before(cycle, today)
    pairs = list(_pairs(session, cycle, period.last))
    drawn_up = select(Appraisal.person_id, Appraisal.template_id).where(Appraisal.period == name)
    standing = {(row.person_id, row.template_id) for row in session.execute(drawn_up)}
    missing = [(person, template) for person, template in pairs if (person.id, template.id) not in standing]
    wanted = {line.measure for _, template in missing for line in template.lines}
    figures = {kpi: registry.measures[kpi].figures(session, *period) for kpi in sorted(wanted)}
    cap = setting_value(session, CAP)
    drafts = [_draft(person, template, name, figures, cap) for person, template in missing]
    written = _write(session, drafts)
    if written:
        bounds = {"period": name, "first": period.first.isoformat(), "last": period.last.isoformat(), "ids": written}
        history.summarise(session, "appraisal", "generate", bounds)
    return {"written": len(written), "stood": len(pairs) - len(written), "period": name}


def _pairs(session: Session, cycle: Cycle, last: date) -> Iterator[Pair]:
    """Who is appraised by which template."""
    employed = select(Person).where(
        Person.user_id.is_not(None),
        Person.state != Employment.LEFT,
        or_(Person.joined_on.is_(None), Person.joined_on <= last),
    )
    people = session.scalars(employed.order_by(Person.number)).all()
    in_force = (
        select(AppraisalTemplate)
        .where(AppraisalTemplate.state == TemplateState.IN_FORCE, AppraisalTemplate.cycle == cycle)
        .options(selectinload(AppraisalTemplate.lines))
        .order_by(AppraisalTemplate.code)
    )
    by_role: dict[str, dict[str | None, AppraisalTemplate]] = {}
    for template in session.scalars(in_force):
        by_role.setdefault(template.role, {})[template.post] = template
    for role, by_post in by_role.items():
        held = holders(session, role)
        for person in people:
            template_ = by_post.get(person.post) or by_post.get(None)
            if person.user_id in held and template_ is not None:
                yield person, template_


def _draft(
    person: Person, template: AppraisalTemplate, name: str, figures: dict[str, Figures], cap: Decimal
) -> dict[str, Any]:
    """The values of an appraisal; its lines under ``lines``."""
    lines = [_line(line, person.user_id, figures[line.measure], cap) for line in template.lines]
    total = rules.total([rules.Line(line["label"], line["weight"], line["score"]) for line in lines])
    return {
        "number": f"{name} {person.number} {template.code}",
        "person_id": person.id,
        "template_id": template.id,
        "period": name,
        "score": total.score,
        "rescaled": total.rescaled,
        "result": total.score if template.measured_share else None,
        "measured_share": template.measured_share,
        "self_share": template.self_share,
        "supervisor_share": template.supervisor_share,
        "owner_id": person.user_id,
        "unit_id": person.unit_id,
        "lines": lines,
    }


def _line(line: TemplateLine, user_id: int | None, figures: Figures, cap: Decimal) -> dict[str, Any]:
    """The values of a KPI's line: the figure, what it reads as in the measure's unit, and its score."""
    measure = registry.measures[line.measure]
    figure = measure.among(figures, user_id)
    reading = measure.reading(figure)
    actual = None if reading is None else QUANTITY.read(reading)
    score = rules.lower_is_better if line.direction is Direction.LOWER else rules.higher_is_better
    traced = None if actual is None else score(actual, line.target, cap)
    return {
        "measure": line.measure,
        "label": measure.label,
        "weight": line.weight,
        "target": line.target,
        "direction": line.direction,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "actual": actual,
        "score": None if traced is None else traced.amount,
        "trace": None if traced is None else traced.formula,
        "left_out": traced is None,
    }


def _write(session: Session, drafts: list[dict[str, Any]]) -> list[int]:
    """Insert what does not stand yet, and tell whom it concerns; returns the ids.

    Tables, not records: through the mapper, an insert that answers with ids is one statement a row.
    """
    if not drafts:
        return []
    fields = [{name: value for name, value in draft.items() if name != "lines"} for draft in drafts]
    table: Any = Appraisal.__table__
    new = insert(session, table).on_conflict_do_nothing().returning(table.c.id, table.c.number)
    ids = {number: id_ for id_, number in session.execute(new, fields)}
    fresh = [draft for draft in drafts if draft["number"] in ids]
    lines = [{"appraisal_id": ids[draft["number"]], **line} for draft in fresh for line in draft["lines"]]
    if lines:
        session.execute(insert(session, AppraisalLine.__table__), lines)
    tell_all(session, [_notice(draft, ids[draft["number"]]) for draft in fresh])
    return sorted(ids.values())


def _notice(draft: dict[str, Any], id_: int) -> dict[str, Any]:
    return {
        "dedupe_key": f"appraisal.generate/{draft['number']}",
        "channel": Channel.APP,
        "user_id": draft["owner_id"],
        "subject": DRAFTED.says(period=draft["period"]),
        "body": Sentence("Look at the figures and rate yourself."),
        "record": "appraisal",
        "record_id": id_,
        "state": NoticeState.SENT,
    }
