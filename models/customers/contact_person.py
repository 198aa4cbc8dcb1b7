"""ContactPerson: somebody who speaks for a customer."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.kinds import Email, Phone, ShortText, YesNo, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line

if TYPE_CHECKING:
    from models.customers.customer import Customer


class ContactPerson(Line):
    """A member of the household, or of the firm, who may be called; `preferred` is called first."""

    parent = "customer_id"

    customer_id: Mapped[int] = ref("customer", ondelete="CASCADE")
    customer: Mapped["Customer"] = relationship()
    name: Mapped[ShortText]
    relation: Mapped[ShortText | None]
    phone: Mapped[Phone | None]
    email: Mapped[Email | None]
    preferred: Mapped[YesNo] = mapped_column(default=False)

    panel = Panel(
        title="name",
        columns=("name", "relation", "phone", "preferred"),
        search=("name",),
        form=(Group("Contact person", "customer_id", "name", "relation", "phone", "email", "preferred"),),
        fixed=("customer_id",),
    )
