"""What the other teams have on their desks in the demonstration."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.actor import acting
from app.kernel.permissions import load_actor
from app.kernel.workflow import adopt, advance
from app.schema.kinds import PHONE
from models.contracts import Contract
from models.demo import claims
from models.demo.people import Member, Staff
from models.operations import Document, Script, SystemFault
from models.operations.states import DocumentKind, ScriptState, Severity, Situation
from models.sales import Lead, Quote, Target
from models.sales.states import LeadSource, LeadState, TargetState
from models.voice import Application, Callback, Complaint, Consultation
from models.voice.states import CallbackKind, Grievance, Topic

SCRIPTS = (
    (
        Situation.FIRST_CONTACT,
        "首次续保联系 First renewal call",
        "您好，我是延保部的{name}。您的合同即将到期，我想用两分钟为您说明续保方案……",
    ),
    (Situation.OBJECTION, "价格异议 Price objection", "我理解您对价格的顾虑。我们先看看哪些保障是您最需要的……"),
    (Situation.CLOSING, "促成 Closing", "如果这个方案合适，今天确认可以享受提前续保优惠。我把付款方式发给您。"),
)
COMPLAINTS = ("理赔进度没有人告知", "续保报价与去年差距过大", "客服电话等待时间太长")
QUESTIONS = ("保障范围是否包括自燃？", "如何变更联系地址？", "续保可以分期付款吗？", "理赔需要哪些材料？")
FAULTS = ("打印机无法连接", "电话录音丢失", "客户列表导出很慢")


def work(session: Session, random: Random, today: date, staff: Staff, sold: list[Contract]) -> dict[str, Any]:
    """Write scripts, leads, targets, claims, complaints, documents and faults, some of them under way. Counts them."""
    _operations(session, staff, today)
    _sales(session, random, staff, today, sold)
    _service(session, random, staff, today, sold)
    claims.claim(session, random, today, staff, sold)
    session.flush()
    return {"teams": 4}


def _of(member: Member) -> dict[str, int]:
    return {"owner_id": member.user_id, "unit_id": member.unit_id}


def _operations(session: Session, staff: Staff, today: date) -> None:
    for number, (situation, name, text) in enumerate(SCRIPTS, 1):
        script = Script(code=f"SCR-{number:02}", name=name, situation=situation, text=text)
        session.add(script)
        session.flush()
        adopt(session, script, ScriptState.PUBLISHED)
    for code, name in (("DOC-01", "续保通知函 Renewal letter"), ("DOC-02", "理赔材料清单 Claim papers")):
        document = Document(code=code, edition="1", name=name, kind=next(iter(DocumentKind)), location="A-01")
        document.valid_until = today + timedelta(days=400)
        session.add(document)
    for name in FAULTS:
        session.add(
            SystemFault(name=name, place="3F", severity=Severity.ONE_PERSON, unit_id=staff["operations"].unit_id)
        )


def _sales(session: Session, random: Random, staff: Staff, today: date, sold: list[Contract]) -> None:
    sellers = [staff["sales"], staff["sales.feng"]]
    for number in range(14):
        contract = random.choice(sold)
        seller = sellers[number % 2]
        lead = Lead(
            name=f"{random.choice('赵钱孙李周吴')}{random.choice(('先生', '女士'))}",
            phone=PHONE.sample(10_000 + number, "zh_Hans"),
            source=random.choice(list(LeadSource)),
            product_id=contract.product_id,
            expected_premium=contract.premium,
            next_contact_on=today + timedelta(days=random.randrange(0, 14)),
            **_of(seller),
        )
        session.add(lead)
        session.flush()
        if number % 3 == 0:
            adopt(session, lead, LeadState.NEEDS)
            quote = Quote(
                lead_id=lead.id,
                product_id=contract.product_id,
                sum_insured=Decimal(200_000),
                rate=Decimal("0.0125"),
                **_of(seller),
            )
            session.add(quote)
            session.flush()
            with acting(load_actor(session, seller.user_id)):
                advance(session, quote, "calculate")
    months = [(today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"), today.strftime("%Y-%m")]
    for member in (m for name, m in staff.items() if name.startswith(("sales", "renewal"))):
        for month in months:
            target = Target(month=month, amount=Decimal(30_000), **_of(member))
            session.add(target)
            session.flush()
            adopt(session, target, TargetState.IN_FORCE)


def _service(session: Session, random: Random, staff: Staff, today: date, sold: list[Contract]) -> None:
    desk = [staff["service"], staff["service.chu"]]
    noon = datetime.combine(today, time(4), UTC)
    for number, question in enumerate(QUESTIONS * 2):
        asked = {"topic": random.choice(list(Topic)), "question": question, **_of(desk[number % 2])}
        session.add(Consultation(customer_id=random.choice(sold).customer_id, **asked))
    for number, account in enumerate(COMPLAINTS * 2):
        contract = random.choice(sold)
        session.add(
            Complaint(
                customer_id=contract.customer_id,
                contract_id=contract.id,
                about=random.choice(list(Grievance)),
                account=account,
                received_at=noon - timedelta(days=number),
                **_of(desk[number % 2]),
            )
        )
    for number in range(8):
        contract = random.choice(sold)
        due = today + timedelta(days=number - 3)
        kind = random.choice([CallbackKind.NEW_CONTRACT, CallbackKind.PERIODIC])
        session.add(Callback(kind=kind, customer_id=contract.customer_id, due_on=due, **_of(desk[number % 2])))
    for number in range(5):
        contract = random.choice(sold)
        session.add(
            Application(
                customer_id=contract.customer_id,
                product_id=contract.product_id,
                cover_from=today + timedelta(days=10),
                premium=contract.premium,
                **_of(staff["sales" if number % 2 else "sales.feng"]),
            )
        )
