"""Complaint: somebody is not content with us, and what we make of it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.kernel.actor import current_actor, on_behalf
from app.kernel.clock import house_day
from app.kernel.settings import setting_value
from app.schema.clocks import Counted, Sla
from app.schema.errors import Refusal
from app.schema.grants import Grants
from app.schema.kinds import Day, LongText, Moment, ShortText, YesNo, choice, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.settings import Setting
from app.schema.traits import Attached, Extendable
from app.schema.workflow import Move, Return, Step, Workflow
from models.people.ownership import release, take
from models.voice.callback import Callback
from models.voice.settings import CALLBACK_DAYS, COMPLAINT_DAYS, COMPLAINT_WARNING, COMPLEX_DAYS, EXTENSION_DAYS
from models.voice.states import CallbackKind, CallbackState, ComplaintState, Grievance, Medium, RootCause

if TYPE_CHECKING:
    from models.contracts.contract import Contract
    from models.customers.customer import Customer
    from models.people.person import Person

S = ComplaintState
HANDLERS = (Role.SERVICE, Role.SUPERVISOR)


def _partial(complaint: "Complaint") -> str | None:
    """Who is complained about, or keeps the contract in question, does not judge the complaint."""
    actor = current_actor()
    with on_behalf("a rule asks who has an interest"):
        person, contract = complaint.person, complaint.contract
        interested = {person.user_id if person else None, contract.owner_id if contract else None} - {None}
    if actor.user_id in interested:
        return "You have an interest in this complaint: somebody else has to handle it."
    return None


def _promise(complaint: "Complaint", move: Move) -> None:
    promised = move.answers["promised_at"]
    if promised <= move.at:
        raise Refusal("A promise lies in the future.", field="promised_at")
    if complaint.due_on is not None and house_day(promised) > complaint.due_on:
        raise Refusal("The promise lies after the limit for the answer.", field="promised_at")


def _extended(complaint: "Complaint") -> str | None:
    return "The limit has been extended once already." if complaint.extended else None


def _extend(complaint: "Complaint", move: Move) -> None:
    complaint.extended = True


def _answer(complaint: "Complaint", move: Move) -> None:
    """The answer is followed by a call, which anybody of service makes."""
    today = house_day(move.at)
    complaint.answered_on = today
    due = today + timedelta(days=setting_value(move.session, CALLBACK_DAYS))
    move.session.flush()
    with on_behalf("a complaint was answered"):
        call = Callback(kind=CallbackKind.COMPLAINT, complaint_id=complaint.id, due_on=due)
        call.customer_id, call.unit_id = complaint.customer_id, complaint.unit_id
        move.session.add(call)
        move.session.flush()


def _not_called(complaint: "Complaint") -> str | None:
    session = object_session(complaint)
    with on_behalf("a rule asks whether the callback was made"):
        waiting = select(Callback.id).where(
            Callback.complaint_id == complaint.id, Callback.state.in_((CallbackState.DUE, CallbackState.TRIED))
        )
        open_ = session is None or session.scalar(waiting.limit(1)) is not None
    return "The callback is not made yet." if open_ else None


def _limits(complaint: "Complaint") -> tuple[Setting, ...]:
    """What the answer is owed within: longer where it is complex, and once more where the manager extended it."""
    usual = COMPLEX_DAYS if complaint.complex else COMPLAINT_DAYS
    return (usual, EXTENSION_DAYS) if complaint.extended else (usual,)


class Complaint(Attached, Owned, Extendable, Record):
    """A complaint, with the promise given beside the limit that binds us, and what caused it in the end.

    `due_on` is the last day for the answer, in calendar days from receipt; the manager may extend it once. `person` is
    whom it is about.
    """

    number: Mapped[str] = serial("CMP-{year}-{seq:06}")
    received_at: Mapped[Moment] = mapped_column(default=lambda: datetime.now(UTC))
    medium: Mapped[Medium] = choice(Medium, default=Medium.PHONE)
    customer_id: Mapped[int | None] = ref("customer")
    customer: Mapped["Customer | None"] = relationship()
    contract_id: Mapped[int | None] = ref("contract")
    contract: Mapped["Contract | None"] = relationship()
    person_id: Mapped[int | None] = ref("person")
    person: Mapped["Person | None"] = relationship()
    about: Mapped[Grievance] = choice(Grievance)
    account: Mapped[LongText]
    wish: Mapped[ShortText | None]
    complex: Mapped[YesNo | None]
    due_on: Mapped[Day | None]
    extended: Mapped[YesNo] = mapped_column(default=False)
    promised_at: Mapped[Moment | None]
    findings: Mapped[LongText | None]
    answer: Mapped[LongText | None]
    answered_on: Mapped[Day | None]
    cause: Mapped[RootCause | None] = choice(RootCause)
    state: Mapped[ComplaintState] = starts_at(S.RECEIVED)

    pooled = True
    grants = Grants(work=(Role.SERVICE,), see=(Role.INSPECTOR,))
    panel = Panel(
        menu=Menu("Service", icon="message-report", order=30),
        title="number",
        columns=("number", "about", "customer_id", "promised_at", "due_on", "owner_id", "state"),
        search=("number", "customer.name", "account"),
        form=(
            Group("Who complains", "received_at", "medium", "customer_id", "contract_id"),
            Group("Complaint", "about", "person_id", "account", "wish"),
        ),
        facts=(
            "number",
            "complex",
            "due_on",
            "extended",
            "promised_at",
            "findings",
            "answer",
            "answered_on",
            "cause",
        ),
        related=(Related("callback", "complaint_id"),),
    )
    workflow = Workflow(
        Step("accept", S.RECEIVED, S.ACCEPTED, by=HANDLERS, when=_partial, asks=("complex",), effect=take),
        Step("promise", S.ACCEPTED, S.PROMISED, by=HANDLERS, when=_partial, asks=("promised_at",), effect=_promise),
        Step("investigate", S.PROMISED, S.INVESTIGATING, by=HANDLERS, when=_partial),
        Step(
            "extend",
            S.INVESTIGATING,
            S.INVESTIGATING,
            by=Role.MANAGER,
            when=_extended,
            asks=("reason",),
            effect=_extend,
            label="Extend the limit",
            tone="secondary",
        ),
        Step(
            "answer",
            S.INVESTIGATING,
            S.ANSWERED,
            by=HANDLERS,
            when=_partial,
            asks=("findings", "answer"),
            effect=_answer,
        ),
        Step("call_back", S.ANSWERED, S.CALLED_BACK, by=HANDLERS, when=_not_called),
        Step("close", S.CALLED_BACK, S.CLOSED, by=HANDLERS, when=_partial, asks=("cause",)),
        Return("reopen", S.CALLED_BACK, S.INVESTIGATING, by=HANDLERS),
        Return(
            "hand_over",
            S.ACCEPTED | S.PROMISED | S.INVESTIGATING,
            S.RECEIVED,
            by=Role.SUPERVISOR,
            effect=release,
            label="Back to the unassigned",
        ),
        frozen=S.CLOSED,
        clocks=(
            Sla(
                "answer",
                since=S.RECEIVED,
                until=S.ANSWERED | S.CALLED_BACK | S.CLOSED,
                within=_limits,
                on=Counted.CALENDAR_DAYS,
                counted_from="received_at",
                promise="promised_at",
                due="due_on",
                warn=COMPLAINT_WARNING,
            ),
        ),
    )
