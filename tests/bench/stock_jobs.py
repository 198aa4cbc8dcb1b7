"""What stock Flask-AppBuilder has no answer to, done as one would on its models: loops over objects."""

import csv
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from tests.bench import cleaning
from tests.bench.incoming import Files, count
from tests.bench.shape import TODAY
from tests.bench.stock_appraise import StockAppraise
from tests.bench.stock_models import Contract, Customer, Notice, Product, Renewal
from tests.bench.subject import Outcome, Work, task

PART = 20
"""One in so many contracts is reminded of, and rows of the file loaded: the whole would take minutes."""
BATCH = 1000


class StockJobs(StockAppraise):
    """ORM loops in the stock application's process."""

    @task("remind")
    def remind(self) -> Generator[Work, Any, Outcome]:
        """Load a part of the contracts that expire in so many days, look each up in what was sent, add what was not."""
        written = yield self._remind
        cleaning.clean(self.engine, cleaning.REMINDED)
        return Outcome(rows=written * PART, part=1 / PART)

    def _remind(self) -> int:
        with self.app.app_context():
            session, written = self.db.session, 0
            for days in (30, 15, 7, 1):
                due = session.query(Contract).join(Product).filter(Contract.expires_on == TODAY + timedelta(days=days))
                held = (Contract.state == "in_force", Contract.voided_on.is_(None), Contract.id % PART == 0)
                for contract in due.filter(*held):
                    paid = (Contract.predecessor_id == contract.id, Contract.paid_on.isnot(None))
                    if session.query(Contract).filter(*paid, Contract.voided_on.is_(None)).count():
                        continue
                    written += self._owe(contract, f"stock:{contract.id}:{days}", contract.customer.email, None)
                    renewal = session.query(Renewal).filter(Renewal.contract_id == contract.id).one_or_none()
                    if renewal and renewal.owner_id:
                        written += self._owe(contract, f"stock:{contract.id}:{days}:owner", None, renewal.owner_id)
            session.commit()
            return written

    def _owe(self, contract: Any, key: str, address: str | None, user_id: int | None) -> int:
        session = self.db.session
        if session.query(Notice).filter(Notice.dedupe_key == key).count():
            return 0
        session.add(
            Notice(
                dedupe_key=key,
                channel="app" if user_id else "mail" if address else "letter",
                user_id=user_id,
                address=address,
                subject=f"Contract {contract.number} expires on {contract.expires_on}",
                body=f"Dear {contract.customer.name}, please renew {contract.number} by {contract.expires_on}.",
                record="contract",
                record_id=contract.id,
                created_at=datetime.now(UTC),
                state="waiting",
            )
        )
        return 1

    @task("import csv")
    def import_csv(self) -> Generator[Work, Any, Outcome]:
        """A part of the file, row by row: look up, add, commit each thousand."""
        rows = count(self.ground.shape.rows) // PART
        written = yield lambda: self._import(rows)
        cleaning.clean(self.engine, cleaning.IMPORTED)
        return Outcome(rows=written * PART, part=1 / PART)

    def _import(self, rows: int) -> int:
        file = Files.of(self.ground.folder.parent).csv
        with self.app.app_context(), file.open(newline="", encoding="utf-8") as lines:
            session, written = self.db.session, 0
            for n, row in enumerate(islice(csv.DictReader(lines), rows), 1):
                for added in self._objects(row):
                    session.add(added)
                    written += 1
                if n % BATCH == 0:
                    session.commit()
            session.commit()
            return written

    def _objects(self, row: dict[str, str]) -> Iterator[Any]:
        session, code = self.db.session, row["Customer"]
        stamps = {"created_at": datetime.now(UTC), "changed_at": datetime.now(UTC)}
        expiry = datetime.strptime(row["Effective_To_Date"], "%m/%d/%Y").date()  # noqa: DTZ007 # a day has no zone
        renewed, year = row["Response"] == "Yes", timedelta(days=365)
        customer = session.query(Customer).filter(Customer.number == code).one_or_none()
        if customer is None:
            customer = Customer(
                number=code,
                name=code,
                kind="person",
                region=row["State"],
                gender={"F": "female", "M": "male"}[row["Gender"]],
                state="confirmed",
                **stamps,
            )
            yield customer
        customer.income = Decimal(row["Income"])
        customer.lifetime_value = Decimal(row["Customer_Lifetime_Value"])
        product = session.query(Product).filter(Product.code == row["Policy"]).one_or_none()
        if product is None:
            product = Product(code=row["Policy"], name=row["Policy"], line="motor", state="on_sale", **stamps)
            yield product

        def contract(part: str, expires_on: date, state: str, claims: str) -> Any:
            monthly = Decimal(row["Monthly_Premium_Auto"])
            return Contract(
                number=f"{code}-{part}",
                customer=customer,
                product=product,
                coverage=row["Coverage"],
                starts_on=expires_on - year + timedelta(days=1),
                expires_on=expires_on,
                billing="monthly",
                instalment=monthly,
                premium=12 * monthly,
                claims_amount=Decimal(claims),
                channel=row["Sales_Channel"].lower().replace("center", "centre").replace(" ", "_"),
                object_class=row["Vehicle_Class"],
                object_size=row["Vehicle_Size"],
                paid_on=expires_on - year,
                state=state,
                **stamps,
            )

        if session.query(Contract).filter(Contract.number == f"{code}-1").count():
            return
        old = contract("1", expiry, "renewed" if renewed else "in_force", row["Total_Claim_Amount"])
        yield old
        new = None
        if renewed:
            session.flush()
            new = contract("2", expiry + year, "in_force", "0")
            new.predecessor_id = old.id
            yield new
        yield Renewal(
            number=old.number,
            contract=old,
            customer_id=customer.id,
            expires_on=expiry,
            cohort=f"{expiry:%Y-%m}",
            premium=old.premium,
            channel=old.channel,
            successor=new,
            state="renewed" if renewed else "declined",
            **stamps,
        )
