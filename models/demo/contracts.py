"""Demonstration customers, products, contracts, and the renewals being worked."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import acting
from app.kernel.permissions import load_actor
from app.kernel.workflow import adopt, advance
from app.schema.kinds import ADDRESS, EMAIL, ID_NUMBER, PHONE, PLATE, VIN, samples
from models.contracts import Contract
from models.contracts.states import Billing, Channel, ContractState
from models.customers import Customer
from models.customers.states import CustomerKind, CustomerState, Gender
from models.demo import terms
from models.demo.people import Member, Staff
from models.products import Product
from models.products.states import LineOfBusiness, ProductState
from models.renewals import Renewal, jobs, operations, pool
from models.renewals.states import OPEN, ContactChannel, Intent, RefusalReason

CUSTOMERS, YEAR = 160, timedelta(days=365)
CITIES = ("北京", "天津", "石家庄", "太原", "济南", "广州", "深圳", "厦门")
PRODUCTS = (
    ("EW-CAR", "汽车延保三年 Car warranty", "motor", 2600),
    ("EW-APPL", "家电延保 Appliance warranty", "property", 380),
    ("MOTOR-C", "商业车险 Motor comprehensive", "motor", 4200),
    ("HEALTH-A", "住院医疗 Hospital cover", "health", 1800),
    ("HOME-F", "家庭财产 Home contents", "property", 620),
)
TALKS = ("客户希望再比较价格", "约定下周再联系", "对服务满意，考虑续保", "询问免赔额", "需要与家人商量")


def sell(session: Session, random: Random, today: date, staff: Staff) -> list[Contract]:
    """Write products, customers and one or two contracts each, expiring from 120 days ago to 300 days ahead."""
    products = [_product(session, *row) for row in PRODUCTS]
    terms.write(session, products, today)
    keepers = [member for name, member in staff.items() if name.startswith(("sales", "renewal"))]
    sold = []
    for number in range(CUSTOMERS):
        keeper = random.choice(keepers)
        customer = _customer(session, random, number, keeper)
        for _ in range(random.choice((1, 1, 2))):
            index = random.randrange(len(products))
            expires_on = today + timedelta(days=random.randrange(-120, 300))
            sold.append(_contract(session, random, customer, products[index], PRODUCTS[index][3], expires_on, keeper))
    session.flush()
    terms.cover(session, sold)
    return sold


def _product(session: Session, code: str, name: str, line: str, price: int) -> Product:
    product = Product(code=code, name=name, line=LineOfBusiness(line))
    session.add(product)
    session.flush()
    adopt(session, product, ProductState.ON_SALE)
    return product


def _customer(session: Session, random: Random, number: int, keeper: Member) -> Customer:
    firm = number % 9 == 0
    name = f"{random.choice(CITIES)}{random.choice(('远航', '启明', '华泰', '顺达'))}有限公司" if firm else ""
    customer = Customer(
        name=name or samples.person(random.randrange(10**4), "zh_Hans"),
        kind=CustomerKind.FIRM if firm else CustomerKind.INDIVIDUAL,
        gender=None if firm else random.choice(list(Gender)),
        phone=PHONE.sample(number, "zh_Hans"),
        email=EMAIL.sample(number, "zh_Hans") if number % 3 else None,
        address=ADDRESS.sample(number, "zh_Hans"),
        id_number=None if firm else ID_NUMBER.sample(number),
        region=random.choice(CITIES),
        owner_id=keeper.user_id,
        unit_id=keeper.unit_id,
    )
    session.add(customer)
    session.flush()
    adopt(session, customer, CustomerState.CONFIRMED)
    return customer


def _contract(
    session: Session, random: Random, customer: Customer, product: Product, price: int, expires_on: date, keeper: Member
) -> Contract:
    instalment = (Decimal(price) * Decimal(random.randrange(80, 140)) / 1200).quantize(Decimal("0.01"))
    monthly = random.random() < 0.4
    motor, serial = product.line == LineOfBusiness.MOTOR, random.randrange(10**5)
    contract = Contract(
        customer_id=customer.id,
        product_id=product.id,
        starts_on=expires_on - YEAR + timedelta(days=1),
        expires_on=expires_on,
        billing=Billing.MONTHLY if monthly else Billing.SINGLE,
        instalment=instalment if monthly else instalment * 12,
        premium=instalment * 12,
        channel=random.choice(list(Channel)),
        plate=PLATE.sample(serial) if motor else None,
        vin=VIN.sample(serial) if motor else None,
        paid_on=expires_on - YEAR,
        owner_id=keeper.user_id,
        unit_id=keeper.unit_id,
    )
    session.add(contract)
    session.flush()
    adopt(session, contract, ContractState.IN_FORCE)
    return contract


def renew(session: Session, random: Random, now: datetime, staff: Staff) -> dict[str, Any]:
    """Fill the expiry pool, allocate it, and let the specialists work: talks, appointments, agreements, closings."""
    today = now.date()
    pool.fill(session, today - timedelta(days=120), today)
    session.flush()
    counts = jobs.pool(now, session)
    session.flush()
    names = {member.user_id for member in staff.values()}
    open_ = select(Renewal).where(Renewal.state.in_(OPEN), Renewal.owner_id.is_not(None)).order_by(Renewal.id)
    for renewal in session.scalars(open_).all():
        if renewal.owner_id is not None and renewal.owner_id in names:
            with acting(load_actor(session, renewal.owner_id)):
                _work(session, random, renewal, today)
    return dict(counts or {})


def _work(session: Session, random: Random, renewal: Renewal, today: date) -> None:
    """One specialist's dealings with one renewal; older ones are further along."""
    age = (renewal.expires_on - today).days
    fate = random.random()
    soon = today + timedelta(days=random.randrange(1, 12))
    if age > 20 and fate < 0.6:
        return
    intent = random.choice(list(Intent))
    operations.log_contact(
        session, renewal, channel=ContactChannel.PHONE, feedback=random.choice(TALKS), intent=intent, next_on=soon
    )
    if age < 5 and fate < 0.55:
        operations.close(session, renewal, paid_on=min(today, renewal.expires_on))
    elif age < 5 and fate < 0.75:
        answers = {
            "refusal_reason": random.choice(list(RefusalReason)),
            "contact_channel": ContactChannel.PHONE,
            "remedy": None,
        }
        advance(session, renewal, "decline", answers=answers)
    elif fate < 0.5:
        operations.log_contact(
            session,
            renewal,
            channel=ContactChannel.MESSAGE,
            feedback=random.choice(TALKS),
            next_on=soon,
            appointment=True,
        )
