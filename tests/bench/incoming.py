"""A file of expiring motor policies as another system delivers them, in the columns the import profile reads."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import xlsxwriter

HEADER = (
    *("Customer", "State", "Customer_Lifetime_Value", "Response", "Coverage", "Education", "Effective_To_Date"),
    *("EmploymentStatus", "Gender", "Income", "Location_Code", "Marital_Status", "Monthly_Premium_Auto"),
    *("Months_Since_Last_Claim", "Months_Since_Policy_Inception", "Number_of_Open_Complaints", "Number_of_Policies"),
    *("Policy_Type", "Policy", "Renew_Offer_Type", "Sales_Channel", "Total_Claim_Amount", "Vehicle_Class"),
    "Vehicle_Size",
)
MARK = "IMP"
"""How the numbers of everything the file brings begin, so that it can be taken out again."""
FIRST_DAY = date(2011, 1, 1)


class Files(NamedTuple):
    """The same rows as CSV and as a workbook."""

    csv: Path
    xlsx: Path

    @classmethod
    def of(cls, folder: Path) -> "Files":
        """Where the files of a ground lie."""
        return cls(folder / "incoming.csv", folder / "incoming.xlsx")


def count(contracts: int) -> int:
    """Rows of the file: 50,000 beside a million contracts."""
    return contracts // 20


def rows(contracts: int) -> Iterator[tuple[str, ...]]:
    """The rows: nine products, two months of expiries, every seventh customer renewed."""
    for n in range(count(contracts)):
        expiry = FIRST_DAY + timedelta(days=n * 7 % 59)
        yield (
            f"{MARK}{n:07}",
            ("Washington", "Arizona", "Nevada", "California", "Oregon")[n % 5],
            f"{2000 + n * 13 % 80000}.{n * 7919 % 1_000_000:06}",
            "Yes" if n % 7 == 0 else "No",
            ("Basic", "Extended", "Premium")[n % 3],
            "Bachelor",
            f"{expiry.month}/{expiry.day}/{expiry.year}",
            "Employed",
            "FM"[n % 2],
            str(n * 37 % 100_000),
            "Suburban",
            "Married",
            str(61 + n % 240),
            str(n % 36),
            str(n % 100),
            "0",
            str(1 + n % 9),
            "Personal Auto",
            f"{MARK} L{n % 9}",
            "Offer1",
            ("Agent", "Branch", "Call Center", "Web")[n % 4],
            f"{n % 1500}.{n * 104_729 % 1_000_000:06}",
            ("Two-Door Car", "Four-Door Car", "SUV", "Sports Car")[n % 4],
            ("Small", "Medsize", "Large")[n % 3],
        )


def write(folder: Path, contracts: int) -> None:
    """Make both files in a folder, unless they are there: the grounds of a size share them."""
    files = Files.of(folder)
    if files.xlsx.exists():
        return
    with files.csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(contracts))
    book = xlsxwriter.Workbook(files.xlsx, {"constant_memory": True})
    sheet = book.add_worksheet()
    for n, row in enumerate((HEADER, *rows(contracts))):
        sheet.write_row(n, 0, row)
    book.close()
