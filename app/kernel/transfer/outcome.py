"""What came of a file: counts by record, and what is wrong with which cell."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

FIRST = 20
"""Rows shown of each record before they are loaded."""

SHOWN = 100
"""Problems and unknown values listed; the file of refused rows has them all."""

Progress = Callable[[str, int, int], None]
"""Told now and then: the phase (``read`` or ``write``), rows done, rows in all."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell, or with a whole row (`column` None). `msgid` and `args` let it be translated.

    A field that no cell fills, but a computation, is named in place of the column, as in ``→ starts_on``.
    """

    row: int
    column: str | None
    value: str | None
    msgid: str
    args: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.msgid % self.args if self.args else self.msgid

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}" if self.column else self.message


@dataclass
class Tally:
    """Rows of one target: newly `written`, `changed`, and those that `stood` as the file says.

    `kept` rows differ from the file and were left: their state moves only by steps, or freezes the whole row.
    """

    record: str
    written: int = 0
    changed: int = 0
    stood: int = 0
    kept: int = 0

    def count(self, status: str, by: int = 1) -> None:
        """Count rows that were ``written``, ``changed``, ``stood`` or ``kept``."""
        setattr(self, status, getattr(self, status) + by)


@dataclass
class Outcome:
    """What a load did or, of a dry run, would do. `rows` are those of the file, `refused` those not taken.

    `records` goes by target; `preview` shows the first rows of each as mapped; `unknown` lists values that the
    profile does not translate as (column, value, count). `unused_columns` are left out, `kept_columns` are those the
    profile does not know and keeps in a text all the same.
    `mapping` says which field each column of a record's own file was taken for. `seconds` is how long it took.
    """

    profile: str
    filename: str
    sha256: str
    dry_run: bool
    rows: int = 0
    refused: int = 0
    records: dict[str, Tally] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    unknown: list[tuple[str, str, int]] = field(default_factory=list)
    preview: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unused_columns: list[str] = field(default_factory=list)
    kept_columns: list[str] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def loaded(self) -> int:
        """Rows of the file that were taken."""
        return self.rows - self.refused

    @property
    def unchanged(self) -> bool:
        """Nothing was written or changed: everything stood already."""
        return not any(tally.written or tally.changed for tally in self.records.values())

    def as_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        problems = [asdict(problem) | {"message": problem.message} for problem in self.problems]
        return asdict(self) | {"loaded": self.loaded, "unchanged": self.unchanged, "problems": problems}
