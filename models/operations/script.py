"""Script: what staff say in a situation; published by a leader, audited against real talks."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.clock import house_day
from app.schema.grants import Grants
from app.schema.kinds import Code, Day, LongText, ShortText, YesNo, choice, starts_at
from app.schema.links import many
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import EVERYONE, LEADERS, Role
from app.schema.rows import Shared
from app.schema.transfer import Transfer
from app.schema.workflow import Move, Step, Workflow
from models.operations.states import ScriptState, Situation

S = ScriptState


def _date_audit(script: Any, move: Move) -> None:
    script.audited_on = house_day(move.at)


class Script(Shared, Record):
    """A script, for all products or for some. `deviates` says whether the last audit heard staff say something else."""

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText]
    situation: Mapped[Situation] = choice(Situation)
    text: Mapped[LongText]
    products = many("product")
    audited_on: Mapped[Day | None]
    finding: Mapped[LongText | None]
    deviates: Mapped[YesNo | None]
    state: Mapped[ScriptState] = starts_at(S.DRAFT)

    grants = Grants(work=(Role.OPERATIONS,), see=EVERYONE)
    transfer = Transfer(key="code")
    panel = Panel(
        menu=Menu("Operations", icon="script", order=20),
        title="name",
        columns=("code", "name", "situation", "products", "audited_on", "deviates", "state"),
        search=("code", "name", "text"),
        form=(Group("Script", "code", "name", "situation", "products", "text"),),
        facts=("audited_on", "finding", "deviates"),
        order="code",
    )
    workflow = Workflow(
        Step("publish", S.DRAFT, S.PUBLISHED, by=LEADERS, not_by="add"),
        Step(
            "audit",
            S.PUBLISHED,
            S.PUBLISHED,
            by=(Role.SUPERVISOR, Role.INSPECTOR),
            asks=("finding", "deviates"),
            effect=_date_audit,
        ),
        Step("correct", S.PUBLISHED, S.DRAFT, by=(Role.OPERATIONS, *LEADERS), asks=("reason",), tone="secondary"),
        Step("withdraw", S.PUBLISHED, S.WITHDRAWN, by=LEADERS, asks=("reason",), tone="danger"),
        frozen=S.PUBLISHED | S.WITHDRAWN,
    )
