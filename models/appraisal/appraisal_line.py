"""AppraisalLine: a KPI of an appraisal, with the figure it was drafted from."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.fields import Rule
from app.schema.kinds import SHORT_TEXT, Kind, Percent, Quantity, ShortText, YesNo, choice, ref
from app.schema.panel import Panel
from app.schema.record import Line
from app.schema.roles import LEADERS
from models.appraisal.measured import MEASURE
from models.appraisal.states import AppraisalState, Direction

if TYPE_CHECKING:
    from models.appraisal.appraisal import Appraisal

LABEL = Kind("label", SHORT_TEXT.parse, longest=200, words=lambda value, reader: reader.say(value))
"""The English name of a measure, the key of its translations."""


class AppraisalLine(Line):
    """A KPI as it stood when the appraisal was drawn up. One without cases is left out, the other weights count more.

    `actual` is numerator / denominator in the unit of the measure and the target; `trace` shows the score's formula.
    """

    parent = "appraisal_id"

    __table_args__: Any = (UniqueConstraint("appraisal_id", "measure"), {"extend_existing": False})

    appraisal_id: Mapped[int] = ref("appraisal", ondelete="CASCADE")
    appraisal: Mapped["Appraisal"] = relationship(back_populates="lines")
    measure: Mapped[str] = mapped_column(String(80), info={"kind": MEASURE})
    label: Mapped[str] = mapped_column(String(200), info={"kind": LABEL})
    weight: Mapped[Percent]
    target: Mapped[Quantity]
    direction: Mapped[Direction] = choice(Direction)
    numerator: Mapped[Quantity]
    denominator: Mapped[Quantity]
    actual: Mapped[Quantity | None]
    score: Mapped[Percent | None]
    trace: Mapped[ShortText | None]
    left_out: Mapped[YesNo]
    self_rating: Mapped[Percent | None]
    supervisor_rating: Mapped[Percent | None]

    fields = (Rule("supervisor_rating", read=LEADERS, published=AppraisalState.APPROVED),)
    panel = Panel(
        title="label",
        columns=("label", "weight", "target", "actual", "score", "left_out", "self_rating", "supervisor_rating"),
        search=("label",),
        facts=("measure", "numerator", "denominator", "trace"),
        order="id",
    )
