"""Files of contracts brought in by django-import-export. Models can be imported only once the project is set up."""

import csv
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import tablib
from django.utils.module_loading import import_string
from python_calamine import CalamineWorkbook
from sqlalchemy import create_engine

from app.kernel.database import address, prepare
from tests.bench import cleaning, plain
from tests.bench.incoming import count
from tests.bench.shape import Ground
from tests.bench.subject import Outcome, Subject, Work, task

RESOURCES = "tests.bench.django_site.resources"
PART = 5
"""One in so many rows of the file is loaded: the whole would take minutes."""


def _csv(path: Path) -> Iterable[list[Any]]:
    with path.open(newline="", encoding="utf-8") as lines:
        yield from csv.reader(lines)


def _xlsx(path: Path) -> Iterable[list[Any]]:
    """The rows of a workbook, by the fast reader we use ourselves; its own takes several times as long."""
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


class DjangoFiles(Subject):
    """Imports as its admin does them once confirmed: each row checked, written in bulk, entered in the log."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.engine = prepare(create_engine(address(ground.url)))

    @task("load csv")
    def load_csv(self) -> Generator[Work, Any, Outcome]:
        """A part of the file."""
        return (yield from self._loaded("Loading", _csv, plain.files(self.ground.folder.parent).csv))

    @task("load xlsx")
    def load_xlsx(self) -> Generator[Work, Any, Outcome]:
        """The same from a workbook."""
        return (yield from self._loaded("Loading", _xlsx, plain.files(self.ground.folder.parent).xlsx))

    @task("load csv bare")
    def load_bare(self) -> Generator[Work, Any, Outcome]:
        """A part of the file, nothing checked but what the database refuses, and nothing kept in a log."""
        return (yield from self._loaded("BareLoading", _csv, plain.files(self.ground.folder.parent).csv))

    def _loaded(
        self, resource: str, read: Callable[[Path], Iterable[list[Any]]], path: Path
    ) -> Generator[Work, Any, Outcome]:
        rows = count(self.ground.shape.rows) // PART
        made, log = import_string(f"{RESOURCES}.{resource}"), import_string(f"{RESOURCES}.log")

        def work() -> Any:
            header, *lines = islice(read(path), rows + 1)
            done = made().import_data(tablib.Dataset(*lines, headers=header), use_transactions=True)
            log(done)
            return done

        done = yield work
        cleaning.clean(self.engine, cleaning.PLAIN)
        import_string(f"{RESOURCES}.forget")()
        assert done.totals["new"] == rows, (done.totals, done.base_errors, done.row_errors()[:1], done.invalid_rows[:1])
        return Outcome(rows=rows * PART, part=1 / PART)
