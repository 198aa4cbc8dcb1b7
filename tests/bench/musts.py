"""What is measured, and what must hold of it: the "must" column of the architecture notes, brought to our yardsticks.

The notes measured three panels on one machine and set most limits against Django's. A limit ``m`` against Django is
``m * django / stock`` against stock Flask-AppBuilder, and ``m * django / floor`` against plain SQL, by the notes' own
figures. ``docs/bench.md`` tells the same in words.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Must:
    """A limit: ours takes at most `most` times as long as `against`: "stock", "floor", or another line of ours by name.

    `how` says where the limit comes from, in the notes' figures.
    """

    against: str
    most: float
    how: str


@dataclass(frozen=True)
class Line:
    """A line of the table: a task of ours and of the floor, and the task of the stock panel beside it.

    `kilobytes` and `megabytes` limit the page and the memory gained. Work of seconds is `slow`: three rounds do.
    """

    task: str
    label: str
    musts: tuple[Must, ...] = ()
    stock: str = ""
    small: bool = False
    slow: bool = False
    kilobytes: float | None = None
    megabytes: float | None = None

    @property
    def name(self) -> str:
        """How other lines refer to this one; each its own."""
        return self.task + (" small" if self.small else "") + (f" beside {self.stock}" if self.stock else "")

    @property
    def stock_task(self) -> str:
        """The task of the stock panel."""
        return self.stock or self.task


def _django_to_stock(must: float, django: float, stock: float) -> Must:
    return Must("stock", must * django / stock, f"{must} × {django:g}/{stock:g}")


def _rate_to_floor(must: float, django: float, floor: float) -> Must:
    """At least `must` times Django's rows a second is at most so many times the floor's time."""
    return Must("floor", floor / (must * django), f"{floor:g}/({must:g} × {django:g})")


LINES = (
    Line("list", "list, first page", (_django_to_stock(0.35, 86, 99), Must("list small", 1.2, "own of 10,000 rows"))),
    Line("list", "… of 10,000 rows", (_django_to_stock(1.0, 25, 67),), small=True),
    Line("list", "… stock as it comes", stock="list untuned"),
    Line("last", "last page", (Must("list", 1.3, "own first page"),)),
    Line("filter", "filtered: in force, 30 days", (_django_to_stock(0.45, 78, 89),)),
    Line("own", "list of a specialist's own"),
    # The stock panel searches by our trigram indexes here, which the notes' had not: plain SQL is the fair yardstick.
    Line("number", "search by number", (Must("floor", 0.05 * 918 / 1.2, "0.05 × 918/1.2"),)),
    Line("name", "search by customer's name", (Must("floor", 0.05 * 917 / 1.2, "0.05 × 917/1.2"),)),
    Line("picker", "picker of customers"),
    Line("form", "edit form", (_django_to_stock(1.0, 23, 48),), kilobytes=40),
    Line("form", "… stock as it comes", stock="form untuned"),
    Line("save", "edit POST", (_django_to_stock(1.2, 15, 25),)),
    Line("rest", "REST, 100 rows", (Must("stock", 0.4, "as the notes say"),)),
    Line("export", "CSV export, a tenth of all", (_rate_to_floor(2.5, 15, 87),), slow=True, megabytes=20),
    Line(
        "import csv",
        "CSV import, a twentieth",
        (Must("stock", 1 / 10, "an ORM loop, as Django's is"), _rate_to_floor(10, 0.542, 30)),
        slow=True,
    ),
    Line(
        "import xlsx",
        "XLSX import, a twentieth",
        (Must("stock", 1 / 8, "an ORM loop, as Django's is"),),
        stock="import csv",
        slow=True,
    ),
    Line("remind", "reminders over all contracts", (Must("floor", 3, "as the notes say"),), slow=True),
    Line("appraise", "appraisals, 500 × 8", (Must("floor", 2, "as the notes say"),), slow=True),
)
