"""Survey: somebody goes and looks."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, relationship

from app.kernel.actor import on_behalf
from app.kernel.outbox import tell
from app.schema.errors import Conflict
from app.schema.grants import Grants
from app.schema.kinds import Day, File, LongText, Money, ShortText, image, ref, serial, signature, starts_at
from app.schema.notices import topic
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Attached
from app.schema.workflow import Move, Step, Workflow
from models.claims.states import OPEN, SurveyState

if TYPE_CHECKING:
    from models.claims.claim import Claim

S = SurveyState
REPORTED = topic(
    "claims.surveyed", "A survey of a claim of mine is reported", "Survey %(survey)s of claim %(claim)s is reported."
)


def _hand_over(survey: "Survey", move: Move) -> None:
    """What the surveyor found goes to the claim, and its owner is told."""
    move.session.flush()
    with on_behalf("a survey was reported"):
        claim = survey.claim
        if claim.state not in OPEN:
            raise Conflict("The claim has been decided meanwhile.")
        claim.assessed, claim.findings = survey.assessed, survey.findings
        move.session.flush()
        if claim.owner_id is not None:
            about = REPORTED.says(survey=survey.number, claim=claim.number)
            key = f"claims.survey/{survey.number}"
            tell(move.session, key, claim.owner_id, about, survey.findings or "", row=claim)


class Survey(Attached, Owned, Record):
    """An inspection of a loss that is complex or doubtful. `owner` is the surveyor, who reads the claim meanwhile.

    What it finds is handed to the claim, which is not decided before.
    """

    __table_args__: Any = (
        CheckConstraint("assessed >= 0", name="assessed_is_not_negative"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("SUR-{year}-{seq:06}")
    claim_id: Mapped[int] = ref("claim")
    claim: Mapped["Claim"] = relationship()
    purpose: Mapped[ShortText]
    place: Mapped[ShortText | None]
    visited_on: Mapped[Day | None]
    findings: Mapped[LongText | None]
    assessed: Mapped[Money | None]
    photo: Mapped[File | None] = image()
    signed: Mapped[File | None] = signature()
    state: Mapped[SurveyState] = starts_at(S.ASSIGNED)

    grants = Grants(work=(Role.CLAIMS,), see=(Role.INSPECTOR,))
    panel = Panel(
        menu=Menu("Claims", icon="eye", order=30),
        title="number",
        columns=("number", "claim_id", "purpose", "owner_id", "visited_on", "state"),
        search=("number", "claim.number"),
        form=(Group("Survey", "claim_id", "purpose", "place", "owner_id"),),
        facts=("number", "visited_on", "findings", "assessed", "photo", "signed"),
        fixed=("claim_id",),
        labels={"signed": "Signed by the claimant"},
    )
    workflow = Workflow(
        Step("visit", S.ASSIGNED, S.ON_SITE, by=Role.CLAIMS, asks=("visited_on",)),
        Step(
            "report",
            S.ON_SITE,
            S.REPORTED,
            by=Role.CLAIMS,
            asks=("findings", "assessed", "photo?", "signed?"),
            effect=_hand_over,
            label="Hand in the report",
        ),
        Step("cancel", S.ASSIGNED | S.ON_SITE, S.CANCELLED, by=LEADERS, asks=("reason",), tone="danger"),
        frozen=S.REPORTED | S.CANCELLED,
    )
