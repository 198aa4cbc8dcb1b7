"""``python -m tests.bench``: fill, measure side by side, print the table; with ``--write`` also into a document."""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import report
from tests.bench.crew import Figure, Worker, compare, crew
from tests.bench.founding import grounds
from tests.bench.musts import LINES, Line
from tests.bench.shape import Shape

SMALL = 10_000
SLOW_ROUNDS = 3
PATIENCE = 20.0
"""Seconds a subject may spend on one line before it leaves the turns."""
BEGIN, END = "<!-- figures: {} -->", "<!-- end of figures: {} -->"


def measure(
    backend: str, rows: int, folder: Path, lines: Sequence[Line], rounds: int
) -> Mapping[str, Mapping[str, Figure]]:
    """Fill the databases and measure each line on its ground, by line and subject."""
    with_small = rows > SMALL and any(line.small for line in lines)
    shapes = [Shape(rows), Shape(SMALL)] if with_small else [Shape(rows)]
    with grounds(backend, folder, shapes) as made, ExitStack() as stack:
        _say(f"{backend}: filled")
        # Both crews stand ready from the beginning, so that lines compared with one another follow one another.
        crews = [stack.enter_context(crew(ground)) for ground in made]
        return {line.name: _of(crews[-1 if line.small else 0], line, rounds) for line in lines}


def _of(workers: Sequence[Worker], line: Line, rounds: int) -> Mapping[str, Figure]:
    tasks = {worker.subject: line.task_of(worker.subject) for worker in workers}
    figures = compare(workers, tasks, min(rounds, SLOW_ROUNDS) if line.slow else rounds, PATIENCE)
    _say(f"{line.label}: " + ", ".join(f"{subject} {figure}" for subject, figure in figures.items()))
    return figures


def written_into(document: str, backend: str, figures: str) -> str:
    """The document with the figures of a backend in their place. Raises ValueError when it has no such place."""
    begin, end = BEGIN.format(backend), END.format(backend)
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(document):
        raise ValueError(f"the document has no place for these figures: add the lines {begin} and {end}")
    return pattern.sub(lambda _: f"{begin}\n{figures}\n{end}", document)


def machine() -> str:
    """What it was measured on, as far as it matters, and how busy it was: with others at work, ratios say more."""
    gigabytes = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    python, load = sys.version_info, os.getloadavg()[2]
    return f"{os.cpu_count()} cores, {gigabytes} GiB, Python {python.major}.{python.minor}, load {load:.1f}"


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="contracts (1,000,000)")
    parser.add_argument("--backend", choices=("postgresql", "sqlite"), action="append", help="only this one")
    parser.add_argument("--rounds", type=int, default=20, help=f"rounds of quick work; of slow work {SLOW_ROUNDS}")
    parser.add_argument("--only", action="append", metavar="TASK", help="only the lines of this task")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures into this document too")
    asked = parser.parse_args()
    lines = tuple(line for line in LINES if not asked.only or line.task in asked.only)
    for backend in asked.backend or ("postgresql", "sqlite"):
        with tempfile.TemporaryDirectory(prefix="yanxu-bench-") as folder:
            measured = measure(backend, asked.rows, Path(folder), lines, asked.rounds)
        when = datetime.now(UTC).date()
        told = f"{backend}, {asked.rows:,} contracts, {machine()}, {when}:\n\n{report.table(lines, measured)}"
        differing = list(report.differences(lines, measured))
        told += "".join(f"\n\nNot the same result: {sentence}" for sentence in differing)
        print(f"\n{told}\n", flush=True)
        if asked.write:
            document = asked.write.read_text(encoding="utf-8")
            asked.write.write_text(written_into(document, backend, told), encoding="utf-8")


if __name__ == "__main__":
    main()
