"""AppraisalTemplate: by which KPIs the holders of a role are appraised, and who else has a say."""

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.schema.grants import Grants
from app.schema.kinds import Code, Percent, ShortText, choice, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import EVERYONE, Role
from app.schema.rows import Shared
from app.schema.traits import Noted
from app.schema.transfer import Transfer
from app.schema.workflow import Return, Step, Workflow
from models.appraisal.states import Cycle, TemplateState
from models.appraisal.template_line import TemplateLine

S = TemplateState
WHOLE = Decimal(100)


def _unready(template: "AppraisalTemplate") -> str | None:
    session = object_session(template)
    if not template.lines or session is None:
        return "Give the template at least one KPI."
    if any(line.measure not in registry.measures for line in template.lines):
        return "A KPI of the template is not measured any more: take it out."
    if sum(line.weight for line in template.lines) != WHOLE:
        return "The weights of the KPIs do not sum to 100."
    if template.measured_share + template.self_share + template.supervisor_share != WHOLE:
        return "The shares of figures and ratings do not sum to 100."
    twin = select(AppraisalTemplate.id).where(
        AppraisalTemplate.id != template.id,
        AppraisalTemplate.state == S.IN_FORCE,
        AppraisalTemplate.cycle == template.cycle,
        AppraisalTemplate.role == template.role,
        AppraisalTemplate.post.is_not_distinct_from(template.post),
    )
    return "Another template is in force for this role, post and cycle." if session.scalar(twin) else None


class AppraisalTemplate(Shared, Noted, Record):
    """A template for the holders of a role or, where `post` is set, of a post among them.

    The result of an appraisal is made of the score of the figures, the person's own rating and the supervisor's, by
    their shares in per cent.
    """

    __table_args__: Any = (
        CheckConstraint(
            "measured_share >= 0 AND self_share >= 0 AND supervisor_share >= 0", name="shares_are_not_negative"
        ),
        {"extend_existing": False},
    )

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText]
    cycle: Mapped[Cycle] = choice(Cycle, default=Cycle.MONTH)
    role: Mapped[Code]
    post: Mapped[ShortText | None]
    measured_share: Mapped[Percent] = mapped_column(default=WHOLE)
    self_share: Mapped[Percent] = mapped_column(default=Decimal(0))
    supervisor_share: Mapped[Percent] = mapped_column(default=Decimal(0))
    state: Mapped[TemplateState] = starts_at(S.DRAFT)
    lines: Mapped[list[TemplateLine]] = relationship(
        back_populates="template", order_by="TemplateLine.id", passive_deletes=True
    )

    grants = Grants(see=EVERYONE, lead=(Role.MANAGER,))
    transfer = Transfer(key="code")
    panel = Panel(
        menu=Menu("Performance", icon="clipboard-list", order=20),
        title="name",
        columns=("code", "name", "cycle", "role", "post", "state"),
        search=("code", "name", "role"),
        form=(
            Group("Template", "code", "name", "cycle", "role", "post"),
            Group("What makes the result", "measured_share", "self_share", "supervisor_share", "remark"),
        ),
        related=(Related("template_line", "template_id"),),
        order="code",
    )
    workflow = Workflow(
        Step("put_in_force", S.DRAFT, S.IN_FORCE, by=Role.MANAGER, when=_unready),
        Return("withdraw", S.IN_FORCE, S.DRAFT, by=Role.MANAGER, tone="danger"),
        frozen=S.IN_FORCE,
    )
