"""What a claim comes to: its lines down the waterfall, what they draw from the limits, what is set aside for it.

An aggregate limit is shared by all claims under the contract: whoever draws from it holds a lock on the contract and
works everything out anew first.
"""

from collections.abc import Hashable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.kernel.actor import on_behalf
from app.kernel.deriving import lines_at_hand
from app.schema.errors import Conflict, Refusal
from models.claims import cover
from models.claims.claim_line import ClaimLine
from models.claims.payout import Payout
from models.claims.reserve_change import ReserveChange
from models.claims.rules import ORDERS, Case, Cover, Earlier, Loss, LossItem, settle
from models.claims.rules import Payout as Result
from models.claims.states import OPEN, ClaimState, LineDecision
from models.contracts import Contract, ContractCoverage, InsuredObject
from models.contracts.rules import months_begun
from models.products import Coverage, ProductVersion
from models.products.states import DeductiblePer, WaterfallOrder

if TYPE_CHECKING:
    from models.claims.claim import Claim

ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
LINELESS = "Enter what was lost line by line: the limits of the contract are kept by its lines."
UNNAMED = "Say under which coverage the line falls."
STRANGE = "This coverage is not one of the contract the claim is made under."
CHANGED = "What the limits leave has changed: the lines come to %(amount)s by now. Look at them, then approve that."


# Worked out at each write


def work_out(session: Session, claim: "Claim", at: datetime) -> None:
    """Let the figures of a claim and its lines be as the terms say, while it is open; then let the reserve follow."""
    state, lines = claim.state or ClaimState.REPORTED, lines_at_hand(session, claim, ClaimLine)
    if state in OPEN:
        if lines:
            _place(session, claim, lines)
            claim.claimed = sum((line.claimed for line in lines), ZERO)
            _write(lines, settled(session, claim, lines))
        found = cover.findings(session, claim, lines)
        claim.flags = tuple(dict.fromkeys(each.flag for each in found)) or None
        claim.flag_facts = "\n".join(f"{each.flag.label}: {each.fact}" for each in found) or None
        claim.lane = cover.lane_of(session, claim)
    _set_aside(session, claim, state, lines, at)


def settled(session: Session, claim: "Claim", lines: list[ClaimLine]) -> tuple[Result, ...]:
    """What the terms make of the lines as they stand, an open one as if it were approved. Changes nothing.

    Raises `Refusal` for a line under a coverage of another contract, or under none where the contract has some.
    """
    terms = _terms(session, claim, lines)
    return settle([_case(claim, line, terms) for line in lines], _used(session, claim, lines, terms))


def recognised(line: ClaimLine) -> Decimal:
    """The part of a line's loss that is recognised."""
    if line.decision == LineDecision.REDUCED:
        return line.accepted if line.accepted is not None else ZERO
    return ZERO if line.decision == LineDecision.REJECTED else line.claimed


def _write(lines: list[ClaimLine], results: Iterable[Result]) -> None:
    for line, result in zip(lines, results, strict=True):
        if line.decision in (LineDecision.APPROVED, LineDecision.REJECTED):
            line.accepted = recognised(line)
        elif line.decision == LineDecision.OPEN or line.decision is None:
            line.accepted = None
        line.payable, line.deductible = result.amount, result.deductible
        line.trace = "\n".join(f"{step.step}: {step.formula} = {step.amount}" for step in result.trace)


def _place(session: Session, claim: "Claim", lines: list[ClaimLine]) -> None:
    """Where a contract has one coverage only, its lines need not name it."""
    mine = select(ContractCoverage.id).where(ContractCoverage.contract_id == claim.contract_id).limit(2)
    only = session.scalars(mine).all()
    for line in lines:
        if line.contract_coverage_id is None and len(only) == 1:
            line.contract_coverage_id = only[0]


class Terms:
    """What the lines of a claim stand on: their coverages in the contract and in the product, the things insured."""

    def __init__(self, covers: dict[int, tuple[ContractCoverage, Coverage]], things: dict[int, InsuredObject]) -> None:
        self.covers, self.things, self.order = covers, things, WaterfallOrder.DEDUCTIBLE_FIRST


