"""The renewal rate and what it leaves out, in SQL by sets: the twins of `rules.is_renewed` and `rules.LeftOut`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Case, Subquery, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.access import reachable
from app.kernel.actor import on_behalf
from app.kernel.days import DaysBetween
from models.contracts import Contract
from models.contracts.states import ContractState as S
from models.products import Product
from models.renewals.renewal import Renewal
from models.renewals.rules import LeftOut


def left_out(contract: Any = Contract, product: Any = Product) -> Case[Any]:
    """Why a contract is no case for renewal, the first reason of several; NULL where it is one."""
    type_ = Renewal.left_out.type
    return case(
        (or_(contract.cancelled_on.is_not(None), contract.state == S.CANCELLED), literal(LeftOut.CANCELLED, type_)),
        (
            or_(contract.object_gone_on.is_not(None), contract.state == S.OBJECT_GONE),
            literal(LeftOut.OBJECT_GONE, type_),
        ),
        (product.renewable.is_(False), literal(LeftOut.NOT_RENEWABLE, type_)),
        (contract.declined_by_us.is_(True), literal(LeftOut.DECLINED_BY_US, type_)),
        else_=None,
    )


def renewed(grace_days: int) -> Subquery:
    """The renewals that count as renewed, by `renewal_id`, with the `premium` of what succeeded them.

    A linked successor, paid, not voided, that starts by expiry + 1 day + grace. `on_time` is 1 where that holds
    without grace as well.
    """
    after = aliased(Contract)
    late = DaysBetween(after.starts_on, Renewal.expires_on) - 1
    return (
        select(
            Renewal.id.label("renewal_id"),
            func.sum(after.premium).label("premium"),
            func.max(case((late <= 0, 1), else_=0)).label("on_time"),
        )
        .join(after, after.predecessor_id == Renewal.contract_id)
        .where(after.paid_on.is_not(None), after.voided_on.is_(None), late <= grace_days)
        .group_by(Renewal.id)
        .subquery("renewed")
    )


def counted(session: Session, statement: Any) -> Sequence[Any]:
    """Run a statement of sums over the renewals the current actor sees.

    Whether one is renewed counts even where the successor itself is another's and not to be seen.
    """
    seen = reachable("read", Renewal)
    with on_behalf("renewals are counted"):
        return session.execute(statement.where(seen)).all()
