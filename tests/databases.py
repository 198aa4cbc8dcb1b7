"""Which tests run on both databases by day, and on which one the others.

A test that asks for a database stands twice in the collection: once on SQLite, once on PostgreSQL. Who names a file
or a folder runs both halves. In a run of the whole suite both run of the files of `BOTH`, where the database itself is
the matter; of any other test one half runs by day, always the same: a sum over its name says which, so that each file,
and each promise that is tried with many records, meets both. The other half then carries the mark `nightly`:
`make nightly` runs it, ``pytest --collect-only -q -m nightly`` lists it.
"""

from collections.abc import Iterable
from zlib import crc32

import pytest

DATABASES = {"sqlite": 0, "sqlite_backend": 0, "postgresql": 1, "postgres_backend": 1}
"""What the parameter of a fixture `backend` may be, in the order of `of_the_day`."""

BOTH = (
    # connections, locks, searches and sums the two write differently
    *("app/test_database", "app/test_races", "app/test_spelling", "app/test_trees", "app/test_trigrams"),
    *("app/test_rows", "app/test_timeline", "models/test_renewals_report", "promises/test_related"),
    # triggers, constraints and what the guard does with statements
    *("app/test_guard", "app/test_history", "app/test_history_seals", "app/test_links", "app/test_trash"),
    *("app/test_permissions", "models/test_claims_settling", "models/test_claims_afterwards"),
    # whole sets of rows at once; the claims of another system come in by the command on one, by the pages on the other
    *("app/test_transfer", "app/test_transfer_rules", "app/test_files_rows"),
    "journeys/test_import",
    # several processes and persons at once
    *("app/test_jobs_ledger", "app/test_jobs_mail", "models/test_claims_races"),
    "faults/",
)
"""Files below `tests` (and, with a stroke, folders) whose tests run on both databases by day."""


def halves(items: Iterable[pytest.Item]) -> dict[str, dict[int, pytest.Item]]:
    """The tests that ask for a database, by their name without it, each by its database."""
    found: dict[str, dict[int, pytest.Item]] = {}
    for item in items:
        chosen = getattr(item, "callspec", None)
        database = chosen.params.get("backend") if chosen else None
        if database in DATABASES:
            others = "-".join(part for part in chosen.id.split("-") if part != database)
            found.setdefault(f"{item.nodeid.partition('[')[0]}[{others}]", {})[DATABASES[database]] = item
    return found


def always_both(name: str) -> bool:
    """Whether a test runs on both databases by day."""
    path = name.partition("::")[0].removeprefix("tests/")
    return path.removesuffix(".py") in BOTH or path.startswith(tuple(each for each in BOTH if each.endswith("/")))


def of_the_day(name: str) -> int:
    """The database on which a test runs by day if it runs on one."""
    return crc32(name.encode()) & 1


HALVES = pytest.StashKey[dict[str, dict[int, pytest.Item]]]()
"""Where the configuration of a run keeps what was collected, those left out by day among it."""


def whole(config: pytest.Config) -> bool:
    """Whether a run was asked for everything there is."""
    return config.args == config.getini("testpaths")


def mark_the_night(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Mark the half of each test that does not run by day, in a run of the whole suite."""
    config.stash[HALVES] = halves(items) if whole(config) else {}
    for name, each in config.stash[HALVES].items():
        if len(each) == 2 and not always_both(name):
            each[1 - of_the_day(name)].add_marker(pytest.mark.nightly)
