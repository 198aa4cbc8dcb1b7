"""The shape of the data: how many rows, whose, and which days. Everything follows from the number of contracts.

Contract `n` of the first half is an expired term; contract ``half + n`` begins the day after it: its successor for
seven in ten, somebody else's first contract otherwise. So `TODAY` sees a year of expired and a year of running cover,
as many contracts expiring on one day as on any other.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

TODAY = date(2026, 6, 30)
"""The business day of the data: the last of a month, so that the appraisal of June falls due the day after."""

YEAR = 365
"""Days of a term; expiries are spread evenly over as many."""

STRIDE = 211
"""Scatters expiries over the year: it shares no divisor with 365, so neighbours expire far apart."""

SPREAD = 7919
"""Scatters contracts over customers: a prime, so neighbours belong to different people."""

TEAM_ROLES = ("supervisor", *("renewal",) * 13, *("sales",) * 2, *("service",) * 2, "claims", "operations")
"""What the members of a team do, by their place in it."""

LEADERS = ("manager", "admin")
"""Who sits at the top, beside the teams; each with the user name of the role."""

DRAFTS = 1000
"""One in so many of the running contracts is a draft still: the first, the 1001st…"""


class Kpi(NamedTuple):
    """What people are appraised by: a measure, the target everybody has, and which way is good."""

    measure: str
    target: str
    direction: str = "higher"


KPIS = (
    Kpi("renewal_rate", "70"),
    Kpi("contact_volume", "150"),
    Kpi("renewed_premium", "100000"),
    Kpi("attainment", "100"),
    Kpi("bench_willing", "100"),
    Kpi("bench_lost", "40", "lower"),
    Kpi("bench_reached", "95"),
    Kpi("bench_kept", "1500"),
)
WEIGHT = "12.5"
TARGET = "120000.00"
"""What everybody is to bring in June."""

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文辉力斌宁健晨佳雪琳浩宇轩涵子欣怡若云"


@dataclass(frozen=True)
class Shape:
    """The data for so many contracts (an even number, at least 2000)."""

    rows: int

    def __post_init__(self) -> None:
        if self.rows < 2000 or self.rows % 2:
            raise ValueError(f"--rows {self.rows}: give an even number of at least 2000")

    @property
    def half(self) -> int:
        """Contracts that have expired; as many are running."""
        return self.rows // 2

    @property
    def customers(self) -> int:
        """Five contracts to a customer."""
        return self.rows // 5

    @property
    def teams(self) -> int:
        """Teams of the department: 25 (500 people) for a million contracts, fewer for small runs."""
        return max(1, min(25, self.rows // 4000))

    @property
    def staff(self) -> int:
        """People in teams."""
        return self.teams * len(TEAM_ROLES)

    def user_of(self, team: int, place: int) -> int:
        """The id of the user and the person at a place of a team; both count from 0, ids from 1."""
        return team + self.teams * place + 1

    @property
    def specialist(self) -> int:
        """The user whose own rows are listed: the first who works renewals."""
        return self.user_of(0, TEAM_ROLES.index("renewal"))


class Ground(NamedTuple):
    """A filled database: its kind and address, and a folder for whoever works on it."""

    backend: str
    url: str
    folder: Path
    shape: Shape


def name_of(n: int) -> str:
    """The name of customer `n`, as the filling SQL makes it; six people or so in 200,000 share one."""
    given = len(GIVEN)
    return SURNAMES[n % len(SURNAMES)] + GIVEN[n // 7 % given] + GIVEN[n // 11 % given]


def number_of(n: int) -> str:
    """The number of contract `n`."""
    return f"C-2025-{n:07}"
