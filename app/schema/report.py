"""Reports: a table of figures by a dimension, computed in SQL by sets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.schema.registry import registry

Months = tuple[str | None, str | None]


@dataclass(frozen=True)
class Report:
    """A named report. `dimensions` are what it may be cut by; `rows(session, by, months)` gives one dict per line,
    the total first, with the keys of `columns` (name → English label); Decimal amounts, None where there is no value.
    `months` are the first and the last month looked at, such as ("2026-01", "2026-03"); None leaves an end open."""

    name: str
    label: str
    dimensions: tuple[str, ...]
    columns: dict[str, str]
    rows: Callable[[Any, str, Months], list[dict[str, Any]]]


def report(declared: Report) -> Report:
    """Enter a report in the registry."""
    registry.reports.add(declared.name, declared)
    return declared
