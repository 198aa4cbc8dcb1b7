"""Customer: a person, household or firm with everything needed to reach and serve them."""

from sqlalchemy.orm import Mapped, mapped_column

from app.schema.conditions import If
from app.schema.fields import Rule
from app.schema.grants import Grants
from app.schema.kinds import (
    Address,
    Day,
    Email,
    Money,
    Phone,
    Quantity,
    ShortText,
    choice,
    id_number,
    serial,
    starts_at,
)
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import LEADERS, Role, Scope
from app.schema.rows import Owned
from app.schema.traits import Extendable, Noted, Spelt
from app.schema.transfer import Transfer
from app.schema.workflow import Step, Workflow
from models.customers.states import CustomerKind, CustomerState, Gender

KEEPERS = (Role.RENEWAL, Role.SALES, Role.SERVICE, *LEADERS)


class Customer(Owned, Noted, Spelt, Extendable, Record):
    """A customer's file. Its keeper sees it, and whoever works one of the customer's contracts or renewals.

    `income` is a year's; `lifetime_value` what the customer is expected to be worth, as other systems reckon it.
    """

    number: Mapped[str] = serial("CUS-{year}-{seq:06}")
    name: Mapped[ShortText]
    kind: Mapped[CustomerKind] = choice(CustomerKind, default=CustomerKind.INDIVIDUAL)
    phone: Mapped[Phone | None] = mapped_column(index=True)
    email: Mapped[Email | None]
    address: Mapped[Address | None]
    region: Mapped[ShortText | None]
    id_number: Mapped[str | None] = id_number(passports=True)
    gender: Mapped[Gender | None] = choice(Gender)
    birth_on: Mapped[Day | None]
    income: Mapped[Money | None]
    lifetime_value: Mapped[Quantity | None]
    reviewed_on: Mapped[Day | None]
    state: Mapped[CustomerState] = starts_at(CustomerState.NEW)

    seen_through = ("contract.customer_id", "renewal.customer_id")
    # The front desk finds whoever calls.
    grants = Grants(
        work=(Role.RENEWAL, Role.SALES, Role.SERVICE),
        see=(Role.CLAIMS, Role.OPERATIONS, Role.UNDERWRITER, Role.FINANCE, Role.INSPECTOR, Role.ADMIN),
        scopes={Role.SERVICE: Scope.ALL},
        reveal=(Role.RENEWAL, Role.SALES, Role.SERVICE, Role.CLAIMS),
    )
    fields = (
        Rule("id_number", read=(*KEEPERS, Role.UNDERWRITER)),
        Rule("birth_on", read=(*KEEPERS, Role.UNDERWRITER), shown=If("kind", CustomerKind.INDIVIDUAL)),
        Rule("gender", shown=If("kind", CustomerKind.INDIVIDUAL)),
        Rule("income", read=(*KEEPERS, Role.UNDERWRITER)),
        Rule("lifetime_value", read=(*KEEPERS, Role.UNDERWRITER)),
    )
    transfer = Transfer(key="number")
    panel = Panel(
        menu=Menu("Customers", icon="address-book", order=10),
        title="name",
        columns=("number", "name", "kind", "phone", "region", "state"),
        search=("number", "name", "phone"),
        form=(
            Group("Customer", "name", "kind", "gender", "birth_on", "id_number"),
            Group("How to reach", "phone", "email", "address", "region"),
            Group("Worth", "income", "lifetime_value", "remark"),
        ),
        facts=("number", "reviewed_on"),
        related=(
            Related("contact_person", "customer_id"),
            Related("contract", "customer_id"),
            Related("renewal", "customer_id"),
            Related("contact", "customer_id"),
        ),
    )
    workflow = Workflow(
        Step(
            "confirm",
            CustomerState.NEW | CustomerState.CONFIRMED | CustomerState.DORMANT,
            CustomerState.CONFIRMED,
            by=(Role.RENEWAL, Role.SALES, Role.SERVICE, Role.SUPERVISOR),
            asks=("reviewed_on",),
            label="Confirm after review",
        ),
        Step(
            "rest",
            CustomerState.CONFIRMED,
            CustomerState.DORMANT,
            by=(Role.SUPERVISOR, Role.MANAGER),
            asks=("reason",),
            label="Put to rest",
            tone="secondary",
        ),
        waits=(),
    )
