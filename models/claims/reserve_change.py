"""ReserveChange: how much was set aside for a claim, from when on."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, relationship

from app.schema.kinds import Moment, Money, ref
from app.schema.panel import Panel
from app.schema.record import Line

if TYPE_CHECKING:
    from models.claims.claim import Claim


class ReserveChange(Line):
    """The outstanding amount of a claim as it rose or fell; written along with the claim, by nobody, never changed."""

    parent = "claim_id"

    __table_args__: Any = (
        CheckConstraint("previous >= 0 AND amount >= 0", name="reserves_are_not_negative"),
        Index("ix_reserve_change_moved_at", "moved_at"),
        {"extend_existing": False},
    )

    claim_id: Mapped[int] = ref("claim", ondelete="CASCADE")
    claim: Mapped["Claim"] = relationship()
    moved_at: Mapped[Moment]
    previous: Mapped[Money]
    amount: Mapped[Money]

    panel = Panel(
        title="moved_at",
        columns=("moved_at", "previous", "amount"),
        facts=("moved_at", "previous", "amount"),
        order="id",
        label="Change of the reserve",
        plural="Changes of the reserve",
    )
