"""The floor of the import: the file into a staging table, and from there by joins into five records."""

import csv
from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import Connection, Engine, text

from tests.bench import cleaning
from tests.bench.dialects import Dialect
from tests.bench.incoming import HEADER, Files
from tests.bench.subject import Outcome, Subject, Work, task

STAMPS, STAMPED = "version, created_at, changed_at", "1, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP"
CUSTOMERS = (
    f"INSERT INTO customer (number, name, kind, region, gender, income, lifetime_value, state, {STAMPS})"
    " SELECT i.Customer, i.Customer, 'person', i.State, CASE i.Gender WHEN 'F' THEN 'female' ELSE 'male' END,"
    f" {{income}}, {{lifetime}}, 'confirmed', {STAMPED} FROM incoming i WHERE 1 = 1"
    " ON CONFLICT (number) DO UPDATE SET income = excluded.income, lifetime_value = excluded.lifetime_value"
)
PRODUCTS = (
    f"INSERT INTO product (code, name, line, renewable, state, {STAMPS}) SELECT DISTINCT i.Policy, i.Policy,"
    f" 'motor', (1 = 1), 'on_sale', {STAMPED} FROM incoming i WHERE 1 = 1 ON CONFLICT DO NOTHING"
)
CONTRACTS = (
    "INSERT INTO contract (number, customer_id, product_id, coverage, starts_on, expires_on, billing, instalment,"
    " premium, claims_amount, channel, object_class, object_size, paid_on, predecessor_id, declined_by_us, state,"
    f" {STAMPS}) SELECT i.Customer || '{{part}}', cu.id, p.id, i.Coverage, {{starts}}, {{ends}}, 'monthly',"
    " {monthly}, {yearly}, {claims}, replace(replace(lower(i.Sales_Channel), 'center', 'centre'), ' ', '_'),"
    f" i.Vehicle_Class, i.Vehicle_Size, {{paid}}, {{before}}, (1 = 0), {{state}}, {STAMPED} FROM incoming i"
    " JOIN customer cu ON cu.number = i.Customer JOIN product p ON p.code = i.Policy {more} ON CONFLICT DO NOTHING"
)
SUCCESSORS_OF = "JOIN contract b ON b.number = i.Customer || '-1' WHERE i.Response = 'Yes'"
RENEWALS = (
    "INSERT INTO renewal (number, contract_id, customer_id, expires_on, cohort, premium, channel, difficulty,"
    f" successor_id, state, {STAMPS}) SELECT c.number, c.id, c.customer_id, c.expires_on,"
    " substr(CAST(c.expires_on AS TEXT), 1, 7), c.premium, c.channel, 0, s.id,"
    f" CASE i.Response WHEN 'Yes' THEN 'renewed' ELSE 'declined' END, {STAMPED} FROM incoming i"
    " JOIN contract c ON c.number = i.Customer || '-1' LEFT JOIN contract s ON s.predecessor_id = c.id"
    " WHERE 1 = 1 ON CONFLICT DO NOTHING"
)


class FloorImport(Subject):
    """Imports by SQL."""

    engine: Engine

    @task("import csv")
    def import_csv(self) -> Generator[Work, Any, Outcome]:
        """The file into a staging table, and from there into five records by joins."""
        return (yield from self._import(lambda connection: self._stage_csv(connection, self._files.csv)))

    @task("import xlsx")
    def import_xlsx(self) -> Generator[Work, Any, Outcome]:
        """The same from a workbook."""

        def stage(connection: Connection) -> None:
            sheet = CalamineWorkbook.from_path(str(self._files.xlsx)).get_sheet_by_index(0)
            lines = iter(sheet.to_python())
            next(lines)
            self._stage_rows(connection, ([str(cell) for cell in line] for line in lines))

        return (yield from self._import(stage))

    def _import(self, stage: Callable[[Connection], None]) -> Generator[Work, Any, Outcome]:
        def work() -> int:
            with self.engine.begin() as connection:
                texts = ", ".join(f"{name} TEXT" for name in HEADER)
                connection.execute(text(f"CREATE TEMPORARY TABLE incoming ({texts})"))
                stage(connection)
                connection.execute(text("ANALYZE incoming"))  # unmeasured, the joins would be planned for a handful
                written = sum(connection.execute(text(sql)).rowcount for sql in self._from_stage())
                connection.execute(text("DROP TABLE incoming"))
            return written

        written = yield work
        cleaning.clean(self.engine, cleaning.IMPORTED)
        return Outcome(rows=written)

    @property
    def lite(self) -> bool:
        """Whether this is SQLite."""
        return self.ground.backend == "sqlite"

    @property
    def _files(self) -> Files:
        return Files.of(self.ground.folder.parent)

    def _stage_csv(self, connection: Connection, path: Path) -> None:
        if self.lite:
            with path.open(newline="", encoding="utf-8") as file:
                lines = csv.reader(file)
                next(lines)
                self._stage_rows(connection, lines)
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor().copy("COPY incoming FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            while part := file.read(1 << 20):
                copy.write(part)

    def _stage_rows(self, connection: Connection, lines: Iterator[list[str]]) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        if self.lite:
            driver.executemany(f"INSERT INTO incoming VALUES ({', '.join('?' * len(HEADER))})", _iso(lines))
            return
        with driver.cursor().copy("COPY incoming FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)

    def _from_stage(self) -> Iterator[str]:
        """The statements, in their order."""
        sql = Dialect(self.ground.backend)
        if self.lite:
            expiry, begin, end = "i.Effective_To_Date", "date({}, '+1 day', '-1 year')", "date({}, '+1 year')"
        else:
            expiry = "to_date(i.Effective_To_Date, 'MM/DD/YYYY')"
            begin = "CAST({} + 1 - INTERVAL '1 year' AS DATE)"
            end = "CAST({} + INTERVAL '1 year' AS DATE)"

        def exact(column: str, places: int, times: int = 1) -> str:
            if self.lite:
                return f"CAST(round(CAST({column} AS REAL) * {times * 10**places}) AS INTEGER)"
            return f"CAST({column} AS NUMERIC) * {times}"

        prices = {"monthly": exact("i.Monthly_Premium_Auto", 2), "yearly": exact("i.Monthly_Premium_Auto", 2, 12)}
        yield CUSTOMERS.format(income=exact("i.Income", 2), lifetime=exact("i.Customer_Lifetime_Value", 6))
        yield PRODUCTS
        yield CONTRACTS.format(
            part="-1",
            starts=begin.format(expiry),
            ends=expiry,
            paid=begin.format(expiry),
            claims=exact("i.Total_Claim_Amount", 6),
            before="NULL",
            state="CASE i.Response WHEN 'Yes' THEN 'renewed' ELSE 'in_force' END",
            more="WHERE 1 = 1",
            **prices,
        )
        yield CONTRACTS.format(
            part="-2",
            starts=sql.later(expiry, "1"),
            ends=end.format(expiry),
            paid=expiry,
            claims="0",
            before="b.id",
            state="'in_force'",
            more=SUCCESSORS_OF,
            **prices,
        )
        yield RENEWALS


def _iso(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """The lines with their day as SQLite reads it."""
    place = HEADER.index("Effective_To_Date")
    for line in lines:
        line[place] = datetime.strptime(line[place], "%m/%d/%Y").date().isoformat()  # noqa: DTZ007 # a day has no zone
        yield line
