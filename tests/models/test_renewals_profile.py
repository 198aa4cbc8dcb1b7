"""The import profile of expiring motor policies: the real file's figures to the cent, and the mapping line by line."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import monotonic

import pytest
from sqlalchemy import func, select

from app.kernel.tables import Notice
from app.kernel.transfer.loading import load
from app.schema.registry import registry
from app.schema.transfer import faults_of
from models.contracts import Contract
from models.contracts.jobs import lapse
from models.contracts.states import Billing, Channel, ContractState
from models.customers import Customer
from models.customers.states import Gender
from models.products import Product
from models.renewals import Renewal
from models.renewals.jobs import pool, remind
from models.renewals.report import figures
from models.renewals.states import RenewalState

HEADER = (
    "Customer,State,Customer_Lifetime_Value,Response,Effective_To_Date,Gender,Income,Monthly_Premium_Auto,"
    "Coverage,Policy,Sales_Channel,Total_Claim_Amount,Vehicle_Class,Vehicle_Size\n"
)
YES = "AA00001,Oregon,2763.519279,Yes,2/28/2011,F,56274,69,Basic,Corporate L3,Call Center,384.811147,SUV,Medsize\n"
NO = "AA00002,Nevada,100,No,1/31/2011,M,0,94,Extended,Corporate L3,Agent,0.5,Two-Door Car,Small\n"

README = {  # the table of the file's own README
    "expiry_month": {
        "all": (9134, 1308, "14.32"),
        "2011-01": (4898, 756, "15.43"),
        "2011-02": (4236, 552, "13.03"),
    },
    "channel": {
        "all": (9134, 1308, "14.32"),
        "Agent": (3477, 666, "19.15"),
        "Branch": (2567, 294, "11.45"),
        "Call centre": (1765, 192, "10.88"),
        "Web": (1325, 156, "11.77"),
    },
}


def loaded(session, path):
    outcome = load(session, registry.profiles["auto_renewals"], path, path.name)
    session.commit()
    return outcome


@pytest.fixture
def two(session, as_system, tmp_path):
    """One customer who renews and one who does not."""
    path = tmp_path / "two.csv"
    path.write_text(HEADER + YES + NO)
    assert loaded(session, path).refused == 0
    return {c.number: c for c in session.scalars(select(Contract))}


def test_the_profile_holds():
    assert list(faults_of(registry.profiles["auto_renewals"], registry)) == []


def test_who_accepts_has_a_successor_from_the_day_after(session, two):
    old, new = two["AA00001-1"], two["AA00001-2"]
    assert (old.starts_on, old.expires_on) == (date(2010, 3, 1), date(2011, 2, 28))
    assert (new.starts_on, new.expires_on) == (date(2011, 3, 1), date(2012, 2, 29))
    assert (old.state, new.state) == (ContractState.RENEWED, ContractState.IN_FORCE)
    assert (new.predecessor_id, new.customer_id, new.product_id) == (old.id, old.customer_id, old.product_id)
    assert (new.paid_on, new.claims_amount) == (date(2011, 2, 28), 0)
    for contract in (old, new):
        assert (contract.billing, contract.instalment, contract.premium) == (Billing.MONTHLY, 69, 69 * 12)
        assert (contract.channel, contract.object_class, contract.coverage) == (Channel.CALL_CENTRE, "SUV", "Basic")
    item = session.scalar(select(Renewal).where(Renewal.contract_id == old.id))
    assert (item.state, item.successor_id, item.cohort) == (RenewalState.RENEWED, new.id, "2011-02")
    assert (item.number, item.customer_id, item.premium) == (old.number, old.customer_id, old.premium)


def test_who_does_not_has_declined_and_stays_in_force_until_the_contract_lapses(session, two):
    old = two["AA00002-1"]
    item = session.scalar(select(Renewal).where(Renewal.contract_id == old.id))
    assert "AA00002-2" not in two
    assert (old.state, item.state, item.successor_id) == (ContractState.IN_FORCE, RenewalState.DECLINED, None)
    assert old.claims_amount == Decimal("0.500000")


def test_one_product_for_all_who_have_it_and_a_customer_for_each(session, two):
    (product,) = session.scalars(select(Product))
    assert (product.code, product.renewable) == ("Corporate L3", True)
    customers = {c.number: c for c in session.scalars(select(Customer))}
    first = customers["AA00001"]
    assert (first.name, first.region, first.gender) == ("AA00001", "Oregon", Gender.FEMALE)
    assert (first.income, first.lifetime_value) == (Decimal(56274), Decimal("2763.519279"))


def test_what_people_changed_since_stays(session, two, tmp_path):
    customer = session.scalar(select(Customer).where(Customer.number == "AA00001"))
    customer.name = "Ann Smith"
    session.commit()
    assert loaded(session, tmp_path / "two.csv").unchanged
    assert session.scalar(select(Customer.name).where(Customer.number == "AA00001")) == "Ann Smith"


# The real file


@pytest.fixture
def real(session, as_system, shared_file):
    """The file as it is, loaded."""
    path = shared_file("auto_renewals.csv")
    outcome = loaded(session, path)
    assert (outcome.rows, outcome.refused) == (9134, 0)
    return path


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the import journey loads it into PostgreSQL too
def test_the_real_file_gives_the_figures_of_its_readme(session, real):
    for by, table in README.items():
        rows = figures(session, by, date(2011, 5, 1))
        assert {row["cut"]: (row["due"], row["renewed"], str(row["rate"])) for row in rows} == table
        assert all((row["left_out"], row["immature"]) == (0, False) for row in rows)
    first = select(Contract.id).where(Contract.predecessor_id.is_(None))
    sums = select(func.sum(Contract.instalment), func.sum(Contract.premium), func.sum(Contract.claims_amount))
    instalments, premiums, claims = session.execute(sums.where(Contract.id.in_(first))).one()
    assert (instalments, premiums) == (Decimal("851465.00"), 12 * Decimal("851465.00"))
    assert claims == Decimal("3964967.047254")
    assert session.scalar(select(func.count(Product.id))) == 9

    # A second time changes nothing.
    started = monotonic()
    assert loaded(session, real).unchanged
    assert monotonic() - started < 60

    # Who did not accept is reminded, once.
    with real.open() as file:
        lines = list(csv.DictReader(file))
    offered = Counter(line["Effective_To_Date"] for line in lines if line["Response"] == "No")
    day = date(2011, 1, 30)
    due = datetime(2011, 1, 30, 0, tzinfo=UTC)
    expiries = [day + timedelta(days=offset) for offset in (30, 15, 7, 1)]
    owed = sum(offered[f"{on.month}/{on.day}/{on.year}"] for on in expiries)
    assert remind(due, session)["written"] == owed > 100
    assert remind(due, session) == {"written": 0, "stood": owed, "letters": 0, "told": 0}
    assert session.scalar(select(func.count(Notice.id))) == owed

    # A year later the successors are the pool; nothing of the past comes back.
    result = pool(datetime(2012, 1, 1, 0, tzinfo=UTC), session)
    accepted = Counter(line["Effective_To_Date"] for line in lines if line["Response"] == "Yes")
    expiring = sum(
        n for on, n in accepted.items() if date(2012, 1, 1) <= _a_year_on(on) <= date(2012, 1, 1) + timedelta(days=45)
    )
    assert result["written"] == expiring > 500
    assert lapse(datetime(2011, 6, 1, tzinfo=UTC), session)["written"] == 7826


def _a_year_on(written: str) -> date:
    month, day, year = (int(part) for part in written.split("/"))
    return date(year, month, day).replace(year=year + 1)
