"""Consultation: a question, and the way to an answer that satisfies."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.clocks import Counted, Sla
from app.schema.errors import Refusal
from app.schema.grants import Grants
from app.schema.kinds import LongText, Moment, Phone, ShortText, WholeNumber, choice, ref, serial, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.traits import Extendable
from app.schema.workflow import Move, Step, Workflow
from models.voice.settings import ANSWER_HOURS
from models.voice.states import ConsultationState, Medium, Topic

if TYPE_CHECKING:
    from models.customers.customer import Customer

S = ConsultationState
STAFF = (Role.SERVICE, Role.SUPERVISOR)


def _promise(consultation: "Consultation", move: Move) -> None:
    if move.answers["promised_at"] <= move.at:
        raise Refusal("A promise lies in the future.", field="promised_at")


def _again(consultation: "Consultation", move: Move) -> None:
    consultation.rounds += 1
    consultation.promised_at = None


class Consultation(Owned, Extendable, Record):
    """A question. It is answered at once, or at a promised time, again and again until who asked is content."""

    number: Mapped[str] = serial("ASK-{year}-{seq:06}")
    customer_id: Mapped[int | None] = ref("customer")
    customer: Mapped["Customer | None"] = relationship()
    asked_by: Mapped[ShortText | None]
    phone: Mapped[Phone | None]
    medium: Mapped[Medium] = choice(Medium, default=Medium.PHONE)
    topic: Mapped[Topic] = choice(Topic)
    question: Mapped[LongText]
    promised_at: Mapped[Moment | None]
    answer: Mapped[LongText | None]
    rounds: Mapped[WholeNumber] = mapped_column(default=1)
    state: Mapped[ConsultationState] = starts_at(S.ASKED)

    grants = Grants(work=(Role.SERVICE,), see=(Role.INSPECTOR,))
    panel = Panel(
        menu=Menu("Service", icon="message", order=20),
        title="number",
        columns=("number", "topic", "customer_id", "asked_by", "promised_at", "owner_id", "state"),
        search=("number", "asked_by", "question"),
        form=(
            Group("Who asks", "customer_id", "asked_by", "phone", "medium"),
            Group("Question", "topic", "question"),
        ),
        facts=("number", "promised_at", "answer", "rounds"),
    )
    workflow = Workflow(
        Step("answer", S.ASKED | S.PROMISED, S.ANSWERED, by=STAFF, asks=("answer",)),
        Step("promise", S.ASKED, S.PROMISED, by=STAFF, asks=("promised_at",), effect=_promise, tone="secondary"),
        Step("confirm", S.ANSWERED, S.CONFIRMED, by=STAFF, label="Customer is content"),
        Step("ask_again", S.ANSWERED, S.ASKED, by=STAFF, asks=("reason",), effect=_again, tone="secondary"),
        frozen=S.CONFIRMED,
        clocks=(
            Sla(
                "answer",
                since=S.ASKED,
                until=S.ANSWERED | S.CONFIRMED,
                within=ANSWER_HOURS,
                on=Counted.WORKING_HOURS,
                promise="promised_at",
            ),
        ),
    )
