"""Paper: something a claimant has to show, and what we think of it."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.kinds import Day, File, ShortText, YesNo, file, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line
from models.claims.states import PaperStanding

if TYPE_CHECKING:
    from models.claims.claim import Claim


class Paper(Line):
    """A paper of a claim. A required one is accepted when it is here, authentic, complete and relevant.

    `hint` is what the customer is told of it, such as what is wrong with the one that came.
    """

    parent = "claim_id"

    claim_id: Mapped[int] = ref("claim", ondelete="CASCADE")
    claim: Mapped["Claim"] = relationship()
    name: Mapped[ShortText]
    required: Mapped[YesNo] = mapped_column(default=True)
    received_on: Mapped[Day | None]
    scan: Mapped[File | None] = file()
    authentic: Mapped[YesNo | None]
    complete: Mapped[YesNo | None]
    relevant: Mapped[YesNo | None]
    hint: Mapped[ShortText | None]

    panel = Panel(
        title="name",
        columns=("name", "required", "received_on", "scan", "authentic", "complete", "relevant"),
        search=("name",),
        form=(
            Group("Paper", "claim_id", "name", "required"),
            Group("Examination", "received_on", "scan", "authentic", "complete", "relevant", "hint"),
        ),
        fixed=("claim_id",),
        labels={"hint": "Told to the customer"},
        order="id",
    )

    @property
    def accepted(self) -> bool:
        """Whether the paper is here and stood the examination."""
        return self.received_on is not None and all((self.authentic, self.complete, self.relevant))

    @property
    def standing(self) -> PaperStanding:
        """What the customer is told of it: a paper that came and is not found wanting is looked at until it is."""
        if self.received_on is None:
            return PaperStanding.MISSING
        if self.relevant is False:
            return PaperStanding.WRONG
        if self.complete is False:
            return PaperStanding.INCOMPLETE
        if self.authentic is False:
            return PaperStanding.DOUBTED
        return PaperStanding.ACCEPTED if self.accepted else PaperStanding.RECEIVED
