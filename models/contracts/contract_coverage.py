"""ContractCoverage: a coverage as a contract has it, and what claims have drawn from it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.fields import Rule
from app.schema.kinds import Money, ShortText, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line

if TYPE_CHECKING:
    from models.contracts.contract import Contract
    from models.products.coverage import Coverage


class ContractCoverage(Line):
    """A coverage of a contract. `aggregate` is the most that is paid under it in the whole term.

    `drawn` is what has been approved of it, paid or not; claims alone write it, and the database keeps it within the
    aggregate whatever two approvals at once may think is left.
    """

    parent = "contract_id"

    __table_args__: Any = (
        UniqueConstraint("contract_id", "coverage_id"),
        CheckConstraint("sum_insured > 0 AND aggregate > 0", name="amounts_are_above_0"),
        CheckConstraint("drawn >= 0", name="drawn_is_not_negative"),
        CheckConstraint("drawn <= aggregate", name="no_more_is_drawn_than_the_aggregate_limit"),
        {"extend_existing": False},
    )

    contract_id: Mapped[int] = ref("contract", ondelete="CASCADE")
    contract: Mapped["Contract"] = relationship()
    coverage_id: Mapped[int] = ref("coverage")
    coverage: Mapped["Coverage"] = relationship()
    name: Mapped[ShortText]
    sum_insured: Mapped[Money | None]
    aggregate: Mapped[Money | None]
    drawn: Mapped[Money] = mapped_column(default=Decimal(0))

    fields = (Rule("drawn", write=()),)
    panel = Panel(
        title="name",
        columns=("name", "coverage_id", "sum_insured", "aggregate", "drawn"),
        search=("name",),
        form=(Group("Coverage", "contract_id", "coverage_id", "name", "sum_insured", "aggregate"),),
        facts=("drawn",),
        fixed=("contract_id",),
        order="id",
        label="Coverage of a contract",
        plural="Coverages of a contract",
        labels={"aggregate": "Aggregate limit", "drawn": "Drawn by claims"},
    )
