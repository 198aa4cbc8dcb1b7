"""A file of new contracts, a line for each, with the codes of customers and products as they stand here."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import xlsxwriter

from app.schema.transfer import Cell, Profile, Target, profile
from tests.bench.filling import PRODUCTS
from tests.bench.incoming import MARK, Files, count
from tests.bench.shape import SPREAD, TODAY, YEAR, Shape

COLUMNS = (
    *("number", "customer", "product", "coverage", "starts_on", "expires_on", "billing", "instalment", "premium"),
    *("claims_amount", "channel", "object_class", "object_size", "plate", "remark"),
)
PROFILE = "bench_contracts"
BATCH = 1000


def files(folder: Path) -> Files:
    """Where the files of a ground lie."""
    return Files(folder / "contracts.csv", folder / "contracts.xlsx")


def rows(shape: Shape) -> Iterator[tuple[str, ...]]:
    """The rows: 50,000 beside a million contracts, each of another customer."""
    for n in range(count(shape.rows)):
        begins, monthly = TODAY + timedelta(days=1 + n * 7 % YEAR), 61 + n % 240
        yield (
            f"{MARK}{n:07}",
            f"CUS-2025-{n * SPREAD % shape.customers + 1:06}",
            PRODUCTS[n % len(PRODUCTS)][0],
            ("Basic", "Extended", "Premium")[n % 3],
            begins.isoformat(),
            (begins + timedelta(days=YEAR - 1)).isoformat(),
            "monthly",
            f"{monthly}.50",
            str(12 * monthly + 6),
            f"{n % 1500}.{n * 104_729 % 1_000_000:06}",
            ("agent", "branch", "call_centre", "web")[n % 4],
            ("Sedan", "SUV", "Two-door", "Luxury")[n % 4],
            ("Small", "Medium", "Large")[n % 3],
            f"沪B{n % 100_000:05}",
            f"Line {n} of the file",
        )


def write(folder: Path, shape: Shape) -> None:
    """Make both files in a folder, unless they are there: the grounds of a size share them."""
    made = files(folder)
    if made.xlsx.exists():
        return
    with made.csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(shape))
    book = xlsxwriter.Workbook(made.xlsx, {"constant_memory": True})
    sheet = book.add_worksheet()
    for n, row in enumerate((COLUMNS, *rows(shape))):
        sheet.write_row(n, 0, row)
    book.close()


def declare() -> None:
    """Enter how we read them in the registry, before an application freezes it."""
    fields = {name: Cell(name) for name in COLUMNS} | {"customer_id": Cell("customer"), "product_id": Cell("product")}
    wanted = {name: cell for name, cell in fields.items() if name not in ("customer", "product")}
    profile(Profile(PROFILE, "Contracts", (Target("contract", "contract", "number", wanted),)))
