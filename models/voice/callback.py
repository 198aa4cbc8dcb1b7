"""Callback: a customer is called, and what he or she says is taken down."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.actor import on_behalf
from app.kernel.clock import house_day
from app.kernel.outbox import tell
from app.kernel.workflow import advance
from app.schema.clocks import Counted, Sla
from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, ShortText, WholeNumber, YesNo, choice, ref, serial, starts_at
from app.schema.notices import topic
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.workflow import Move, Step, Workflow
from models.people.ownership import take
from models.voice.states import CallbackKind, CallbackState, ComplaintState

if TYPE_CHECKING:
    from models.customers.customer import Customer
    from models.people.person import Person
    from models.voice.complaint import Complaint

S = CallbackState
STAFF = (Role.SERVICE, Role.SUPERVISOR)
ROUTED = topic("voice.routed", "A callback is routed to me", "Callback %(number)s: %(issue)s")


def _try(callback: "Callback", move: Move) -> None:
    callback.tries += 1
    callback.tried_on = house_day(move.at)
    if callback.owner_id is None:
        take(callback, move)


def _finish(callback: "Callback", move: Move) -> None:
    """A complaint waits for it: it goes on by itself."""
    _try(callback, move)
    move.session.flush()
    with on_behalf("a callback was made"):
        complaint = callback.complaint
        if complaint is not None and complaint.state == ComplaintState.ANSWERED:
            advance(move.session, complaint, "call_back")


def _route(callback: "Callback", move: Move) -> None:
    person = callback.routed_to
    if person is not None and person.user_id is not None:
        about = ROUTED.says(number=callback.number, issue=callback.issue)
        tell(move.session, f"voice.route/{callback.number}", person.user_id, about, callback.said or "", row=callback)


class Callback(Owned, Record):
    """A call to a customer. Those nobody has yet belong to whoever tries first."""

    number: Mapped[str] = serial("CB-{year}-{seq:06}")
    kind: Mapped[CallbackKind] = choice(CallbackKind)
    customer_id: Mapped[int | None] = ref("customer")
    customer: Mapped["Customer | None"] = relationship()
    complaint_id: Mapped[int | None] = ref("complaint")
    complaint: Mapped["Complaint | None"] = relationship()
    script_id: Mapped[int | None] = ref("script")
    due_on: Mapped[Day]
    tries: Mapped[WholeNumber] = mapped_column(default=0)
    tried_on: Mapped[Day | None]
    said: Mapped[LongText | None]
    content: Mapped[YesNo | None]
    issue: Mapped[ShortText | None]
    routed_to_id: Mapped[int | None] = ref("person")
    routed_to: Mapped["Person | None"] = relationship()
    state: Mapped[CallbackState] = starts_at(S.DUE)

    pooled = True
    grants = Grants(work=(Role.SERVICE,), see=(Role.INSPECTOR,))
    panel = Panel(
        menu=Menu("Service", icon="phone", order=40),
        title="number",
        columns=("number", "kind", "customer_id", "due_on", "tries", "content", "owner_id", "state"),
        search=("number", "customer.name"),
        form=(Group("Callback", "kind", "customer_id", "complaint_id", "script_id", "due_on"),),
        facts=("number", "tries", "tried_on", "said", "content", "issue", "routed_to_id"),
        order="due_on",
        labels={"issue": "Problem raised", "content": "Customer content"},
    )
    workflow = Workflow(
        Step("attempt", S.DUE | S.TRIED, S.TRIED, by=STAFF, effect=_try, label="Not reached", tone="secondary"),
        Step("finish", S.DUE | S.TRIED, S.DONE, by=STAFF, asks=("said", "content"), effect=_finish),
        Step("route", S.DONE, S.ROUTED, by=STAFF, asks=("issue", "routed_to_id"), effect=_route, tone="secondary"),
        frozen=S.DONE | S.ROUTED,
        clocks=(Sla("callback", since=S.DUE | S.TRIED, promise="due_on", on=Counted.CALENDAR_DAYS),),
    )
