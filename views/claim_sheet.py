"""What stands on the claim desk beside the decision: the loss, its papers, what stands out, the cover, the lines."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.extensions import db
from app.kernel.actor import current_actor, on_behalf
from app.kernel.fields import hidden_in
from app.panel import showing, texts
from app.panel.cells import NONE, state_badge
from app.panel.fields import fields_of
from app.panel.forms import Form, form_of
from app.panel.labels import choice_label, field_label, said, translated
from app.panel.titles import titles_of
from app.schema.errors import Refusal
from models.claims import Claim, ClaimLine, Paper, Survey, settling
from models.claims.cover import REASONS
from models.claims.states import LineDecision
from models.contracts import Contract, ContractCoverage
from models.products import Coverage, Exclusion

FACTS = (
    *("contract_id", "occurred_on", "reported_at", "cause", "place", "lane", "payee", "payee_is", "payee_account"),
    *("own_reserve", "round", "loss", "remark"),
)
"""What is told of a claim, in this order."""
ANSWERS = {
    LineDecision.APPROVED: (),
    LineDecision.REDUCED: ("accepted", "grounds"),
    LineDecision.REJECTED: ("grounds",),
}
"""What is answered with each decision on a line."""
KEYS = {"a": LineDecision.APPROVED, "r": LineDecision.REDUCED, "x": LineDecision.REJECTED}


@dataclass(frozen=True)
class Cover:
    """A coverage of the contract: its terms in words, its limit, what is drawn from it and what is left."""

    name: str
    terms: list[tuple[str, str]]
    limit: Decimal | None
    drawn: Decimal

    @property
    def left(self) -> Decimal | None:
        """What is left of the limit; None where there is none."""
        return None if self.limit is None else self.limit - self.drawn


@dataclass(frozen=True)
class Stage:
    """A step of the waterfall: what it is called, its formula if it is more than the amount, the amount."""

    label: str
    formula: str
    amount: str


@dataclass
class LineShown:
    """A line with what the terms make of it as everything stands now; `asked` is its form where that is open."""

    row: ClaimLine
    cover: str
    payable: Decimal | None = None
    trace: list[Stage] = field(default_factory=list)
    asked: Form | None = None
    asking: str = ""
    problem: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody has decided on it yet."""
        return self.row.decision == LineDecision.OPEN


@dataclass(frozen=True)
class Work:
    """The cover, the lines, and what they come to: `due` is what is to be paid now; None where there are no lines."""

    covers: list[Cover]
    lines: list[LineShown]
    due: Decimal | None
    paid: Decimal
    problem: str = ""

    @property
    def decided(self) -> int:
        """How many lines are decided on."""
        return sum(not line.open for line in self.lines)

    def total(self, name: str) -> Decimal:
        """The sum of a column of the lines."""
        return sum((getattr(line.row, name) or Decimal(0) for line in self.lines), Decimal(0))

    @property
    def payable(self) -> Decimal:
        """What the lines come to together."""
        return sum((line.payable or Decimal(0) for line in self.lines), Decimal(0))


def work_of(claim: Claim) -> Work:
    """The cover and the lines of a claim. What other claims have drawn since is reckoned with; nothing is written."""
    mine = (
        select(ContractCoverage, Coverage)
        .join(Coverage, Coverage.id == ContractCoverage.coverage_id)
        .where(ContractCoverage.contract_id == claim.contract_id)
        .order_by(ContractCoverage.id)
    )
    covers = db.session.execute(mine).all()
    rows = list(db.session.scalars(select(ClaimLine).where(ClaimLine.claim_id == claim.id).order_by(ClaimLine.id)))
    names = {kept.id: kept.name for kept, _terms in covers}
    lines = [LineShown(row, names.get(row.contract_coverage_id or 0, "")) for row in rows]
    for line in lines:
        if line.row.decision in ANSWERS:
            line.asking = line.row.decision.value
    paid = sum((row.paid for row in rows), Decimal(0))
    due, problem = None, ""
    try:
        with on_behalf("a desk shows what a claim comes to"):
            results = settling.settled(db.session(), claim, rows) if rows else ()
    except Refusal as refusal:
        problem = said(refusal)
    else:
        stages = _stages()
        for line, result in zip(lines, results, strict=True):
            line.payable = result.amount
            line.trace = [
                Stage(
                    stages.get(step.step, translated(step.step)),
                    "" if step.formula == str(step.amount) else step.formula,
                    texts.plain(step.amount),
                )
                for step in result.trace
            ]
        due = sum((result.amount for result in results), Decimal(0)) - paid if rows else None
    return Work([_cover(*each) for each in covers], lines, due, paid, problem)


