"""What is measured, and what must hold of it: the "must" column of the architecture notes, as it stands there.

Most limits are set against Django's admin, measured beside ours in the same run. ``docs/bench.md`` tells them in words.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Must:
    """A limit: ours takes at most `most` times as long as `against`: a subject, or another line of ours by name.

    `own` is what that other line is called in the table.
    """

    against: str
    most: float
    own: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the table: a task of ours and of the floor, and the tasks of the others beside it, where they differ.

    `kilobytes` and `megabytes` limit the page and the memory gained. Work of seconds is `slow`: three rounds do.
    """

    task: str
    label: str
    musts: tuple[Must, ...] = ()
    stock: str = ""
    django: str = ""
    small: bool = False
    slow: bool = False
    kilobytes: float | None = None
    megabytes: float | None = None

    @property
    def name(self) -> str:
        """How other lines refer to this one; each its own."""
        beside = self.stock or self.django
        return self.task + (" small" if self.small else "") + (f" beside {beside}" if beside else "")

    def task_of(self, subject: str) -> str:
        """What a subject does for this line."""
        return {"stock": self.stock, "django": self.django}.get(subject) or self.task


def _rate(times: float) -> Must:
    """At least so many times Django's rows a second."""
    return Must("django", 1 / times)


LINES = (
    Line("list", "list, first page", (Must("django", 0.35), Must("list small", 1.2, "own of 10,000 rows"))),
    Line("list", "… of 10,000 rows", (Must("django", 1.0),), small=True),
    Line("list", "… stock as it comes", stock="list untuned"),
    Line("sorted", "sorted by expiry", (Must("django", 0.35),)),
    Line("deep", "page 1000", (Must("list", 1.3, "own first page"),)),
    Line("last", "last page", (Must("list", 1.3, "own first page"),)),
    Line("filter", "filtered: in force, 30 days", (Must("django", 0.45),)),
    Line("own", "list of a specialist's own"),
    Line("number", "search by number", (Must("django", 0.05),)),
    Line("name", "search by customer's name", (Must("django", 0.05),)),
    Line("picker", "picker of customers"),
    Line("form", "edit form", (Must("django", 1.0),), kilobytes=40),
    Line("form", "… stock as it comes", stock="form untuned"),
    Line("save", "edit POST", (Must("django", 1.2),)),
    Line("rest", "REST, 100 rows", (Must("stock", 0.4),)),
    Line("page", "list page, gzipped", kilobytes=60),
    Line("assets", "everyday assets, gzipped", kilobytes=200),
    Line("export", "CSV export, a tenth of all", (_rate(2.5),), slow=True, megabytes=20),
    Line("load csv", "contracts from CSV, a twentieth", (_rate(10),), slow=True),
    Line("load csv", "… Django unchecked, without log", slow=True, django="load csv bare"),
    Line("load xlsx", "contracts from XLSX, a twentieth", (_rate(8),), slow=True),
    Line("import csv", "CSV import to five tables", slow=True),
    Line("import xlsx", "XLSX import to five tables", stock="import csv", slow=True),
    Line("remind", "reminders over all contracts", (Must("floor", 3),), slow=True),
    Line("appraise", "appraisals, 500 × 8", (Must("floor", 2),), slow=True),
)
