"""What is done with an appraisal besides its steps: rating it KPI by KPI, and opening a figure."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import on_behalf
from app.kernel.settings import setting_value
from app.kernel.workflow import advance
from app.schema.errors import Invalid, Refusal
from app.schema.kinds import PERCENT, BadValue
from app.schema.registry import registry
from models.appraisal import rules
from models.appraisal.appraisal import Appraisal
from models.appraisal.appraisal_line import AppraisalLine
from models.appraisal.periods import period_named
from models.appraisal.settings import CAP

RATINGS = {"self_rate": "self", "rate": "supervisor"}


def rate_lines(
    session: Session,
    appraisal: Appraisal,
    step: str,
    ratings: Mapping[int, Any],
    *,
    comment: str | None = None,
    version: int | None = None,
) -> None:
    """Take the step ``self_rate`` or ``rate`` with a rating for each line, by its id; the whole is their weighted mean.

    Raises `Invalid` naming each line at fault as ``rating-<id>``, and whatever `advance` raises.
    """
    who = RATINGS[step]
    lines = session.scalars(select(AppraisalLine).where(AppraisalLine.appraisal_id == appraisal.id)).all()
    cap, given = setting_value(session, CAP), {}
    problems: dict[str, str | Refusal] = {}
    for line in lines:
        try:
            given[line.id] = rating = PERCENT.read(ratings.get(line.id))
        except BadValue as error:
            problems[f"rating-{line.id}"] = str(error)
            continue
        if rating is None or not 0 <= rating <= cap:
            problems[f"rating-{line.id}"] = Refusal("A rating lies between 0 and %(cap)s.", cap=cap)
    if problems:
        raise Invalid(problems)
    mean = rules.total([rules.Line(line.label, line.weight, given[line.id]) for line in lines]).score
    answers = {f"{who}_rating": mean, f"{who}_comment": comment}
    advance(session, appraisal, step, answers=answers, version=version)
    with on_behalf("an appraisal was rated KPI by KPI"):
        for line in lines:
            setattr(line, f"{who}_rating", given[line.id])
        session.flush()


def rows_behind(session: Session, line: AppraisalLine) -> Any:
    """The statement of the rows a figure was drawn from; run under the viewer's own access."""
    appraisal = line.appraisal
    return registry.measures[line.measure].rows(appraisal.owner_id, *period_named(appraisal.period))
