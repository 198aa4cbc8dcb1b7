"""Coverage: something a product pays for, and how much of it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.kinds import Code, Money, Percent, ShortText, WholeNumber, choice, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line
from app.schema.rules import PerDialect
from models.products.states import DeductiblePer

if TYPE_CHECKING:
    from models.products.product_version import ProductVersion

SHARE, WEAR = "share > 0 AND share <= {}", "depreciation >= 0 AND depreciation <= {}"
"""Per cent; SQLite keeps hundredths."""


class Coverage(Line):
    """A coverage of a version. An empty limit is none.

    `share` is the insurer's part of what exceeds the deductible; `depreciation` is taken off per month of use begun;
    `per_item`, `per_claim` and `aggregate` (of the term of a contract) are the most that is paid. Losses within
    `waiting_days` of the start of a contract that continues no other are not covered.
    """

    parent = "product_version_id"

    __table_args__: Any = (
        UniqueConstraint("product_version_id", "code"),
        CheckConstraint("deductible >= 0", name="deductible_is_not_negative"),
        CheckConstraint(PerDialect(SHARE.format(100), SHARE.format(10_000)), name="share_is_above_0_and_at_most_100"),
        CheckConstraint(PerDialect(WEAR.format(100), WEAR.format(10_000)), name="depreciation_is_from_0_to_100"),
        CheckConstraint("per_item > 0 AND per_claim > 0 AND aggregate > 0", name="limits_are_above_0"),
        CheckConstraint("waiting_days >= 0", name="waiting_days_are_not_negative"),
        {"extend_existing": False},
    )

    product_version_id: Mapped[int] = ref("product_version", ondelete="CASCADE")
    product_version: Mapped["ProductVersion"] = relationship()
    code: Mapped[Code]
    name: Mapped[ShortText]
    deductible: Mapped[Money] = mapped_column(default=Decimal(0))
    deductible_per: Mapped[DeductiblePer] = choice(DeductiblePer, default=DeductiblePer.CLAIM)
    share: Mapped[Percent] = mapped_column(default=Decimal(100))
    depreciation: Mapped[Percent] = mapped_column(default=Decimal(0))
    per_item: Mapped[Money | None]
    per_claim: Mapped[Money | None]
    aggregate: Mapped[Money | None]
    waiting_days: Mapped[WholeNumber] = mapped_column(default=0)

    panel = Panel(
        title="name",
        columns=("code", "name", "deductible", "share", "per_claim", "aggregate", "waiting_days"),
        search=("code", "name"),
        form=(
            Group("Coverage", "product_version_id", "code", "name", "waiting_days"),
            Group("Borne by the insured", "deductible", "deductible_per", "share", "depreciation"),
            Group("Limits", "per_item", "per_claim", "aggregate"),
        ),
        fixed=("product_version_id",),
        order="id",
        labels={
            "share": "Insurer's share",
            "depreciation": "Depreciation a month",
            "per_item": "Limit per item",
            "per_claim": "Limit per claim",
            "aggregate": "Aggregate limit",
            "waiting_days": "Waiting period (days)",
        },
    )
