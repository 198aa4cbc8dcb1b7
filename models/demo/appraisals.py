"""Demonstration appraisals: a template for renewal specialists, last month drawn up, some rated; and two alerts."""

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import acting
from app.kernel.permissions import load_actor
from app.kernel.workflow import advance
from models.appraisal import Appraisal, AppraisalTemplate, MeasureAlert, TemplateLine
from models.appraisal.generation import generate
from models.appraisal.states import AppraisalState, Cut, Cycle, Over
from models.demo.people import Staff

KPIS = (("renewal_rate", 50, "60"), ("contact_volume", 30, "8"), ("attainment", 20, "100"))


def appraise(session: Session, today: date, staff: Staff) -> None:
    """Put the template in force as the manager, draw up the month before `today`, and rate what two people did."""
    template = AppraisalTemplate(
        code="RENEWAL-M",
        name="续保专员月度考核 Renewal specialists, monthly",
        role="renewal",
        cycle=Cycle.MONTH,
        measured_share=Decimal(70),
        self_share=Decimal(10),
        supervisor_share=Decimal(20),
    )
    session.add(template)
    session.flush()
    for measure, weight, target in KPIS:
        line = TemplateLine(template_id=template.id, measure=measure, weight=Decimal(weight), target=Decimal(target))
        session.add(line)
    session.flush()
    session.expire(template)
    with acting(load_actor(session, staff["manager"].user_id)):
        advance(session, template, "put_in_force")
    generate(session, Cycle.MONTH, today)
    session.flush()
    for name in ("renewal", "renewal.zhao"):
        own = Appraisal.owner_id == staff[name].user_id
        appraisal = session.scalars(select(Appraisal).where(own, Appraisal.state == AppraisalState.DRAFT)).one()
        with acting(load_actor(session, staff[name].user_id)):
            advance(session, appraisal, "self_rate", answers={"self_rating": "90", "self_comment": "完成全部跟进"})
        with acting(load_actor(session, staff["supervisor"].user_id)):
            advance(session, appraisal, "rate", answers={"supervisor_rating": "88", "supervisor_comment": None})
    with acting(load_actor(session, staff["manager"].user_id)):
        limits = {"days": Over.LAST_30_DAYS, "threshold": Decimal(90)}
        session.add(MeasureAlert(measure="claims_on_time", of_whom=Cut.EACH_PERSON, **limits))
        session.add(MeasureAlert(measure="renewal_rate", of_whom=Cut.EACH_UNIT, told_role="supervisor", **limits))
        session.flush()
