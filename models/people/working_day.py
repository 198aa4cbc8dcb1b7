"""Working day: a day on which the house keeps other hours than its week and the State Council's list say."""

from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.schema.clocks import WorkingHours
from app.schema.grants import REFERENCE
from app.schema.kinds import Day, choice
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.rows import Shared
from app.schema.traits import Noted
from app.schema.transfer import Transfer
from models.people.states import DayKind


class WorkingDay(Shared, Noted, Record):
    """The house's own day: off, or worked, with the hours of its week or those written here. Time limits obey it."""

    __table_args__: Any = (
        CheckConstraint("hours IS NULL OR kind = 'work'", name="a_day_off_has_no_hours"),
        {"extend_existing": False},
    )

    day: Mapped[Day] = mapped_column(unique=True)
    kind: Mapped[DayKind] = choice(DayKind, default=DayKind.OFF)
    hours: Mapped[WorkingHours | None]

    grants = REFERENCE
    transfer = Transfer(key="day")
    panel = Panel(
        menu=Menu("Organisation", icon="calendar", order=30),
        title="day",
        columns=("day", "kind", "hours", "remark"),
        search=("remark",),
        form=(Group("Working day", "day", "kind", "hours", "remark"),),
        order="-day",
    )
