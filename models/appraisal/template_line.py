"""TemplateLine: a KPI of a template, with its weight and its target."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.schema.kinds import Percent, Quantity, choice, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line
from models.appraisal.measured import MEASURE
from models.appraisal.states import Direction

if TYPE_CHECKING:
    from models.appraisal.appraisal_template import AppraisalTemplate


class TemplateLine(Line):
    """A KPI: the name of a measure, its weight in per cent, its target in the measure's unit, and which way is good."""

    parent = "template_id"
    totals = ("weight",)

    __table_args__: Any = (
        UniqueConstraint("template_id", "measure"),
        CheckConstraint("weight > 0", name="weight_is_above_0"),
        CheckConstraint("target > 0", name="target_is_above_0"),
        {"extend_existing": False},
    )

    template_id: Mapped[int] = ref("appraisal_template", ondelete="CASCADE")
    template: Mapped["AppraisalTemplate"] = relationship(back_populates="lines")
    measure: Mapped[str] = MEASURE.column()
    weight: Mapped[Percent]
    target: Mapped[Quantity]
    direction: Mapped[Direction] = choice(Direction, default=Direction.HIGHER)

    panel = Panel(
        title="measure",
        columns=("measure", "weight", "target", "direction"),
        search=("measure",),
        form=(Group("KPI", "template_id", "measure", "weight", "target", "direction"),),
        fixed=("template_id",),
        order="id",
    )
