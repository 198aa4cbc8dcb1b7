"""Which claims wait for a decision of the present person, the most urgent first."""

from typing import Any

from sqlalchemy import ColumnElement, String, and_, func, or_, select, type_coerce
from sqlalchemy.sql import Select

from app.kernel.actor import Actor, current_actor
from app.kernel.tables import Approval
from app.kernel.workflow import workflow_of
from app.schema.roles import Scope
from models.claims import Claim, ClaimLine, Survey
from models.claims.cover import REASONS
from models.claims.states import ClaimState, LineDecision, SurveyState

LOOKED_AT = 500
"""Claims of one desk that are counted; whoever has more on hand works off these first."""
FIELD = {"record": "claim", "step": "approve"}


def queue() -> Select[tuple[Claim]]:
    """Reviewed claims that wait for the present person, by the day they are to be decided on.

    Those are one's own, and those of whom one stands in for, until one has agreed; those of which the next level is
    one's own; and, for whoever may refuse, those that cannot but be refused. Nothing waits while somebody surveys it.
    """
    actor = current_actor()
    given = _agreements()
    mine = or_(Approval.user_id == actor.user_id, Approval.for_id == actor.user_id)
    surveyed = select(Survey.id).where(
        Survey.claim_id == Claim.id, Survey.state.in_((SurveyState.ASSIGNED, SurveyState.ON_SITE))
    )
    refuses = actor.scope("step:refuse", "claim") > Scope.NONE
    own = and_(Claim.owner_id.in_(actor.owner_ids()), _count(given) == 0)
    ways = [own if refuses else and_(own, ~_lost()), _count(given).between(1, _level(actor))]
    if refuses:
        ways.append(and_(_count(given) == 0, _lost()))
    return (
        select(Claim)
        .where(Claim.state == ClaimState.REVIEWING, ~surveyed.exists(), ~given.where(mine).exists(), or_(*ways))
        .order_by(Claim.decide_by.is_(None), Claim.decide_by, Claim.id)
    )


def _agreements() -> Any:
    about = (Approval.record == FIELD["record"], Approval.step == FIELD["step"], Approval.row_id == Claim.id)
    return select(Approval.id).where(*about, Approval.void_at.is_(None))


def _count(agreements: Any) -> Any:
    return agreements.with_only_columns(func.count(Approval.id)).scalar_subquery()


def _level(actor: Actor) -> int:
    """How many levels below one's own there are: after so many agreements one's own is the next. 0 for the first."""
    step = workflow_of(Claim).step(FIELD["step"])
    verbs = [f"step:{FIELD['step']}.{part.name}" for part in step.parts] if step is not None else []
    given = [
        n for n, verb in enumerate(verbs) for each in (actor, *actor.absent) if each.scope(verb, "claim") > Scope.NONE
    ]
    return max(given, default=0)


def _lost() -> ColumnElement[bool]:
    """A claim that is not covered, or of whose lines nothing is paid."""
    flags = type_coerce(Claim.flags, String)
    lines = select(ClaimLine.id).where(ClaimLine.claim_id == Claim.id)
    alive = lines.where(or_(ClaimLine.decision == LineDecision.OPEN, ClaimLine.payable > 0))
    barred = or_(*(flags.contains(f"{flag.value}|") for flag in REASONS))
    return or_(and_(Claim.flags.is_not(None), barred), and_(lines.exists(), ~alive.exists()))
