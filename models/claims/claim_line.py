"""ClaimLine: one thing lost, what is thought of it, and what is paid for it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.conditions import If
from app.schema.fields import Rule
from app.schema.kinds import LongText, Money, Percent, ShortText, choice, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line
from app.schema.rules import PerDialect
from models.claims.states import LineDecision

if TYPE_CHECKING:
    from models.claims.claim import Claim
    from models.contracts.contract_coverage import ContractCoverage
    from models.contracts.insured_object import InsuredObject

D = LineDecision
PART = tuple(f"depreciation >= 0 AND depreciation <= {whole}" for whole in (100, 10_000))
"""Of per cent; SQLite keeps hundredths."""


class ClaimLine(Line):
    """A line of a claim under a coverage of its contract.

    `accepted` is the part of the loss that is recognised: all of it where the line is approved, less where it is
    reduced. `payable` is what the waterfall makes of that, with `deductible` the part borne by the insured and `trace`
    the way there; an open line shows what it would come to. `drawn` is what the approval took from the limits, `paid`
    what of it has left the house. These five are worked out, never written by hand.
    """

    parent = "claim_id"
    totals = ("claimed", "accepted", "payable")

    __table_args__: Any = (
        CheckConstraint("claimed >= 0", name="claimed_is_not_negative"),
        CheckConstraint("accepted >= 0 AND accepted <= claimed", name="no_more_is_accepted_than_claimed"),
        CheckConstraint("salvage >= 0 AND third_party >= 0", name="what_others_pay_is_not_negative"),
        CheckConstraint(PerDialect(*PART), name="depreciation_is_from_0_to_100"),
        CheckConstraint("payable >= 0 AND payable <= claimed", name="no_more_is_payable_than_claimed"),
        CheckConstraint("paid >= 0 AND drawn >= 0", name="what_is_drawn_and_paid_is_not_negative"),
        {"extend_existing": False},
    )

    claim_id: Mapped[int] = ref("claim", ondelete="CASCADE")
    claim: Mapped["Claim"] = relationship()
    name: Mapped[ShortText]
    contract_coverage_id: Mapped[int | None] = ref("contract_coverage")
    contract_coverage: Mapped["ContractCoverage | None"] = relationship()
    insured_object_id: Mapped[int | None] = ref("insured_object")
    insured_object: Mapped["InsuredObject | None"] = relationship()
    claimed: Mapped[Money]
    depreciation: Mapped[Percent | None]
    salvage: Mapped[Money] = mapped_column(default=Decimal(0))
    third_party: Mapped[Money] = mapped_column(default=Decimal(0))
    decision: Mapped[LineDecision] = choice(LineDecision, default=D.OPEN)
    accepted: Mapped[Money | None]
    grounds: Mapped[LongText | None]
    deductible: Mapped[Money] = mapped_column(default=Decimal(0))
    payable: Mapped[Money | None]
    trace: Mapped[LongText | None]
    drawn: Mapped[Money] = mapped_column(default=Decimal(0))
    paid: Mapped[Money] = mapped_column(default=Decimal(0))

    fields = (
        Rule("accepted", required=If("decision", D.REDUCED)),
        Rule("grounds", required=If("decision", is_in=(D.REDUCED, D.REJECTED))),
        *(Rule(name, write=()) for name in ("deductible", "payable", "trace", "drawn", "paid")),
    )
    panel = Panel(
        title="name",
        columns=("name", "contract_coverage_id", "claimed", "decision", "accepted", "payable", "paid"),
        search=("name",),
        form=(
            Group("Loss", "claim_id", "name", "contract_coverage_id", "insured_object_id", "claimed"),
            Group("Taken off", "depreciation", "salvage", "third_party"),
            Group("Decision", "decision", "accepted", "grounds"),
        ),
        facts=("payable", "deductible", "trace", "drawn", "paid"),
        fixed=("claim_id",),
        order="id",
        labels={
            "accepted": "Accepted amount",
            "third_party": "Paid by third parties",
            "deductible": "Deductible borne",
            "trace": "How it is worked out",
        },
    )
