"""Gizmo: what a newcomer writes in half an hour. Declared only by `test_throwaway`, in processes of its own."""

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.clocks import Counted, Sla
from app.schema.grants import Grants
from app.schema.kinds import BankAccount, Code, Day, Money, ShortText, State, WholeNumber, ref, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Line, Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.transfer import Transfer
from app.schema.workflow import Step, Workflow
from models.contracts.contract import Contract


class GizmoState(State):
    """Where a gizmo stands."""

    WANTED, LENT, BACK, CHARGED = "wanted", "lent", "back", "charged"


OVER = GizmoState.BACK | GizmoState.CHARGED


class Gizmo(Owned, Record):
    """A thing lent to a customer while his own is repaired; it lives from the wish to the bill."""

    code: Mapped[Code] = mapped_column(unique=True)
    contract_id: Mapped[int] = ref("contract")
    contract: Mapped[Contract] = relationship()
    lent_on: Mapped[Day | None]
    back_by: Mapped[Day | None]
    deposit: Mapped[Money]
    refund_account: Mapped[BankAccount | None]
    state: Mapped[GizmoState] = starts_at(GizmoState.WANTED)

    grants = Grants(work=(Role.SERVICE, Role.CLAIMS), see=(Role.FINANCE,))
    transfer = Transfer(key="code")
    panel = Panel(
        menu=Menu("Claims", icon="tool"),
        title="code",
        columns=("code", "contract_id", "deposit", "lent_on", "state"),
        search=("code", "contract.number"),
        form=(Group("Gizmo", "code", "contract_id", "deposit", "refund_account"),),
    )
    workflow = Workflow(
        Step("lend", GizmoState.WANTED, GizmoState.LENT, by=(Role.SERVICE, Role.CLAIMS), asks=("lent_on", "back_by")),
        Step("take_back", GizmoState.LENT, GizmoState.BACK, by=Role.SERVICE),
        Step("charge", GizmoState.BACK, GizmoState.CHARGED, by=Role.FINANCE, not_by="take_back"),
        Step("lose", GizmoState.LENT, GizmoState.CHARGED, by=Role.SUPERVISOR, asks=("reason",), tone="danger"),
        clocks=(Sla("loan", since=GizmoState.LENT, until=OVER, promise="back_by", on=Counted.CALENDAR_DAYS),),
    )


class GizmoPart(Line):
    """A part that came with it."""

    parent = "gizmo_id"
    gizmo_id: Mapped[int] = ref("gizmo", ondelete="CASCADE")
    name: Mapped[ShortText]
    count: Mapped[WholeNumber] = mapped_column(default=1)

    panel = Panel(title="name", columns=("name", "count"), form=(Group("", "name", "count"),))
