"""CaseReview: what a closed claim teaches, and what is to be done about it."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, relationship

from app.kernel.foureyes import keep_apart
from app.kernel.outbox import tell
from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, choice, ref, serial, starts_at
from app.schema.notices import topic
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Noted
from app.schema.wording import Label
from app.schema.workflow import Move, Return, Step, Workflow
from models.claims.states import CauseClass, Control, ReviewState
from models.people.ownership import take

if TYPE_CHECKING:
    from models.claims.claim import Claim
    from models.people.person import Person

S = ReviewState
INVOLVED = ("add", "approve", "refuse", "pay")
"""Whoever took one of these steps of a claim is no judge of it."""
ADVISED = topic("claims.advised", "A case review has advice for me", "Review %(review)s advises: %(control)s")


def _tell(review: "CaseReview", move: Move) -> None:
    """The advice is for somebody, who is told of it."""
    move.session.flush()
    if review.addressee is not None and review.addressee.user_id is not None:
        about = ADVISED.says(review=review.number, control=Label(review.control.label))
        key = f"claims.case_review/{review.number}"
        tell(move.session, key, review.addressee.user_id, about, review.advice, row=review)


class CaseReview(Owned, Noted, Record):
    """A look back at one claim by somebody who had no part in it, with advice on how such losses are kept in check.

    `owner` is the reviewer; the database itself refuses one who entered, decided or paid the claim. `addressee` is who
    is to act on the advice, by the day it is `due_on`.
    """

    number: Mapped[str] = serial("CRV-{year}-{seq:05}")
    claim_id: Mapped[int] = ref("claim")
    claim: Mapped["Claim"] = relationship()
    found: Mapped[LongText]
    cause_class: Mapped[CauseClass] = choice(CauseClass)
    control: Mapped[Control] = choice(Control)
    advice: Mapped[LongText]
    addressee_id: Mapped[int] = ref("person")
    addressee: Mapped["Person"] = relationship()
    due_on: Mapped[Day]
    state: Mapped[ReviewState] = starts_at(S.DRAFT)

    grants = Grants(work=(Role.INSPECTOR, Role.SUPERVISOR), see=(Role.CLAIMS, Role.UNDERWRITER))
    panel = Panel(
        menu=Menu("Claims", icon="clipboard-check", order=46),
        title="number",
        columns=("number", "claim_id", "cause_class", "control", "addressee_id", "due_on", "owner_id", "state"),
        search=("number", "claim.number"),
        form=(
            Group("Case review", "claim_id", "found", "cause_class"),
            Group("Control advice", "control", "advice", "addressee_id", "due_on", "remark"),
        ),
        facts=("number", "owner_id"),
        fixed=("claim_id",),
    )
    workflow = Workflow(
        Step(
            "submit",
            S.DRAFT,
            S.SUBMITTED,
            by=(Role.INSPECTOR, Role.SUPERVISOR),
            not_by=tuple(f"claim.{step}" for step in INVOLVED),
            effect=take,
        ),
        Return("send_back", S.SUBMITTED, S.DRAFT, by=Role.MANAGER, label="Back to the reviewer"),
        Step("accept", S.SUBMITTED, S.ACCEPTED, by=Role.MANAGER, not_by="submit", effect=_tell),
        Step("done", S.ACCEPTED, S.DONE, by=(Role.INSPECTOR, *LEADERS), label="Advice is carried out"),
        frozen=S.SUBMITTED | S.ACCEPTED | S.DONE,
        waits=S.DRAFT | S.ACCEPTED,
        due="due_on",
    )


APART = (
    "owner_id",
    "claim_id",
    "claim",
    tuple(name if name == "add" else f"step:{name}" for name in INVOLVED),
    ("state",),
)
keep_apart(
    CaseReview.__table__, *APART, "who entered, decided or paid the claim does not review it; choose somebody else"
)
