"""TransferFile: payouts handed to the bank together, each in one file and no other."""

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import files
from app.kernel.actor import on_behalf
from app.kernel.clock import house_day
from app.kernel.currency import HOUSE_CURRENCY
from app.kernel.settings import setting_value
from app.schema.errors import Refusal
from app.schema.fields import Rule
from app.schema.grants import Grants
from app.schema.kinds import Day, File, Money, WholeNumber, file, serial, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Shared
from app.schema.traits import Noted
from app.schema.workflow import Move, Step, Workflow
from models.claims.payout import Payout
from models.claims.states import PayoutMethod, TransferState

if TYPE_CHECKING:
    from collections.abc import Iterable

S = TransferState
HEADER = ("number", "payee", "account", "amount", "currency", "reference")


def _gather(transfer: "TransferFile", move: Move) -> None:
    """Put every payout by transfer that stands in no file yet into this one; two files at once share none.

    What another system has paid is known without its account, and is not paid again.
    """
    with on_behalf("payouts are handed to the bank"):
        ours = (Payout.method == PayoutMethod.TRANSFER, Payout.payee_account.is_not(None))
        waiting = (
            select(Payout)
            .where(*ours, Payout.transfer_file_id.is_(None))
            .order_by(Payout.id)
            .with_for_update(skip_locked=True)
        )
        found = move.session.scalars(waiting).all()
        if not found:
            raise Refusal("No payout waits to be transferred.")
        for payout in found:
            payout.transfer_file_id = transfer.id
        transfer.made_on, transfer.payouts = house_day(move.at), len(found)
        transfer.total = sum((payout.amount for payout in found), Decimal(0))
        body = _written(found, setting_value(move.session, HOUSE_CURRENCY))
        sent = files.Upload(io.BytesIO(body), f"{transfer.number}.csv")
        transfer.content = files.receive(move.session, sent)
        move.session.flush()


def _written(payouts: "Iterable[Payout]", currency: str) -> bytes:
    """The file as banks take it in: UTF-8, one payout a line, amounts with a point and two places."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(HEADER)
    for each in payouts:
        rows.writerow((each.number, each.payee, each.payee_account, f"{each.amount:.2f}", currency, each.number))
    return text.getvalue().encode()


class TransferFile(Shared, Noted, Record):
    """A file of payouts for the bank. `content` holds accounts: finance alone reads it."""

    __table_args__: Any = (
        CheckConstraint("payouts >= 0 AND total >= 0", name="sums_are_not_negative"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("TRF-{year}-{seq:06}")
    made_on: Mapped[Day | None]
    payouts: Mapped[WholeNumber] = mapped_column(default=0)
    total: Mapped[Money] = mapped_column(default=Decimal(0))
    content: Mapped[File | None] = file()
    state: Mapped[TransferState] = starts_at(S.OPEN)

    grants = Grants(work=(Role.FINANCE,), see=(Role.MANAGER, Role.INSPECTOR), lead=(), load=())
    fields = (
        Rule("content", read=(Role.FINANCE,), write=()),
        *(Rule(name, write=()) for name in ("made_on", "payouts", "total")),
    )
    panel = Panel(
        menu=Menu("Claims", icon="download", order=45),
        title="number",
        columns=("number", "made_on", "payouts", "total", "state"),
        search=("number",),
        form=(Group("Transfer file", "remark"),),
        facts=("number", "made_on", "payouts", "total", "content"),
        related=(Related("payout", "transfer_file_id"),),
        labels={"content": "File for the bank"},
    )
    workflow = Workflow(
        Step("draw_up", S.OPEN, S.DRAWN_UP, by=Role.FINANCE, effect=_gather),
        Step("send", S.DRAWN_UP, S.SENT, by=Role.FINANCE, label="Handed to the bank"),
        Step("confirm", S.SENT, S.CONFIRMED, by=Role.FINANCE, not_by="send", label="The bank has paid"),
        frozen=frozenset(S) - {S.OPEN},
    )
