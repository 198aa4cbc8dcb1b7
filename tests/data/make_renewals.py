"""Writes renewals_200.csv: 200 invented customers whose motor policies fall due in January and February 2011.

The columns are those of the public sample the import profile reads; no row of it is used. The same file comes out of
every run on every machine: the figures are drawn from a generator written out here. Run: python make_renewals.py
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

HERE = Path(__file__).parent
HEADER = """
    Customer State Customer_Lifetime_Value Response Coverage Education Effective_To_Date EmploymentStatus Gender Income
    Location_Code Marital_Status Monthly_Premium_Auto Months_Since_Last_Claim Months_Since_Policy_Inception
    Number_of_Open_Complaints Number_of_Policies Policy_Type Policy Renew_Offer_Type Sales_Channel Total_Claim_Amount
    Vehicle_Class Vehicle_Size
"""
COLUMNS = tuple(HEADER.split())
FIRST_DAY = date(2011, 1, 1)


class Draw:
    """Knuth's 64-bit linear congruential generator (MMIX), so that no library's version changes the file."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % bound

    def one(self, *choices: str) -> str:
        return choices[self.below(len(choices))]


def rows(count: int = 200, seed: int = 20110131) -> Iterator[dict[str, object]]:
    """The invented customers, one expiring policy each."""
    draw = Draw(seed)
    for i in range(count):
        expiry = FIRST_DAY + timedelta(days=draw.below(59))
        kind = draw.one("Personal", "Personal", "Personal", "Corporate", "Special")
        status = draw.one("Employed", "Employed", "Employed", "Unemployed", "Medical Leave", "Disabled", "Retired")
        channel = draw.one("Agent", "Agent", "Agent", "Branch", "Branch", "Call Center", "Call Center", "Web")
        likely = {"Agent": 20, "Branch": 12, "Call Center": 11, "Web": 12}[channel]
        premium = 60 + draw.below(160)
        values = (
            f"{chr(65 + draw.below(26))}{chr(65 + draw.below(26))}{10_000 + 397 * i}",
            draw.one("California", "California", "Oregon", "Oregon", "Arizona", "Nevada", "Washington"),
            f"{premium * (20 + draw.below(90))}.{draw.below(1_000_000):06}",
            "Yes" if draw.below(100) < likely else "No",
            draw.one("Basic", "Basic", "Basic", "Extended", "Extended", "Premium"),
            draw.one("High School or Below", "College", "Bachelor", "Master", "Doctor"),
            f"{expiry.month}/{expiry.day}/{expiry.year}",
            status,
            draw.one("F", "M"),
            0 if status == "Unemployed" else 10_000 + draw.below(90_000),
            draw.one("Rural", "Suburban", "Suburban", "Suburban", "Urban"),
            draw.one("Single", "Married", "Married", "Divorced"),
            premium,
            draw.below(36),
            draw.below(100),
            draw.one("0", "0", "0", "0", "0", "1", "2", "3"),
            1 + draw.below(9),
            f"{kind} Auto",
            f"{kind} L{1 + draw.below(3)}",
            f"Offer{1 + draw.below(4)}",
            channel,
            f"{draw.below(1_400)}.{draw.below(1_000_000):06}",
            draw.one("Four-Door Car", "Four-Door Car", "Two-Door Car", "SUV", "Sports Car", "Luxury SUV", "Luxury Car"),
            draw.one("Small", "Medsize", "Medsize", "Large"),
        )
        yield dict(zip(COLUMNS, values, strict=True))


def text() -> str:
    """The file as it is to stand beside this one."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    (HERE / "renewals_200.csv").write_text(text(), encoding="utf-8", newline="")
