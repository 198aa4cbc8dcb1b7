"""Demonstration terms: what each product covers and what it does not, and the papers its claims need."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.workflow import adopt
from models.claims import RequiredPaper
from models.contracts import Contract, ContractCoverage
from models.products import Coverage, Exclusion, Product, ProductVersion
from models.products.states import LossCause, ProductState

D = Decimal
SOLD_SINCE = timedelta(days=1000)
COVERAGES: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "EW-CAR": (
        ("机械与电气 Mechanics and electrics", {"deductible": D(200), "per_claim": D(8_000), "aggregate": D(30_000)}),
        ("易损件 Wearing parts", {"share": D(80), "aggregate": D(5_000)}),
    ),
    "EW-APPL": (
        ("维修 Repair", {"per_item": D(1_500), "aggregate": D(3_000)}),
        ("上门服务 Call-out", {"aggregate": D(600)}),
    ),
    "MOTOR-C": (
        ("车辆损失 Own damage", {"deductible": D(500), "per_claim": D(80_000), "aggregate": D(200_000)}),
        ("第三者责任 Third-party liability", {"aggregate": D(1_000_000)}),
        ("玻璃单独破碎 Glass", {"share": D(90), "aggregate": D(10_000)}),
    ),
    "HEALTH-A": (
        ("住院费用 Hospital stay", {"deductible": D(300), "share": D(80), "aggregate": D(100_000), "waiting_days": 30}),
        ("手术费用 Surgery", {"share": D(90), "aggregate": D(50_000), "waiting_days": 30}),
    ),
    "HOME-F": (
        ("室内财产 Contents", {"deductible": D(200), "per_item": D(10_000), "aggregate": D(50_000)}),
        ("管道破裂 Burst pipes", {"share": D(90), "aggregate": D(20_000)}),
    ),
}
"""What the products of `models.demo.contracts` cover, by code."""
EXCLUSIONS: dict[str, tuple[tuple[str, LossCause | None, str], ...]] = {
    "EW-CAR": (("3.2", LossCause.THEFT, "被盗不在延保范围内。Theft is not covered by the warranty."),),
    "EW-APPL": (("3.1", None, "人为损坏不予维修。Damage done on purpose is not repaired."),),
    "MOTOR-C": (("5.4", None, "酒后驾驶免赔。Nothing is paid for driving under the influence."),),
    "HEALTH-A": (("4.6", None, "美容手术不予赔付。Cosmetic surgery is not paid for."),),
    "HOME-F": (("6.3", None, "门窗未锁的盗窃免赔。Nothing is paid for theft through unlocked doors."),),
}
PAPERS = ("身份证明 Proof of identity", "事故证明 Proof of the event", "维修发票 Repair invoice")


def write(session: Session, products: list[Product], today: date) -> None:
    """Write a version of each product that is on sale, and what is to be shown with every claim."""
    for product in products:
        version = ProductVersion(
            product_id=product.id,
            name=f"{product.name} 1",
            starts_on=today - SOLD_SINCE,
            fast_lane=product.code != "HEALTH-A",
        )
        session.add(version)
        session.flush()
        for number, (name, terms) in enumerate(COVERAGES[product.code], 1):
            session.add(Coverage(product_version_id=version.id, code=f"{product.code}-{number}", name=name, **terms))
        for clause, cause, wording in EXCLUSIONS[product.code]:
            session.add(Exclusion(product_version_id=version.id, clause=clause, cause=cause, wording=wording))
        session.flush()
        adopt(session, version, ProductState.ON_SALE)
    for number, name in enumerate(PAPERS, 1):
        session.add(RequiredPaper(code=f"PAPER-{number}", name=name))
    session.flush()


def cover(session: Session, sold: list[Contract]) -> None:
    """Put contracts on the version of their product, with all its coverages."""
    versions = {each.product_id: each.id for each in session.scalars(select(ProductVersion))}
    coverages = session.scalars(select(Coverage).order_by(Coverage.id)).all()
    for contract in sold:
        contract.product_version_id = versions[contract.product_id]
        session.add_all(
            ContractCoverage(contract_id=contract.id, coverage_id=each.id, name=each.name, aggregate=each.aggregate)
            for each in coverages
            if each.product_version_id == contract.product_version_id
        )
    session.flush()
