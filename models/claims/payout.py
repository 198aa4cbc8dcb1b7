"""Payout: money that left the house for a claim."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.schema import triggers
from app.schema.documents import Document
from app.schema.grants import Grants
from app.schema.kinds import BankAccount, Day, Money, ShortText, WholeNumber, choice, ref, serial
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from models.claims.states import PayoutMethod

if TYPE_CHECKING:
    from models.claims.claim import Claim
    from models.claims.transfer_file import TransferFile


class Payout(Owned, Record):
    """A payment under a claim, one for each round of it: the database refuses a second.

    It is written by the step that pays the claim, and by nothing and nobody else; it is never changed, but that it
    goes into a file for the bank. Payouts that another system made come in with its claims, without the account they
    went to.
    """

    __table_args__: Any = (
        UniqueConstraint("claim_id", "round"),
        CheckConstraint("amount > 0", name="amount_is_above_0"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("PAY-{year}-{seq:06}")
    claim_id: Mapped[int] = ref("claim")
    claim: Mapped["Claim"] = relationship()
    round: Mapped[WholeNumber]
    amount: Mapped[Money]
    payee: Mapped[ShortText]
    payee_account: Mapped[BankAccount | None]
    method: Mapped[PayoutMethod] = choice(PayoutMethod)
    paid_on: Mapped[Day]
    transfer_file_id: Mapped[int | None] = ref("transfer_file")
    transfer_file: Mapped["TransferFile | None"] = relationship()

    grants = Grants(see=(Role.CLAIMS, Role.FINANCE, Role.INSPECTOR, *LEADERS), lead=(), load=(), reveal=(Role.FINANCE,))
    documents = (
        Document(
            "receipt",
            "Receipt of payment",
            to=lambda payout: str(payout.payee),
            groups=(Group("", "claim_id", "payee", "payee_account", "method", "amount", "paid_on"),),
        ),
    )
    panel = Panel(
        menu=Menu("Claims", icon="cash", order=40),
        title="number",
        columns=("number", "claim_id", "amount", "payee", "method", "paid_on"),
        search=("number", "claim.number", "payee"),
        facts=("claim_id", "round", "amount", "payee", "payee_account", "method", "paid_on", "transfer_file_id"),
    )


PAID_BY = "created_by_id"
triggers.refuse(
    Payout.__table__,
    "nobody_pays_what_he_or_she_entered",
    "NEW.payee_account IS NOT NULL AND EXISTS "  # or another system has paid it
    "(SELECT 1 FROM claim WHERE id = NEW.claim_id AND created_by_id = NEW.created_by_id)",
    "nobody pays a claim he or she has entered",
    PAID_BY,
)
triggers.refuse(
    Payout.__table__,
    "nobody_pays_what_he_or_she_approved",
    "EXISTS (SELECT 1 FROM approval WHERE record = 'claim' AND row_id = NEW.claim_id AND void_at IS NULL "
    "AND user_id = NEW.created_by_id)",
    "nobody pays a claim he or she has approved",
    PAID_BY,
)
