"""Target: the premium somebody is to bring in a month."""

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, object_session, relationship

from app.kernel.actor import current_actor
from app.schema.grants import Grants
from app.schema.kinds import Money, Month, ref, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import LEADERS, SPECIALISTS, Role
from app.schema.rows import Owned
from app.schema.traits import Noted
from app.schema.workflow import Return, Step, Workflow
from models.sales.states import TargetState

S = TargetState


def _unfit(target: "Target") -> str | None:
    """Why a part cannot come into force: the whole is open, or the parts do not make it up."""
    whole, session = target.whole, object_session(target)
    if whole is None or session is None:
        return "Choose the target this is a part of; one that stands alone is set by the manager."
    if target.owner_id == current_actor().user_id:
        return "Your own target is set by the manager."
    if whole.state != S.IN_FORCE:
        return "The target this is a part of is not in force."
    if (whole.month, whole.product_id) != (target.month, target.product_id):
        return "A part has the month and the product of its whole."
    parts = select(func.coalesce(func.sum(Target.amount), Decimal(0))).where(Target.whole_id == whole.id)
    return None if session.scalar(parts) == whole.amount else "The parts do not sum to the whole."


class Target(Owned, Noted, Record):
    """What `owner` is to bring in a month, of one product or of all.

    The manager sets targets; a supervisor breaks his or her own down into parts, which together make up the whole.
    """

    __table_args__: Any = (
        UniqueConstraint("owner_id", "month", "product_id"),
        # The constraint above lets several rows without a product pass: to it, no two of them are alike.
        Index(
            "uq_target_all_products",
            "owner_id",
            "month",
            unique=True,
            sqlite_where=text("product_id IS NULL"),
            postgresql_where=text("product_id IS NULL"),
        ),
        CheckConstraint("amount > 0", name="amount_is_above_0"),
        {"extend_existing": False},
    )

    month: Mapped[Month]
    product_id: Mapped[int | None] = ref("product")
    amount: Mapped[Money]
    whole_id: Mapped[int | None] = ref("target")
    whole: Mapped["Target | None"] = relationship(remote_side="Target.id")
    state: Mapped[TargetState] = starts_at(S.DRAFT)

    grants = Grants(see=(*SPECIALISTS, Role.INSPECTOR), lead=LEADERS)
    panel = Panel(
        menu=Menu("Sales", icon="target", order=30),
        title="month",
        columns=("month", "owner_id", "product_id", "amount", "whole_id", "state"),
        search=("month",),
        form=(Group("Target", "month", "owner_id", "product_id", "amount", "whole_id", "remark"),),
        related=(Related("target", "whole_id"),),
        order="-month",
        labels={"month": "Target month"},
    )
    workflow = Workflow(
        Step("set", S.DRAFT, S.IN_FORCE, by=Role.MANAGER, label="Put in force"),
        Step("break_down", S.DRAFT, S.IN_FORCE, by=Role.SUPERVISOR, when=_unfit, label="Put part in force"),
        Return("withdraw", S.IN_FORCE, S.DRAFT, by=Role.MANAGER, tone="danger"),
        frozen=S.IN_FORCE,
        waits=(),
    )
