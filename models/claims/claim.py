"""Claim: a customer's request for payment under a contract."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.schema.approval import Tier, Tiers
from app.schema.clocks import Counted, Sla
from app.schema.documents import Document, Letter
from app.schema.fields import Rule
from app.schema.grants import Grants
from app.schema.kinds import (
    BankAccount,
    Day,
    LongText,
    Moment,
    Money,
    ShortText,
    WholeNumber,
    choice,
    choices,
    ref,
    serial,
    starts_at,
)
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import LEADERS, Role
from app.schema.rows import Owned
from app.schema.traits import Attached, Extendable, Noted
from app.schema.workflow import Return, Step, Workflow
from models.claims import asking, cover, effects, settling, telling
from models.claims.settings import (
    AUTHORITY,
    DECISION_DAYS,
    DECISION_WARNING,
    HANDOVER_HOURS,
    PAYMENT_DAYS,
    PAYMENT_WARNING,
    PROMISE_WARNING,
    REFUSAL_DAYS,
    SUPERVISED,
)
from models.claims.states import (
    CLOSED,
    DECIDED,
    OPEN,
    ClaimState,
    Flag,
    Lane,
    LossCause,
    Payee,
    PayoutMethod,
    ReportChannel,
)

if TYPE_CHECKING:
    from models.contracts.contract import Contract
    from models.products.exclusion import Exclusion

S = ClaimState
HANDLERS = (Role.CLAIMS, Role.FINANCE, Role.INSPECTOR, *LEADERS)
DECISION = (
    "approved",
    "decided_on",
    "method",
    "refusal_clause_id",
    "refusal_under",
    "refusal_reason",
    "refusal_told_on",
)


def _letter(session: Any, claim: Any) -> Letter:
    written = telling.refusal_letter(session, claim)
    return Letter(written.subject, written.body)


REFUSAL = Document(
    "refusal",
    "Letter of refusal",
    to=lambda claim: str(claim.contract.customer.name),
    groups=(Group("", "number", "contract_id", "occurred_on", "cause", "decided_on"),),
    letter=_letter,
    states=frozenset({S.REFUSED}),
    template="letter",
)


class Claim(Attached, Owned, Noted, Extendable, Record):
    """A request for payment; it lives from first notice to payout. New ones wait until a specialist takes them.

    `approved` is what is to be paid in this `round`; a claim that is opened again begins the next one. The approval
    is bound to amount, payee and round: if one is changed afterwards, nothing is paid. `decide_by` is the day the
    decision is owed, empty while we wait for papers, for those days do not count. `claimed` is the sum of the lines as
    soon as there are some; `flags` is what stands out, `flag_facts` the facts behind it; `reserve` is what is set aside
    for what has still to be paid, `own_reserve` what a handler thinks it should be. `more_papers` is what papers
    were asked for last, `papers_link` the number by which the customer's links are good (see `models.claims.links`).
    A refusal names one of the product's exclusions or, in `refusal_under`, another clause.
    """

    __table_args__: Any = (
        CheckConstraint("claimed >= 0", name="claimed_is_not_negative"),
        CheckConstraint("approved >= 0", name="approved_is_not_negative"),
        CheckConstraint("reserve >= 0 AND own_reserve >= 0", name="reserve_is_not_negative"),
        {"extend_existing": False},
    )

    number: Mapped[str] = serial("CLM-{year}-{seq:06}")
    contract_id: Mapped[int] = ref("contract")
    contract: Mapped["Contract"] = relationship()
    reported_at: Mapped[Moment] = mapped_column(default=lambda: datetime.now(UTC))
    channel: Mapped[ReportChannel] = choice(ReportChannel, default=ReportChannel.PHONE)
    occurred_on: Mapped[Day]
    place: Mapped[ShortText | None]
    cause: Mapped[LossCause] = choice(LossCause)
    loss: Mapped[LongText | None]
    claimed: Mapped[Money]
    assessed: Mapped[Money | None]
    findings: Mapped[LongText | None]
    approved: Mapped[Money | None]
    lane: Mapped[Lane] = choice(Lane, default=Lane.STANDARD)
    flags: Mapped[tuple[Flag, ...] | None] = choices(Flag)
    flag_facts: Mapped[LongText | None]
    reserve: Mapped[Money] = mapped_column(default=Decimal(0))
    own_reserve: Mapped[Money | None]
    payee: Mapped[ShortText | None]
    payee_is: Mapped[Payee | None] = choice(Payee)
    payee_account: Mapped[BankAccount | None]
    method: Mapped[PayoutMethod | None] = choice(PayoutMethod)
    round: Mapped[WholeNumber] = mapped_column(default=1)
    decide_by: Mapped[Day | None]
    decided_on: Mapped[Day | None]
    pay_by: Mapped[Day | None]
    refusal_clause_id: Mapped[int | None] = ref("exclusion")
    refusal_clause: Mapped["Exclusion | None"] = relationship()
    refusal_under: Mapped[ShortText | None]
    refusal_reason: Mapped[LongText | None]
    refusal_told_on: Mapped[Day | None]
    more_papers: Mapped[LongText | None]
    papers_link: Mapped[WholeNumber] = mapped_column(default=1)
    state: Mapped[ClaimState] = starts_at(S.REPORTED)

    pooled = True
    seen_through = ("survey.claim_id",)
    grants = Grants(
        work=(Role.CLAIMS, Role.SERVICE), see=(Role.FINANCE, Role.INSPECTOR), reveal=(Role.CLAIMS, Role.FINANCE)
    )
    # The front desk reports a loss; what is to be paid it learns when that is decided; the account it
    # takes down and sees no more.
    fields = (
        Rule("approved", read=HANDLERS, published=DECIDED),
        Rule("reserve", read=HANDLERS, write=()),
        Rule("own_reserve", read=HANDLERS),
        *(Rule(name, write=()) for name in ("lane", "flags", "flag_facts")),
        Rule("payee_account", read=(Role.CLAIMS, Role.FINANCE, *LEADERS), write=(Role.CLAIMS, Role.SERVICE, *LEADERS)),
    )
    documents = (REFUSAL,)
    panel = Panel(
        menu=Menu("Claims", icon="shield-check", order=10),
        title="number",
        columns=("number", "contract_id", "cause", "claimed", "lane", "approved", "decide_by", "owner_id", "state"),
        search=("number", "contract.number", "payee"),
        form=(
            Group("First notice", "contract_id", "reported_at", "channel"),
            Group("Incident", "occurred_on", "place", "cause", "loss"),
            Group("Money", "claimed", "payee", "payee_is", "payee_account", "own_reserve", "remark"),
        ),
        facts=(
            "number",
            "owner_id",
            "lane",
            "flags",
            "flag_facts",
            "reserve",
            "assessed",
            "findings",
            "approved",
            "method",
            "round",
            "decide_by",
            "decided_on",
            "pay_by",
            "refusal_clause_id",
            "refusal_under",
            "refusal_reason",
            "refusal_told_on",
        ),
        fixed=("contract_id",),
        labels={
            "approved": "Approved amount",
            "payee_is": "Payee is the contract's",
            "flags": "What stands out",
            "flag_facts": "Why it stands out",
            "own_reserve": "Reserve set by hand",
            "more_papers": "Papers wanted, one a line (after a colon: what the customer is told)",
            "papers_link": "Number of the customer's link",
            "refusal_under": "Clause, where it is none of the exclusions",
        },
        related=(
            Related("paper", "claim_id"),
            Related("survey", "claim_id"),
            Related("payout", "claim_id"),
            Related("recovery", "claim_id"),
            Related("case_review", "claim_id"),
        ),
    )
    workflow = Workflow(
        Step("accept", S.REPORTED, S.COLLECTING, by=Role.CLAIMS, effect=effects.accept),
        Step("review", S.COLLECTING, S.REVIEWING, by=Role.CLAIMS, when=effects.gaps, effect=asking.fulfilled),
        Return(
            "supplement",
            S.REVIEWING,
            S.COLLECTING,
            by=(Role.CLAIMS, Role.SUPERVISOR),
            asks=("more_papers?",),
            effect=asking.supplement,
            label="Ask for more papers",
        ),
        Step(
            "send_list",
            S.COLLECTING,
            S.COLLECTING,
            by=(Role.CLAIMS, *LEADERS),
            when=asking.complete,
            effect=asking.send_list,
            label="Send the customer the list and the link again",
            tone="secondary",
        ),
        Step(
            "approve",
            S.REVIEWING,
            S.APPROVED,
            when=effects.undecidable,
            asks=("approved",),
            needs=Tiers(
                "approved",
                Tier(AUTHORITY, Role.CLAIMS),
                Tier(SUPERVISED, Role.SUPERVISOR),
                Tier(None, Role.MANAGER),
                sequence=True,
                sealed=("payee", "payee_account", "round"),
                reckoned=effects.with_earlier_rounds,
            ),
            effect=effects.approve,
        ),
        Step(
            "refuse",
            S.REVIEWING,
            S.REFUSED,
            by=LEADERS,
            asks=("refusal_clause_id?", "refusal_under?", "reason"),
            effect=effects.refuse,
            tone="danger",
        ),
        Step(
            "tell_refusal",
            S.REFUSED,
            S.REFUSED,
            by=(Role.CLAIMS, *LEADERS),
            asks=("refusal_told_on",),
            label="Customer is told",
        ),
        Step(
            "pay",
            S.APPROVED,
            S.PAID,
            by=Role.FINANCE,
            asks=("method",),
            not_by=("add", "approve"),
            bound_to="approve",
            effect=effects.pay,
        ),
        Return(
            "take_back",
            S.APPROVED,
            S.REVIEWING,
            by=(Role.FINANCE, *LEADERS),
            clears=DECISION,
            effect=effects.take_back,
            label="Back to review",
        ),
        Return("reopen", CLOSED, S.REVIEWING, by=LEADERS, clears=DECISION, effect=effects.reopen),
        Step("withdraw", OPEN, S.WITHDRAWN, by=(Role.CLAIMS, *LEADERS), asks=("reason",), tone="danger"),
        frozen=DECIDED | S.WITHDRAWN,
        on_enter={S.REPORTED: effects.report},
        clocks=(
            Sla(
                "decision",
                since=S.REPORTED,
                until=DECIDED,
                paused=S.COLLECTING,
                void=S.WITHDRAWN,
                anew=CLOSED,
                within=DECISION_DAYS,
                on=Counted.CALENDAR_DAYS,
                counted_from="reported_at",
                due="decide_by",
                warn=DECISION_WARNING,
            ),
            Sla(
                "promise",
                label="Promised decision",
                since=S.COLLECTING,
                until=DECIDED,
                void=S.REPORTED | S.WITHDRAWN,
                anew=CLOSED,
                within=cover.promised,
                on=Counted.WORKING_DAYS,
                warn=PROMISE_WARNING,
            ),
            Sla(
                "handover",
                label="Hand-over to a specialist",
                since=S.REPORTED,
                until=frozenset(S) - {S.REPORTED, S.WITHDRAWN},
                void=S.WITHDRAWN,
                within=HANDOVER_HOURS,
                on=Counted.WORKING_HOURS,
                counted_from="reported_at",
            ),
            Sla(
                "payment",
                label="Payment of the claim",
                since=S.APPROVED,
                until=S.PAID,
                void=S.REVIEWING | S.WITHDRAWN,
                within=PAYMENT_DAYS,
                on=Counted.CALENDAR_DAYS,
                due="pay_by",
                warn=PAYMENT_WARNING,
            ),
            Sla(
                "refusal_notice",
                since=S.REFUSED,
                until_set="refusal_told_on",
                void=frozenset(S) - {S.REFUSED},
                within=REFUSAL_DAYS,
                on=Counted.CALENDAR_DAYS,
                label="Notice of refusal",
            ),
        ),
    )

    def derive(self, session: Any, at: datetime) -> None:
        """Let claimed amount, payable lines, what stands out, lane and reserve follow from what is written."""
        settling.work_out(session, self, at)