def _cover(kept: ContractCoverage, terms: Coverage) -> Cover:
    told = [
        (field_label(ContractCoverage, "sum_insured"), kept.sum_insured),
        (field_label(Coverage, "per_claim"), terms.per_claim),
        (field_label(Coverage, "per_item"), terms.per_item),
        (field_label(Coverage, "deductible"), terms.deductible or None),
        (field_label(Coverage, "share"), None if terms.share == 100 else f"{terms.share.normalize():f} %"),
        (
            field_label(Coverage, "depreciation"),
            f"{terms.depreciation.normalize():f} %" if terms.depreciation else None,
        ),
    ]
    return Cover(
        kept.name,
        [(label, texts.plain(value)) for label, value in told if value is not None],
        kept.aggregate,
        kept.drawn,
    )


def _stages() -> dict[str, str]:
    """The steps of the waterfall as they are called."""
    return {
        "loss": _("Amount of the loss"),
        "item limit": _("Item limit"),
        "depreciation": _("Depreciation"),
        "salvage": _("Salvage"),
        "third party": _("Third party"),
        "under-insurance": _("Under-insurance"),
        "deductible": _("Deductible"),
        "share": _("Insurer's share"),
        "limits": _("Limits"),
    }


def question(row: ClaimLine, decision: LineDecision) -> Form:
    """The form of a line, of which only what goes with a decision is asked."""
    form = form_of(ClaimLine, row)
    wanted = [each for each in form.inputs if each.name in ("decision", *ANSWERS[decision])]
    form.groups = [("", wanted)]
    return form


def facts_of(claim: Claim) -> list[tuple[str, Any, bool]]:
    """What was reported: label, value as far as the present person reads it, and whether it wants the whole width."""
    fields = fields_of(Claim, FACTS)
    told = showing.pairs(fields, showing.read_one(db.session(), Claim, claim.id, fields))
    return [each for each in told if each[1] is not NONE]


def standing_out(claim: Claim) -> list[tuple[str, str, str]]:
    """What stands out: what it is called, the fact it stands on, and what follows from it."""
    known = dict(line.partition(": ")[::2] for line in (claim.flag_facts or "").splitlines())
    return [
        (choice_label(flag), known.get(flag.label, ""), translated(REASONS.get(flag, ""))) for flag in claim.flags or ()
    ]


def barring_clause(claim: Claim) -> int | None:
    """The exclusion that takes losses of this cause out of the cover, by its id."""
    terms = select(Contract.product_version_id).where(Contract.id == claim.contract_id).scalar_subquery()
    mine = (Exclusion.product_version_id == terms, Exclusion.cause == claim.cause)
    return db.session.scalar(select(Exclusion.id).where(*mine).order_by(Exclusion.id).limit(1))


def papers_of(claim: Claim) -> list[Paper]:
    """The papers of a claim, as they were asked for."""
    return list(db.session.scalars(select(Paper).where(Paper.claim_id == claim.id).order_by(Paper.id)))


def surveys_of(claim: Claim) -> list[dict[str, Any]]:
    """What was looked at: the survey, its state, and by whom."""
    found = db.session.scalars(select(Survey).where(Survey.claim_id == claim.id).order_by(Survey.id)).all()
    names = titles_of(db.session(), "ab_user", {each.owner_id for each in found if each.owner_id is not None})
    return [
        {"row": each, "state": state_badge(Survey.workflow, each.state), "by": names.get(each.owner_id or 0, "")}
        for each in found
    ]


def readable(claim: Claim, name: str) -> bool:
    """Whether the present person may read a field of this claim."""
    return name not in hidden_in(current_actor(), claim)
