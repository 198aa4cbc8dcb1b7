"""Contract: cover sold to a customer for a term, and the link to the contract it continues."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.actor import on_behalf
from app.kernel.workflow import adopt, publish
from app.schema.documents import Document
from app.schema.grants import Grants
from app.schema.kinds import Day, Money, Plate, Quantity, ShortText, Vin, YesNo, choice, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import Role, Scope
from app.schema.rows import Owned
from app.schema.traits import Extendable, Noted
from app.schema.transfer import Transfer
from app.schema.workflow import Move, Step, Workflow
from models.contracts import issuing
from models.contracts.events import ContractCancelled, ContractVoided, InsuredObjectGone, RenewalRefused
from models.contracts.states import Billing, Channel, ContractState

if TYPE_CHECKING:
    from models.customers.customer import Customer
    from models.products.product import Product
    from models.products.product_version import ProductVersion

S = ContractState
RUNNING = S.IN_FORCE | S.RENEWED


def _lacks_successor(contract: Any) -> str | None:
    paid = any(s.paid_on and not s.voided_on for s in contract.successors)
    return None if paid else "A paid successor must be linked first: close the renewal."


def _void(contract: Any, move: Move) -> None:
    """What never held continues nothing: the contract before it is in force again, without successor."""
    move.session.flush()
    publish(move.session, ContractVoided(contract.id))
    with on_behalf("its successor is voided"):
        before = contract.predecessor
        if before is not None and before.state == S.RENEWED and _lacks_successor(before):
            adopt(move.session, before, S.IN_FORCE)
            move.session.flush()


def _refuse_renewal(contract: Any, move: Move) -> None:
    contract.declined_by_us = True


def _holder(contract: Any) -> str:
    return str(contract.customer.name)


POLICY = Document(
    "policy",
    "Policy",
    to=_holder,
    groups=(
        Group("Contract", "customer_id", "product_id", "coverage", "starts_on", "expires_on"),
        Group("Price", "premium", "billing", "instalment"),
        Group("Insured object", "object_class", "object_size", "plate", "vin"),
    ),
    lines={
        "contract_coverage": ("name", "sum_insured", "aggregate"),
        "insured_object": ("name", "serial_number", "plate", "vin", "worth"),
        "instalment": ("due_on", "amount"),
    },
    right="edit",
    states=RUNNING,
)


class Contract(Owned, Noted, Extendable, Record):
    """Cover of one object for one term; `expires_on` is the last day covered.

    `premium` is the price of the whole term, `instalment` what is due each billing period. `claims_amount` is the
    total claimed under it, with the six decimals other systems deliver: rounding each would falsify the sum.
    `predecessor` is the contract this one continues, `product_version` the terms it was issued on; contracts of other
    systems come without terms.
    """

    __table_args__: Any = (
        CheckConstraint("expires_on >= starts_on", name="expires_after_it_starts"),
        CheckConstraint("premium >= 0 AND instalment >= 0", name="premium_is_not_negative"),
        CheckConstraint("predecessor_id <> id", name="continues_another"),
        Index("ix_contract_expiry", "expires_on", "id", "state"),  # of each day in the order of the list
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("C-{year}-{seq:07}")
    customer_id: Mapped[int] = ref("customer")
    customer: Mapped["Customer"] = relationship()
    product_id: Mapped[int] = ref("product")
    product: Mapped["Product"] = relationship()
    product_version_id: Mapped[int | None] = ref("product_version")
    product_version: Mapped["ProductVersion | None"] = relationship()
    coverage: Mapped[ShortText | None]
    starts_on: Mapped[Day]
    expires_on: Mapped[Day]
    billing: Mapped[Billing] = choice(Billing, default=Billing.SINGLE)
    instalment: Mapped[Money]
    premium: Mapped[Money]
    claims_amount: Mapped[Quantity] = mapped_column(default=0)
    channel: Mapped[Channel | None] = choice(Channel)
    object_class: Mapped[ShortText | None]
    object_size: Mapped[ShortText | None]
    plate: Mapped[Plate | None]
    vin: Mapped[Vin | None]
    predecessor_id: Mapped[int | None] = ref("contract")
    predecessor: Mapped["Contract | None"] = relationship(remote_side="Contract.id", back_populates="successors")
    successors: Mapped[list["Contract"]] = relationship(back_populates="predecessor", passive_deletes="all")
    paid_on: Mapped[Day | None]
    cancelled_on: Mapped[Day | None]
    object_gone_on: Mapped[Day | None]
    voided_on: Mapped[Day | None]
    declined_by_us: Mapped[YesNo] = mapped_column(default=False)
    state: Mapped[ContractState] = starts_at(S.DRAFT)

    seen_through = ("renewal.contract_id", "renewal.successor_id", "claim.contract_id")
    # The front desk finds whoever calls; operations issue and deliver for everybody.
    grants = Grants(
        work=(Role.SALES, Role.OPERATIONS),
        see=(
            Role.RENEWAL,
            Role.SERVICE,
            Role.CLAIMS,
            Role.UNDERWRITER,
            Role.FINANCE,
            Role.INSPECTOR,
            Role.ADMIN,
        ),
        scopes={Role.SERVICE: Scope.ALL, Role.OPERATIONS: Scope.ALL},
    )
    transfer = Transfer(key="number")
    documents = (POLICY,)
    panel = Panel(
        menu=Menu("Contracts", icon="file-certificate", order=10),
        title="number",
        columns=("number", "customer_id", "product_id", "premium", "starts_on", "expires_on", "state"),
        search=("number", "customer.name", "customer.phone", "plate"),
        form=(
            Group("Contract", "customer_id", "product_id", "coverage", "starts_on", "expires_on", "channel"),
            Group("Price", "premium", "billing", "instalment"),
            Group("Insured object", "object_class", "object_size", "plate", "vin", "remark"),
        ),
        facts=(
            "number",
            "product_version_id",
            "predecessor_id",
            "paid_on",
            "claims_amount",
            "cancelled_on",
            "object_gone_on",
            "voided_on",
            "declined_by_us",
        ),
        fixed=("customer_id", "product_id"),
        related=(
            Related("claim", "contract_id"),
            Related("renewal", "contract_id"),
            Related("contract", "predecessor_id"),
        ),
    )
    workflow = Workflow(
        Step(
            "issue",
            S.DRAFT,
            S.IN_FORCE,
            by=(Role.OPERATIONS, Role.SUPERVISOR),
            asks=("paid_on?",),
            effect=issuing.issue,
            label="Issue the policy",
        ),
        Step(
            "record_payment",
            S.IN_FORCE,
            S.IN_FORCE,
            by=(Role.OPERATIONS, Role.FINANCE),
            asks=("paid_on",),
            effect=issuing.receive,
        ),
        Step("renew", S.IN_FORCE | S.LAPSED, S.RENEWED, by=Role.MANAGER, when=_lacks_successor, label="Mark renewed"),
        Step(
            "decline_renewal",
            S.IN_FORCE,
            S.IN_FORCE,
            by=(Role.UNDERWRITER, Role.MANAGER),
            asks=("reason",),
            effect=_refuse_renewal,
            publishes=RenewalRefused,
            tone="danger",
        ),
        Step(
            "cancel",
            RUNNING,
            S.CANCELLED,
            by=(Role.SUPERVISOR, Role.MANAGER),
            asks=("cancelled_on", "reason"),
            publishes=ContractCancelled,
            label="Cancel the cover",
            tone="danger",
        ),
        Step(
            "object_gone",
            RUNNING,
            S.OBJECT_GONE,
            by=(Role.OPERATIONS, Role.SUPERVISOR),
            asks=("object_gone_on", "reason"),
            publishes=InsuredObjectGone,
            tone="danger",
        ),
        Step(
            "void",
            S.DRAFT | RUNNING,
            S.VOIDED,
            by=Role.MANAGER,
            asks=("voided_on", "reason"),
            effect=_void,
            tone="danger",
        ),
        frozen=frozenset(S) - {S.DRAFT},
    )