def _terms(session: Session, claim: "Claim", lines: list[ClaimLine]) -> Terms:
    mine = (
        select(ContractCoverage, Coverage)
        .join(Coverage, Coverage.id == ContractCoverage.coverage_id)
        .where(ContractCoverage.contract_id == claim.contract_id)
    )
    things = select(InsuredObject).where(InsuredObject.contract_id == claim.contract_id)
    found = Terms(
        {kept.id: (kept, terms) for kept, terms in session.execute(mine)},
        {thing.id: thing for thing in session.scalars(things)},
    )
    for line in lines:
        under = line.contract_coverage_id
        if (under is None and found.covers) or (under is not None and under not in found.covers):
            raise Refusal(STRANGE if under else UNNAMED, field="contract_coverage_id")
    versions = {terms.product_version_id for _kept, terms in found.covers.values()}
    if versions:
        order = select(ProductVersion.waterfall).where(ProductVersion.id.in_(versions)).limit(1)
        found.order = session.scalars(order).one()
    return found


def _case(claim: "Claim", line: ClaimLine, terms: Terms) -> Case:
    thing = terms.things.get(line.insured_object_id or 0)
    kept, product = terms.covers.get(line.contract_coverage_id or 0, (None, None))
    wear = line.depreciation
    if wear is None and product is not None and thing is not None and thing.made_on is not None:
        months = months_begun(thing.made_on, max(claim.occurred_on, thing.made_on))
        wear = min(HUNDRED, product.depreciation * months)
    limit = product.per_item if product is not None else None
    loss = Loss(
        items=(LossItem(recognised(line), limit, _part(wear or ZERO)),),
        salvage=line.salvage or ZERO,
        third_party=line.third_party or ZERO,
        value_at_risk=thing.worth if thing is not None else None,
    )
    if kept is None or product is None:
        return Case(None, loss, Cover())
    promised = Cover(
        sum_insured=kept.sum_insured,
        deductible=product.deductible,
        share=_part(product.share),
        per_claim=product.per_claim,
        aggregate=kept.aggregate,
        order=ORDERS[terms.order],
    )
    return Case(kept.id, loss, promised)


def _part(percent: Decimal) -> Decimal:
    return (percent / HUNDRED).normalize()


def _used(session: Session, claim: "Claim", lines: list[ClaimLine], terms: Terms) -> dict[Hashable, Earlier]:
    """What other claims have used up of the coverages of these lines."""
    under = {line.contract_coverage_id for line in lines} & terms.covers.keys()
    if not under:
        return {}
    drew = case((ClaimLine.drawn > 0, ClaimLine.deductible), else_=ZERO)
    waiting = case((ClaimLine.drawn > ClaimLine.paid, ClaimLine.drawn - ClaimLine.paid), else_=ZERO)
    others = (
        select(
            ClaimLine.contract_coverage_id,
            func.sum(ClaimLine.paid),
            func.sum(waiting),
            func.sum(drew),
        )
        .where(ClaimLine.contract_coverage_id.in_(under), ClaimLine.claim_id != (claim.id or 0))
        .group_by(ClaimLine.contract_coverage_id)
    )
    found: dict[Hashable, Earlier] = {}
    for key, paid, reserved, borne in session.execute(others):
        by_term = terms.covers[key][1].deductible_per == DeductiblePer.TERM
        found[key] = Earlier(borne if by_term else ZERO, paid, reserved)
    return found


def _set_aside(session: Session, claim: "Claim", state: ClaimState, lines: list[ClaimLine], at: datetime) -> None:
    """The outstanding amount: what an open claim is thought to come to, what an approved one is to be paid."""
    before = claim.reserve or ZERO
    if state == ClaimState.APPROVED:
        claim.reserve = claim.approved or ZERO
    elif state not in OPEN:
        claim.reserve = ZERO
    elif claim.own_reserve is not None:
        claim.reserve = claim.own_reserve
    elif lines:
        claim.reserve = max(ZERO, sum(((line.payable or ZERO) - (line.paid or ZERO) for line in lines), ZERO))
    else:
        claim.reserve = max(ZERO, claim.claimed - paid_before(session, claim))
    if claim.id is not None and claim.reserve != before:
        note_reserve(session, claim, before, at)


