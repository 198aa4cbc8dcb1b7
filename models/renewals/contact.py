"""Contact: one talk with a customer, what was said, and when to talk again."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.actor import current_actor
from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, Moment, choice, ref
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import SPECIALISTS, Role
from app.schema.rows import Owned
from models.renewals.states import ContactChannel, Intent

if TYPE_CHECKING:
    from models.customers.customer import Customer
    from models.renewals.renewal import Renewal


class Contact(Owned, Record):
    """An entry of the contact log; it is not changed afterwards.

    Contacts about a renewal are written by its steps and go along when it is handed over: `owner` is whoever works the
    renewal now, `made_by_id` who talked. `contacted_on` is the day on the house's clock, `at` the moment where known.
    """

    customer_id: Mapped[int] = ref("customer")
    customer: Mapped["Customer"] = relationship()
    renewal_id: Mapped[int | None] = ref("renewal")
    renewal: Mapped["Renewal | None"] = relationship()
    made_by_id: Mapped[int | None] = ref("ab_user", ondelete="SET NULL", default=lambda: current_actor().user_id)
    contacted_on: Mapped[Day] = mapped_column(index=True)
    at: Mapped[Moment | None]
    channel: Mapped[ContactChannel] = choice(ContactChannel)
    feedback: Mapped[LongText | None]
    intent: Mapped[Intent | None] = choice(Intent)
    next_on: Mapped[Day | None]

    grants = Grants(work=SPECIALISTS, see=(Role.INSPECTOR, Role.ADMIN))
    panel = Panel(
        menu=Menu("Customers", icon="phone", order=20),
        columns=("contacted_on", "customer_id", "channel", "intent", "next_on", "owner_id"),
        search=("customer.name", "customer.number"),
        form=(Group("Contact", "customer_id", "contacted_on", "channel", "feedback", "intent", "next_on"),),
        facts=("renewal_id", "made_by_id", "at"),
        fixed=("customer_id", "contacted_on", "channel", "feedback", "intent", "next_on"),
        order="-id",
    )
