"""Demonstration claims: some just reported or collecting papers, others with lines on the claim desk or decided."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import files
from app.kernel.actor import acting
from app.kernel.permissions import load_actor
from app.kernel.workflow import advance
from app.schema.kinds import BANK_ACCOUNT, IMAGE
from app.schema.kinds.files import sample
from models.claims import Claim, ClaimLine, Paper, Survey, settling
from models.claims.states import LineDecision, LossCause
from models.contracts import Contract, ContractCoverage
from models.demo.people import Staff
from models.products import Product

LOSSES = ("停车场刮擦", "前挡风玻璃破裂", "压缩机故障", "厨房漏水损坏地板", "住院手术", "追尾事故")
PLACES = ("北京朝阳", "天津南开", "济南历下")
DAY = timedelta(days=1)
OLD = timedelta(days=150)
"""For how long the contracts have run under which something on the desk was lost."""


class Case(NamedTuple):
    """A claim whose papers are in: the product, the loss, things lost as (name, place of the coverage, amount), and
    how it ended: on the desk, looked at, agreed by the handler alone, paid, or refused. One that happened `again` is
    reported under the contract of the case before it.
    """

    product: str
    cause: LossCause
    loss: str
    things: tuple[tuple[str, int, int], ...]
    days: int
    handler: str = "claims"
    fate: str = "desk"
    again: bool = False


L = LossCause
CASES = (
    Case(
        "MOTOR-C", L.COLLISION, "追尾，后部受损 Rear-end collision",
        (("后保险杠 Bumper", 0, 1800), ("尾灯 Tail lamp", 0, 950), ("后挡玻璃 Rear window", 2, 1200)), 29,
    ),
    Case(
        "MOTOR-C", L.COLLISION, "停车场刮擦 Scratched in a car park",
        (("后保险杠 Bumper", 0, 1600), ("喷漆 Paint", 0, 700)), 27, again=True,
    ),
    Case(
        "HOME-F", L.WATER, "厨房水管破裂 A burst pipe in the kitchen",
        (("木地板 Wooden floor", 1, 3600), ("橱柜 Cabinets", 0, 2400), ("地毯 Carpet", 0, 400)), 21, fate="surveyed",
    ),
    Case(
        "EW-CAR", L.BREAKDOWN, "变速箱异响 Noise from the gearbox",
        (("变速箱 Gearbox", 0, 5200), ("皮带 Belt", 1, 300)), 12,
    ),
    Case(
        "HEALTH-A", L.ILLNESS, "阑尾炎住院手术 Appendicitis, surgery",
        (("住院费 Hospital stay", 0, 4200), ("手术费 Surgery", 1, 6800), ("药费 Medicine", 0, 900)), 9, "claims.wei",
    ),
    Case(
        "MOTOR-C", L.COLLISION, "路口碰撞，对方车辆受损 Collision at a crossing",
        (("车身 Bodywork", 0, 9400), ("对方车辆 The other car", 1, 7800)), 15, fate="agreed",
    ),
    Case(
        "EW-APPL", L.BREAKDOWN, "冰箱压缩机故障 The fridge does not cool",
        (("压缩机 Compressor", 0, 1300), ("上门费 Call-out", 1, 150)), 14, "claims.wei", "paid",
    ),
    Case(
        "HOME-F", L.THEFT, "门未锁，财物被盗 Theft, the door was open",
        (("电脑 Computer", 0, 6900),), 18, fate="refused",
    ),
)  # fmt: skip


def claim(session: Session, random: Random, today: date, staff: Staff, sold: list[Contract]) -> None:
    """Report a dozen losses and have some of them worked; then put those with lines on the desk."""
    handlers = [staff["claims"], staff["claims.wei"]]
    in_force = [c for c in sold if c.starts_on < today - timedelta(days=40) and c.expires_on > today]
    for number in range(12):
        contract, handler = random.choice(in_force), handlers[number % 2]
        reported = Claim(
            contract_id=contract.id,
            occurred_on=today - timedelta(days=random.randrange(3, 30)),
            place=random.choice(PLACES),
            cause=random.choice(list(LossCause)),
            loss=random.choice(LOSSES),
            claimed=Decimal(random.randrange(300, 9000)),
            owner_id=handler.user_id,
            unit_id=handler.unit_id,
        )
        session.add(reported)
        session.flush()
        with acting(load_actor(session, handler.user_id)):
            _handle(session, reported, number, today)
    _decided(session, today, staff, [c for c in in_force if c.starts_on < today - OLD])


def _handle(session: Session, reported: Claim, number: int, today: date) -> None:
    """What a claims handler did so far; every fourth claim is still as reported."""
    if number % 4 == 0:
        return
    advance(session, reported, "accept")
    papers = session.scalars(select(Paper).where(Paper.claim_id == reported.id).order_by(Paper.id)).all()
    for paper in papers if number % 4 > 1 else ():
        paper.received_on = today
    if number % 4 == 2:
        papers[-1].complete, papers[-1].hint = False, "金额看不清 The amount cannot be read"
    session.flush()
    if number % 4 == 3:
        session.add(Survey(claim_id=reported.id, purpose="核实损失 Verify the loss", place=reported.place))


def _decided(session: Session, today: date, staff: Staff, running: list[Contract]) -> None:
    codes = {each.id: each.code for each in session.scalars(select(Product))}
    free = {code: [c for c in running if codes[c.product_id] == code] for code in codes.values()}
    for number, case in enumerate(CASES):
        found = free[case.product]
        if found:
            _lead(session, case, found[0], number, today, staff)
        if found and not CASES[(number + 1) % len(CASES)].again:
            found.pop(0)


def _lead(session: Session, case: Case, contract: Contract, number: int, today: date, staff: Staff) -> None:
    """Lead a claim to where its case says."""
    handler = staff[case.handler]
    row = Claim(
        contract_id=contract.id,
        reported_at=datetime.combine(today - case.days * DAY, time(2), UTC),
        occurred_on=today - (case.days + 1) * DAY,
        place=PLACES[number % len(PLACES)],
        cause=case.cause,
        loss=case.loss,
        claimed=Decimal(sum(amount for _name, _cover, amount in case.things)),
        payee=contract.customer.name,
        payee_account=BANK_ACCOUNT.sample(number),
        owner_id=handler.user_id,
        unit_id=handler.unit_id,
    )
    session.add(row)
    session.flush()
    mine = select(ContractCoverage.id).where(ContractCoverage.contract_id == contract.id).order_by(ContractCoverage.id)
    covers = session.scalars(mine).all()
    for name, cover, amount in case.things:
        told = {"claim_id": row.id, "contract_coverage_id": covers[cover], "name": name, "claimed": Decimal(amount)}
        session.add(ClaimLine(**told))
        session.flush()
    with acting(load_actor(session, handler.user_id)):
        advance(session, row, "accept")
        _examine(session, row, number, today)
        if case.fate == "surveyed":
            _survey(session, row, today)
        advance(session, row, "review")
        if case.fate in ("agreed", "paid"):
            for line in session.scalars(select(ClaimLine).where(ClaimLine.claim_id == row.id)):
                line.decision = LineDecision.APPROVED
            session.flush()
    if case.fate in ("agreed", "paid"):
        due = settling.due(session, row)
        with acting(load_actor(session, handler.user_id)):
            advance(session, row, "approve", answers={"approved": due})
    if case.fate == "paid":
        with acting(load_actor(session, staff["finance"].user_id)):
            advance(session, row, "pay", answers={"method": "transfer"})
    if case.fate == "refused":
        with acting(load_actor(session, staff["supervisor"].user_id)):
            why = {"refusal_under": "6.3", "reason": "门窗未锁。The door was not locked."}
            advance(session, row, "refuse", answers=why)


def _examine(session: Session, row: Claim, number: int, today: date) -> None:
    """All papers are here and stand the examination; the last one with its scan."""
    papers = session.scalars(select(Paper).where(Paper.claim_id == row.id).order_by(Paper.id)).all()
    for paper in papers:
        paper.received_on, paper.authentic, paper.complete, paper.relevant = today - 2 * DAY, True, True, True
    file, body = sample(IMAGE, number, "zh_Hans")
    papers[-1].scan = files.receive(session, files.Upload(BytesIO(body), file.name))
    session.flush()


def _survey(session: Session, row: Claim, today: date) -> None:
    survey = Survey(claim_id=row.id, purpose="核实损失 Verify the loss", place=row.place)
    session.add(survey)
    session.flush()
    advance(session, survey, "visit", answers={"visited_on": today - DAY})
    told = "地板大面积起翘，橱柜底部受潮。The floor has risen, the cabinets are wet below."
    advance(session, survey, "report", answers={"findings": told, "assessed": row.claimed - 400})
