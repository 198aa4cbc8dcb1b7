"""SystemFault: something that does not work, from the report to the repair."""

from sqlalchemy.orm import Mapped

from app.schema.grants import Grants
from app.schema.kinds import LongText, ShortText, choice, serial, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import EVERYONE, Role, Scope
from app.schema.rows import Owned
from app.schema.traits import Attached, Extendable
from app.schema.workflow import Step, Workflow
from models.operations.states import FaultState, Severity
from models.people.ownership import release, take

S = FaultState


class SystemFault(Attached, Owned, Extendable, Record):
    """A fault of the system or of its data. Anybody reports it, and sees whether it is known already.

    Reports wait unassigned until somebody of operations takes them; `owner` mends it. Whether it is mended is for
    somebody else to say.
    """

    number: Mapped[str] = serial("FLT-{year}-{seq:05}")
    name: Mapped[ShortText]
    place: Mapped[ShortText | None]
    severity: Mapped[Severity] = choice(Severity, default=Severity.ONE_PERSON)
    course: Mapped[LongText | None]
    cause: Mapped[LongText | None]
    remedy: Mapped[LongText | None]
    state: Mapped[FaultState] = starts_at(S.REPORTED)

    pooled = True
    grants = Grants(work=EVERYONE, lead=(Role.MANAGER,), scopes=dict.fromkeys(EVERYONE, Scope.ALL))
    panel = Panel(
        menu=Menu("Operations", icon="bug", order=30),
        title="number",
        columns=("number", "name", "severity", "owner_id", "state", "created_at"),
        search=("number", "name"),
        form=(Group("Fault", "name", "place", "severity", "course"),),
        facts=("number", "owner_id", "cause", "remedy"),
    )
    workflow = Workflow(
        Step("take", S.REPORTED, S.FIXING, by=Role.OPERATIONS, effect=take),
        Step("fix", S.FIXING, S.FIXED, by=Role.OPERATIONS, asks=("remedy", "cause?")),
        Step("hand_back", S.FIXING, S.REPORTED, by=Role.OPERATIONS, asks=("reason",), effect=release, tone="secondary"),
        Step(
            "reopen",
            S.FIXED,
            S.REPORTED,
            by=EVERYONE,
            asks=("reason",),
            effect=release,
            label="Still broken",
            tone="danger",
        ),
        Step("close", S.FIXED, S.CLOSED, by=EVERYONE, not_by="fix"),
        frozen=S.CLOSED,
    )
