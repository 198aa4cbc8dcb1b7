"""Claims settled in the year before the demonstration, what came back for them, and what was learnt of some."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import house_zone
from app.kernel.workflow import adopt
from models.claims import CaseReview, Claim, Payout, Recovery
from models.claims.states import (
    CauseClass,
    ClaimState,
    Control,
    LossCause,
    PayoutMethod,
    RecoveryKind,
    RecoveryState,
    ReviewState,
)
from models.contracts import Contract
from models.demo.people import Member, Staff
from models.people import Person

SETTLED = 36
DEBTORS = {
    RecoveryKind.THIRD_PARTY: "平安运输有限公司",
    RecoveryKind.SALVAGE: "顺达残值拍卖行",
    RecoveryKind.OVERPAYMENT: "中远汽修厂",
}
REVIEWS = (
    (
        CauseClass.DISCLOSURE,
        Control.UNDERWRITING,
        "投保时车辆已有旧伤，未如实告知",
        "承保前增加验车照片 Photos before cover begins",
    ),
    (CauseClass.DEFECT, Control.PRODUCT, "同一型号压缩机半年内第三次故障", "调整该型号费率 Rate this model anew"),
    (CauseClass.HANDLING, Control.SERVICE, "客户三次补交材料才齐全", "报案时一次告知全部材料 Tell all papers at once"),
    (CauseClass.CONDUCT, Control.FRAUD, "同一修理厂发票连号", "列入修理厂抽查名单 Sample this workshop"),
)


def settle(session: Session, today: date, staff: Staff, sold: list[Contract]) -> None:
    """Write claims paid and refused over the past year, recoveries and case reviews. The system is acting."""
    random = Random(44)
    begun = [contract for contract in sold if contract.starts_on < today - timedelta(days=90)]
    paid = [
        claim
        for number in range(SETTLED)
        if (
            claim := _settled(session, random, random.choice(begun), staff[("claims", "claims.wei")[number % 2]], today)
        )
    ]
    for number, (kind, claim) in enumerate(zip((*RecoveryKind, *RecoveryKind), paid, strict=False)):
        _recover(session, claim, kind, list(RecoveryState)[number % 4], staff["finance"], today)
    addressee = session.scalars(select(Person.id).where(Person.user_id == staff["underwriter"].user_id)).one()
    for number, review in enumerate(REVIEWS):
        _review(session, paid[-number - 1], review, list(ReviewState)[number], staff["inspector"], addressee, today)


def _settled(session: Session, random: Random, contract: Contract, handler: Member, today: date) -> Claim | None:
    """A claim decided long ago; None where it was refused."""
    last = min(contract.expires_on, today - timedelta(days=45))
    loss = contract.starts_on + timedelta(days=random.randrange((last - contract.starts_on).days))
    notice, decided = loss + timedelta(days=random.randrange(4)), loss + timedelta(days=5 + random.randrange(35))
    claimed, refused = Decimal(random.randrange(400, 9000)), random.random() < 0.15
    approved = None if refused else (claimed * random.randrange(60, 101) / 100).quantize(Decimal("0.01"))
    place = {"owner_id": handler.user_id, "unit_id": handler.unit_id}
    claim = Claim(
        contract_id=contract.id,
        reported_at=datetime.combine(notice, time(10), house_zone()),
        occurred_on=loss,
        cause=random.choice(list(LossCause)),
        claimed=claimed,
        assessed=approved,
        approved=approved,
        payee=None if refused else contract.customer.name,
        decide_by=notice + timedelta(days=30),
        decided_on=decided,
        refusal_told_on=decided if refused else None,
        **place,
    )
    adopt(session, claim, ClaimState.REFUSED if refused else ClaimState.PAID)
    session.add(claim)
    session.flush()
    if approved is None:
        return None
    paid_on = decided + timedelta(days=1 + random.randrange(9))
    payment = {"payee": contract.customer.name, "method": PayoutMethod.TRANSFER, "paid_on": paid_on}
    session.add(Payout(claim_id=claim.id, round=1, amount=approved, **payment, **place))
    session.flush()
    return claim


def _recover(
    session: Session, claim: Claim, kind: RecoveryKind, state: RecoveryState, keeper: Member, today: date
) -> None:
    expected = ((claim.approved or Decimal(0)) * 40 / 100).quantize(Decimal("0.01"))
    came = {"received": expected, "received_on": today - timedelta(days=9)} if state == RecoveryState.RECEIVED else {}
    row = Recovery(
        claim_id=claim.id,
        kind=kind,
        debtor=DEBTORS[kind],
        expected=expected,
        owner_id=keeper.user_id,
        unit_id=keeper.unit_id,
        **came,
    )
    adopt(session, row, state)
    session.add(row)
    session.flush()


def _review(
    session: Session,
    claim: Claim,
    review: tuple[CauseClass, Control, str, str],
    state: ReviewState,
    reviewer: Member,
    addressee: int,
    today: date,
) -> None:
    cause_class, control, found, advice = review
    row = CaseReview(
        claim_id=claim.id,
        found=found,
        cause_class=cause_class,
        control=control,
        advice=advice,
        addressee_id=addressee,
        due_on=today + timedelta(days=30),
        owner_id=reviewer.user_id,
        unit_id=reviewer.unit_id,
    )
    adopt(session, row, state)
    session.add(row)
    session.flush()
