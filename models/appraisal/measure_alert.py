"""MeasureAlert: whom to tell when a measure falls below a limit, or rises above it."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.schema.fields import Rule
from app.schema.grants import Grants
from app.schema.kinds import Quantity, YesNo, choice
from app.schema.measure import AnyMeasure
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Noted
from models.appraisal.measured import MEASURE, ROLE
from models.appraisal.states import Cut, Over, Side

DAY = timedelta(days=1)
_LENGTHS = {Over.LAST_7_DAYS: 7, Over.LAST_30_DAYS: 30}


class MeasureAlert(Owned, Noted, Record):
    """Its owner is told or, where a role is named, everybody who holds it; each of the figures he or she may see.

    It looks at whole days, up to yesterday: on the first of a month at all of the month before.
    """

    measure: Mapped[str] = MEASURE.column()
    of_whom: Mapped[Cut] = choice(Cut, default=Cut.ALL_TOGETHER)
    days: Mapped[Over] = choice(Over, default=Over.THIS_MONTH)
    side: Mapped[Side] = choice(Side, default=Side.FALLS_BELOW)
    threshold: Mapped[Quantity]
    told_role: Mapped[str | None] = ROLE.column()
    active: Mapped[YesNo] = mapped_column(default=True)

    personal = True
    grants = Grants(lead=(*LEADERS, Role.ADMIN), load=())
    fields = (Rule("told_role", write=(Role.MANAGER, Role.ADMIN)),)
    panel = Panel(
        menu=Menu("Insight", icon="bell", order=81),
        title="measure",
        columns=("measure", "of_whom", "days", "side", "threshold", "told_role", "active", "owner_id"),
        search=("measure", "told_role"),
        form=(
            Group("Tell me when", "measure", "of_whom", "days", "side", "threshold"),
            Group("Who is told", "told_role", "active", "remark"),
        ),
        labels={
            "of_whom": "Of whom",
            "days": "Over which days",
            "side": "On which side",
            "threshold": "Limit in the measure's unit",
            "told_role": "Role told instead of me",
            "active": "Watching",
        },
    )

    def period(self, on: date) -> tuple[date, date]:
        """The days looked at on a day."""
        last = on - DAY
        return last - DAY * (_LENGTHS[self.days] - 1) if self.days in _LENGTHS else last.replace(day=1), last

    def judges(self, measure: AnyMeasure, on: date) -> bool:
        """Whether the period can be judged yet: a sum over a month falls short only when the month is over."""
        short = measure.counts and self.side is Side.FALLS_BELOW and self.days is Over.THIS_MONTH
        return not short or on.day == 1

    def passed_by(self, value: Any) -> bool:
        """Whether a value lies beyond the limit."""
        return bool(value < self.threshold if self.side is Side.FALLS_BELOW else value > self.threshold)

    @property
    def kpi(self) -> AnyMeasure | None:
        """What is measured; None where it is declared no more."""
        return registry.measures.get(self.measure)
