"""ProductVersion: the terms a product is sold on from a day on."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.grants import Grants
from app.schema.kinds import Day, ShortText, WholeNumber, YesNo, choice, ref, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import EVERYONE, Role
from app.schema.rows import Shared
from app.schema.traits import Noted
from app.schema.workflow import Step, Workflow
from models.products.states import ProductState, WaterfallOrder

if TYPE_CHECKING:
    from models.products.product import Product

S = ProductState


class ProductVersion(Shared, Noted, Record):
    """The terms of contracts that start on `starts_on` or later: coverages, exclusions and the order of the waterfall.

    Contracts stand on the version they were issued on, so it is changed as a draft alone; better terms are a new
    version. `fast_lane` says whether small claims under it may be settled by one person at once.
    """

    __table_args__: Any = (
        UniqueConstraint("product_id", "edition"),
        CheckConstraint("edition > 0", name="edition_is_above_0"),
        {"extend_existing": False},
    )

    product_id: Mapped[int] = ref("product")
    product: Mapped["Product"] = relationship()
    edition: Mapped[WholeNumber] = mapped_column(default=1)
    name: Mapped[ShortText]
    starts_on: Mapped[Day]
    waterfall: Mapped[WaterfallOrder] = choice(WaterfallOrder, default=WaterfallOrder.DEDUCTIBLE_FIRST)
    fast_lane: Mapped[YesNo] = mapped_column(default=True)
    state: Mapped[ProductState] = starts_at(S.DRAFT)

    grants = Grants(see=EVERYONE, lead=(Role.MANAGER,))
    panel = Panel(
        menu=Menu("Products", icon="versions", order=20),
        title="name",
        columns=("name", "product_id", "edition", "starts_on", "fast_lane", "state"),
        search=("name", "product.name"),
        form=(Group("Terms", "product_id", "edition", "name", "starts_on", "waterfall", "fast_lane", "remark"),),
        fixed=("product_id",),
        label="Product version",
        labels={"waterfall": "Order of the payout", "fast_lane": "Fast lane for small claims"},
    )
    workflow = Workflow(
        Step("approve", S.DRAFT, S.APPROVED, by=Role.MANAGER),
        Step("sell", S.APPROVED, S.ON_SALE, by=Role.MANAGER, label="Put on sale"),
        Step(
            "withdraw",
            S.ON_SALE,
            S.WITHDRAWN,
            by=Role.MANAGER,
            asks=("reason",),
            label="Withdraw from sale",
            tone="danger",
        ),
        frozen=frozenset(S) - {S.DRAFT},
    )
