"""Instalment: a part of the premium, and the day it is owed."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.schema.kinds import Day, Money, ref
from app.schema.panel import Panel
from app.schema.record import Line

if TYPE_CHECKING:
    from models.contracts.contract import Contract


class Instalment(Line):
    """What is owed of the premium on a day; drawn up when the policy is issued, paid by the contract's step."""

    parent = "contract_id"
    totals = ("amount",)

    __table_args__: Any = (
        UniqueConstraint("contract_id", "due_on"),
        CheckConstraint("amount > 0", name="amount_is_above_0"),
        {"extend_existing": False},
    )

    contract_id: Mapped[int] = ref("contract", ondelete="CASCADE")
    contract: Mapped["Contract"] = relationship()
    due_on: Mapped[Day]
    amount: Mapped[Money]
    paid_on: Mapped[Day | None]

    panel = Panel(
        title="due_on",
        columns=("due_on", "amount", "paid_on"),
        facts=("due_on", "amount", "paid_on"),
        order="due_on",
    )
