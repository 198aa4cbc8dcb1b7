"""Skips nobody overlooks: what this machine could not test stands in a frame at the end of the run."""

from typing import Any, NoReturn

import pytest

LOUD = "NOT TESTED HERE: "


def skip_loudly(reason: str) -> NoReturn:
    """Skip the running test, or all that need the running fixture; the reason is repeated at the end."""
    pytest.skip(LOUD + reason)


def report_loud_skips(reporter: Any) -> None:
    """Write each loud reason and its number of tests; `pytest_terminal_summary` hands in its reporter."""
    reports = [report for report in reporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in reports]
    for reason in sorted({each for each in reasons if each.startswith(LOUD)}):
        reporter.write_sep("!", f"{reason} ({reasons.count(reason)} skipped)", red=True, bold=True)
