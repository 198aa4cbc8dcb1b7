"""Appraisal: what somebody achieved in a period, drafted from the work, rated and approved."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.actor import current_actor
from app.kernel.clock import house_day
from app.kernel.outbox import tell
from app.kernel.settings import setting_value
from app.schema.documents import Document
from app.schema.errors import Refusal
from app.schema.fields import Rule, Term, Worked, Working
from app.schema.grants import Grants
from app.schema.kinds import Code, Day, LongText, Percent, ShortText, YesNo, ref, starts_at
from app.schema.notices import topic
from app.schema.panel import Group, Menu, Panel, Related
from app.schema.record import Record
from app.schema.roles import LEADERS, SPECIALISTS, Role, Scope
from app.schema.rows import Owned
from app.schema.wording import Sentence
from app.schema.workflow import Effect, Move, Return, Step, Workflow
from models.appraisal import rules
from models.appraisal.appraisal_line import AppraisalLine
from models.appraisal.settings import CAP
from models.appraisal.states import AppraisalState

if TYPE_CHECKING:
    from models.appraisal.appraisal_template import AppraisalTemplate
    from models.people.person import Person

S = AppraisalState
APPRAISED = (*SPECIALISTS, Role.UNDERWRITER, Role.FINANCE, Role.INSPECTOR, Role.SUPERVISOR)
IS_APPROVED = topic("appraisal.approved", "My appraisal is approved", "Appraisal %(number)s is approved")


def _not_oneself(appraisal: "Appraisal") -> str | None:
    own = current_actor().user_id == appraisal.owner_id
    return None if own else "Only the person appraised rates him- or herself."


def _oneself(appraisal: "Appraisal") -> str | None:
    own = current_actor().user_id == appraisal.owner_id
    return "Somebody else has to decide on your own appraisal." if own else None


def _rated(field: str) -> Effect:
    def effect(appraisal: "Appraisal", move: Move) -> None:
        cap = setting_value(move.session, CAP)
        if not 0 <= move.answers[field] <= cap:
            raise Refusal("A rating lies between 0 and %(cap)s.", field=field, cap=cap)
        appraisal.result = composed(appraisal)

    return effect


def _composed(appraisal: "Appraisal", move: Move) -> None:
    appraisal.result = composed(appraisal)


def _approved(appraisal: "Appraisal", move: Move) -> None:
    appraisal.approved_on = house_day(move.at)
    if appraisal.owner_id is not None:
        about = IS_APPROVED.says(number=appraisal.number)
        comment = appraisal.manager_comment or ""
        said = Sentence("Result: %(result)s. %(comment)s", result=appraisal.result, comment=comment)
        tell(move.session, f"appraisal.approved/{appraisal.number}", appraisal.owner_id, about, said, row=appraisal)


def composed(appraisal: "Appraisal") -> Decimal | None:
    """The score of the figures and the ratings given so far, by their shares; None as long as there is nothing."""
    return _total(appraisal).score


def _total(appraisal: Any) -> rules.Total:
    parts = (
        rules.Line("Score", appraisal.measured_share, appraisal.score),
        rules.Line("Self rating", appraisal.self_share, appraisal.self_rating),
        rules.Line("Supervisor rating", appraisal.supervisor_share, appraisal.supervisor_rating),
    )
    return rules.total([part for part in parts if part.weight])


def _result_of(appraisal: Any) -> Worked:
    """How the result came about: each part with its share, and the sum; nothing where the shares make no whole."""
    try:
        total = _total(appraisal)
    except ValueError:
        return Worked(None, ())
    parts = [Term(line.kpi, line.score, f"{line.weight} %") for line in total.lines if line.score is not None]
    return Worked(total.score, (*parts, Term("Result", total.score, total.formula)))


SHEET = Document(
    "sheet",
    "Appraisal sheet",
    to=lambda appraisal: str(appraisal.person.name),
    groups=(
        Group("", "person_id", "template_id", "period"),
        Group("Figures", "score", "self_rating", "self_comment", "supervisor_rating", "supervisor_comment"),
        Group("Result", "result", "manager_comment", "approved_on"),
    ),
    lines={"appraisal_line": ("label", "weight", "target", "actual", "score")},
    states=frozenset({S.APPROVED}),
)
RESULT_OF = (
    *("measured_share", "self_share", "supervisor_share"),
    *("score", "self_rating", "supervisor_rating"),
)


class Appraisal(Owned, Record):
    """The appraisal of one person for one period by one template; `owner` is the person's sign-in.

    `score` is drawn from the figures alone, `rescaled` says that a KPI without cases was left out; `result` adds the
    ratings, by the shares the template had. Nobody writes in it but by its steps, and approved it is final.
    """

    __table_args__: Any = (UniqueConstraint("person_id", "period", "template_id"), {"extend_existing": False})

    number: Mapped[ShortText] = mapped_column(unique=True)
    person_id: Mapped[int] = ref("person")
    person: Mapped["Person"] = relationship()
    template_id: Mapped[int] = ref("appraisal_template")
    template: Mapped["AppraisalTemplate"] = relationship()
    period: Mapped[Code] = mapped_column(index=True)
    measured_share: Mapped[Percent]
    self_share: Mapped[Percent]
    supervisor_share: Mapped[Percent]
    score: Mapped[Percent | None]
    rescaled: Mapped[YesNo] = mapped_column(default=False)
    self_rating: Mapped[Percent | None]
    self_comment: Mapped[LongText | None]
    supervisor_rating: Mapped[Percent | None]
    supervisor_comment: Mapped[LongText | None]
    result: Mapped[Percent | None]
    manager_comment: Mapped[LongText | None]
    approved_on: Mapped[Day | None]
    state: Mapped[AppraisalState] = starts_at(S.DRAFT)
    lines: Mapped[list[AppraisalLine]] = relationship(
        back_populates="appraisal", order_by="AppraisalLine.id", passive_deletes=True
    )

    # Whoever looks over the whole department otherwise sees his or her own appraisal only.
    personal = True
    grants = Grants(
        see=(*APPRAISED, Role.MANAGER),
        lead=(),
        load=(),
        scopes=dict.fromkeys((Role.UNDERWRITER, Role.FINANCE, Role.INSPECTOR), Scope.OWN),
    )
    # What the supervisor thinks is the person's to read when it is settled, not while it is being weighed.
    fields = (
        Rule("supervisor_rating", read=LEADERS, published=S.APPROVED),
        Rule("supervisor_comment", read=LEADERS, published=S.APPROVED),
        Rule("manager_comment", read=LEADERS, published=S.APPROVED),
        Rule("result", worked=Working(_result_of, RESULT_OF)),
    )
    documents = (SHEET,)
    panel = Panel(
        menu=Menu("Performance", icon="chart-bar", order=10),
        title="number",
        columns=("number", "person_id", "period", "score", "rescaled", "result", "state"),
        search=("number", "person.name", "period"),
        facts=(
            "person_id",
            "template_id",
            "period",
            "score",
            "rescaled",
            "self_rating",
            "self_comment",
            "supervisor_rating",
            "supervisor_comment",
            "result",
            "manager_comment",
            "approved_on",
        ),
        related=(Related("appraisal_line", "appraisal_id"),),
    )
    workflow = Workflow(
        Step(
            "self_rate",
            S.DRAFT,
            S.SELF_RATED,
            by=APPRAISED,
            when=_not_oneself,
            asks=("self_rating", "self_comment?"),
            effect=_rated("self_rating"),
            label="Rate myself",
        ),
        Step(
            "waive",
            S.DRAFT,
            S.SELF_RATED,
            by=LEADERS,
            when=_oneself,
            asks=("reason",),
            label="Go on without self-rating",
            tone="secondary",
        ),
        Step(
            "rate",
            S.SELF_RATED,
            S.SUPERVISOR_RATED,
            by=LEADERS,
            when=_oneself,
            asks=("supervisor_rating", "supervisor_comment?"),
            not_by="self_rate",
            effect=_rated("supervisor_rating"),
        ),
        Step(
            "approve",
            S.SUPERVISOR_RATED,
            S.APPROVED,
            by=Role.MANAGER,
            when=_oneself,
            asks=("manager_comment?",),
            not_by=("self_rate", "rate"),
            effect=_approved,
        ),
        Return(
            "return_to_person",
            S.SELF_RATED,
            S.DRAFT,
            by=LEADERS,
            when=_oneself,
            clears=("self_rating",),
            effect=_composed,
        ),
        Return(
            "return_to_supervisor",
            S.SUPERVISOR_RATED,
            S.SELF_RATED,
            by=Role.MANAGER,
            when=_oneself,
            clears=("supervisor_rating",),
            effect=_composed,
        ),
        frozen=S,
        waits=S.DRAFT,
    )
