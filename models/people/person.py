"""Person: a member of staff, with the sign-in that acts for him or her."""

from decimal import Decimal

from sqlalchemy.orm import Mapped, mapped_column

from app.schema.conditions import If
from app.schema.fields import Rule
from app.schema.grants import Grants
from app.schema.kinds import Code, Day, Email, Phone, ShortText, WholeNumber, YesNo, Zone, factor, ref, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import EVERYONE, LEADERS, Role
from app.schema.rows import Shared
from app.schema.traits import Extendable, Noted, Spelt
from app.schema.transfer import Transfer
from app.schema.workflow import Step, Workflow
from models.people.states import Employment


class Person(Shared, Noted, Spelt, Extendable, Record):
    """A member of staff. `skill` scales what he or she can carry (1.00 is normal); `present` false means on leave.

    `time_zone` is the clock he or she reads and writes moments on, where it is not the house's.
    """

    number: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText]
    user_id: Mapped[int | None] = ref("ab_user", ondelete="SET NULL")
    unit_id: Mapped[int] = ref("unit")
    post: Mapped[ShortText | None]
    phone: Mapped[Phone | None]
    email: Mapped[Email | None]
    joined_on: Mapped[Day | None]
    licence: Mapped[Code | None]
    licence_until: Mapped[Day | None]
    examined: Mapped[YesNo] = mapped_column(default=True)
    present: Mapped[YesNo] = mapped_column(default=True)
    daily_hours: Mapped[WholeNumber] = mapped_column(default=8)
    skill: Mapped[Decimal] = factor(default=1)
    time_zone: Mapped[Zone | None]
    state: Mapped[Employment] = starts_at(Employment.PROBATION)

    grants = Grants(see=EVERYONE, lead=(Role.MANAGER, Role.ADMIN), reveal=(Role.MANAGER, Role.ADMIN))
    # Colleagues find one another here; what the house knows of a person besides is for who leads and keeps the files.
    fields = (
        *(Rule(name, read=(*LEADERS, Role.ADMIN)) for name in ("phone", "joined_on", "skill", "daily_hours", "remark")),
        Rule("licence_until", required=If("licence", given=True)),
    )
    transfer = Transfer(key="number")
    panel = Panel(
        menu=Menu("Organisation", icon="users", order=20),
        title="name",
        columns=("number", "name", "unit_id", "post", "state", "present"),
        search=("number", "name"),
        form=(
            Group("Person", "number", "name", "unit_id", "post", "user_id", "phone", "email", "time_zone"),
            Group("Fitness to work", "joined_on", "licence", "licence_until", "examined"),
            Group("Capacity", "present", "daily_hours", "skill", "remark"),
        ),
        order="number",
        plural="People",
    )
    workflow = Workflow(
        Step("confirm", Employment.PROBATION, Employment.ACTIVE, by=Role.MANAGER, label="Confirm after probation"),
        Step("leave", Employment.PROBATION | Employment.ACTIVE, Employment.LEFT, by=Role.MANAGER, asks=("reason",)),
    )
