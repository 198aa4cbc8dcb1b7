"""Recovery: money that comes back for a claim, from who is liable, for the wreck, or because too much was paid."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, func, select
from sqlalchemy.orm import Mapped, object_session, relationship

from app.kernel.actor import on_behalf
from app.schema.errors import Conflict
from app.schema.grants import Grants
from app.schema.kinds import Day, Money, ShortText, choice, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Noted
from app.schema.workflow import Move, Step, Workflow
from models.claims.payout import Payout
from models.claims.states import RecoveryKind, RecoveryState

if TYPE_CHECKING:
    from models.claims.claim import Claim

S = RecoveryState


def _unpaid(recovery: "Recovery") -> str | None:
    """Only what was paid can come back."""
    session = object_session(recovery)
    assert session is not None
    with on_behalf("a rule looks at all of a claim"):
        paid = session.scalar(select(Payout.id).where(Payout.claim_id == recovery.claim_id).limit(1))
    return None if paid else "Nothing has been paid for this claim yet."


def _receive(recovery: "Recovery", move: Move) -> None:
    """No more comes back for a claim than was paid for it, however many are received at once."""
    move.session.flush()
    with on_behalf("a rule looks at all of a claim"):
        move.session.refresh(recovery.claim, with_for_update=True)
        received = select(func.sum(Recovery.received)).where(
            Recovery.claim_id == recovery.claim_id, Recovery.state == S.RECEIVED
        )
        paid = select(func.sum(Payout.amount)).where(Payout.claim_id == recovery.claim_id)
        if (move.session.scalar(received) or Decimal(0)) > (move.session.scalar(paid) or Decimal(0)):
            raise Conflict("With what came back before, this is more than was paid for the claim.")


class Recovery(Owned, Noted, Record):
    """Money expected back for a claim; what was received of it lowers the net cost of the claim."""

    __table_args__: Any = (
        CheckConstraint("expected > 0", name="expected_is_above_0"),
        CheckConstraint("received > 0", name="received_is_above_0"),
        CheckConstraint("(received IS NULL) = (received_on IS NULL)", name="received_has_its_day"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("REC-{year}-{seq:06}")
    claim_id: Mapped[int] = ref("claim")
    claim: Mapped["Claim"] = relationship()
    kind: Mapped[RecoveryKind] = choice(RecoveryKind)
    debtor: Mapped[ShortText]
    expected: Mapped[Money]
    received: Mapped[Money | None]
    received_on: Mapped[Day | None]
    state: Mapped[RecoveryState] = starts_at(S.EXPECTED)

    grants = Grants(work=(Role.CLAIMS, Role.FINANCE), see=(Role.INSPECTOR,))
    panel = Panel(
        menu=Menu("Claims", icon="coin", order=42),
        title="number",
        columns=("number", "claim_id", "kind", "debtor", "expected", "received", "received_on", "state"),
        search=("number", "claim.number", "debtor"),
        form=(Group("Recovery", "claim_id", "kind", "debtor", "expected", "remark"),),
        facts=("number", "received", "received_on", "owner_id"),
        fixed=("claim_id",),
    )
    workflow = Workflow(
        Step(
            "demand",
            S.EXPECTED,
            S.CLAIMED,
            by=(Role.CLAIMS, Role.FINANCE),
            when=_unpaid,
            label="Claim it from the debtor",
        ),
        Step(
            "receive",
            S.EXPECTED | S.CLAIMED,
            S.RECEIVED,
            by=Role.FINANCE,
            when=_unpaid,
            asks=("received", "received_on"),
            effect=_receive,
            label="Money has come",
        ),
        Step(
            "give_up",
            S.EXPECTED | S.CLAIMED,
            S.GIVEN_UP,
            by=(Role.FINANCE, *LEADERS),
            asks=("reason",),
            label="Give it up",
            tone="danger",
        ),
        frozen=S.RECEIVED | S.GIVEN_UP,
    )
