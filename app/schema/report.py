"""Reports: a table of figures by a dimension, computed in SQL by sets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.schema.registry import registry

Months = tuple[str | None, str | None]


@dataclass(frozen=True)
class Report:
    """A named report. `dimensions` are what it may be cut by; `rows(session, by, months)` gives one dict per line,
    the total first, with the keys of `columns` (name → English label); Decimal amounts, None where there is no value.
    `months` are the first and the last month looked at, such as ("2026-01", "2026-03"); None leaves an end open.

    Where figures open, `opens` says which record's rows stand behind a column, each line has a `key` besides, and
    ``behind(by, key, column, months)`` gives the statement of these rows, to be run under the viewer's own access.
    `needs` are the records one must be allowed to read. `charts` are drawn side by side, each of the columns it names
    (unsaid, one of the first three); counts and money as bars, percentages as lines. `notes` say what is meant.
    """

    name: str
    label: str
    dimensions: tuple[str, ...]
    columns: dict[str, str]
    rows: Callable[[Any, str, Months], list[dict[str, Any]]]
    opens: Mapping[str, str] = field(default_factory=dict)
    behind: Callable[[str, str, str, Months], Any] | None = None
    needs: tuple[str, ...] = ()
    charts: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def report(declared: Report) -> Report:
    """Enter a report in the registry."""
    registry.reports.add(declared.name, declared)
    return declared