def note_reserve(session: Session, claim: "Claim", before: Decimal, at: datetime) -> None:
    """Keep that what is set aside for a claim has changed."""
    session.add(ReserveChange(claim_id=claim.id, moved_at=at, previous=before, amount=claim.reserve))


def paid_before(session: Session, claim: "Claim") -> Decimal:
    """What was paid under the claim so far, in all its rounds."""
    if claim.id is None:
        return ZERO
    total = select(func.coalesce(func.sum(Payout.amount), ZERO)).where(Payout.claim_id == claim.id)
    return session.scalars(total).one()


# Drawn from the limits


def lacks_lines(session: Session, claim: "Claim") -> bool:
    """Whether the contract has limits to be kept and the claim no line that could be held against them."""
    if lines_at_hand(session, claim, ClaimLine):
        return False
    mine = select(ContractCoverage.id).where(ContractCoverage.contract_id == claim.contract_id).limit(1)
    return session.scalar(mine) is not None


def due(session: Session, claim: "Claim") -> Decimal | None:
    """What is to be paid in this round by the lines as they stand; None for a claim without lines."""
    lines = lines_at_hand(session, claim, ClaimLine)
    if not lines:
        return None
    payable = sum((result.amount for result in settled(session, claim, lines)), ZERO)
    return payable - sum((line.paid for line in lines), ZERO)


def draw(session: Session, claim: "Claim") -> None:
    """Take what is approved from the limits. Raises `Conflict` if they leave something else by now."""
    with on_behalf("a claim draws on the limits of its contract"):
        _lock(session, claim)
        lines = _lines(session, claim)
        if lacks_lines(session, claim):
            raise Conflict(LINELESS)
        if not lines:
            return
        results = settled(session, claim, lines)
        left = sum((result.amount for result in results), ZERO) - sum((line.paid for line in lines), ZERO)
        if left != claim.approved:
            raise Conflict(CHANGED, amount=left)
        _write(lines, results)
        _take(session, {line: result.amount for line, result in zip(lines, results, strict=True)})


def release(session: Session, claim: "Claim") -> None:
    """Give back to the limits what was approved and not paid."""
    with on_behalf("an approval was taken back"):
        _lock(session, claim)
        _take(session, {line: line.paid for line in _lines(session, claim)})


def spend(session: Session, claim: "Claim") -> None:
    """What was drawn has been paid; what was paid for a line before and is not due any more has been set off."""
    _lock(session, claim)
    lines = _lines(session, claim)
    _take(session, {line: line.drawn for line in lines}, spent=True)


def _lock(session: Session, claim: "Claim") -> None:
    mine = select(Contract.id).where(Contract.id == claim.contract_id)
    session.execute(mine.with_for_update(key_share=True))


def _lines(session: Session, claim: "Claim") -> list[ClaimLine]:
    """The lines as the database has them now, held."""
    mine = select(ClaimLine).where(ClaimLine.claim_id == claim.id).order_by(ClaimLine.id).with_for_update()
    return list(session.scalars(mine, execution_options={"populate_existing": True}))


def _take(session: Session, amounts: dict[ClaimLine, Decimal], spent: bool = False) -> None:
    """Let lines have drawn these amounts in all, and the coverages know it; what is paid is held until set off."""
    more: dict[int, Decimal] = {}
    for line, amount in amounts.items():
        held = max(line.drawn, line.paid)
        line.drawn = amount
        line.paid = amount if spent else line.paid
        if line.contract_coverage_id is not None:
            grown = max(line.drawn, line.paid) - held
            more[line.contract_coverage_id] = more.get(line.contract_coverage_id, ZERO) + grown
    kept = select(ContractCoverage).where(ContractCoverage.id.in_(more)).with_for_update()
    for each in session.scalars(kept, execution_options={"populate_existing": True}):
        each.drawn += more[each.id]
    session.flush()
