"""What is measured: a subject does tasks, each asked for by name, in a process of its own.

A task is a generator. What it does before its one ``yield`` is preparation; it yields the work as a function, which
alone is timed and whose statements alone are counted; it gets the work's result back, cleans up, and returns an
`Outcome` that says what was found, so that speed is compared between those who did the same.
"""

import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Engine, event

from tests.bench.shape import Ground, Shape


@dataclass(frozen=True)
class Outcome:
    """What came of a task: the bytes of a page, how many rows it wrote, and what it showed.

    `part` is the share of the whole work that was done, where the whole would take minutes; `Sample.ms` is its time.
    """

    size: int | None = None
    rows: int | None = None
    found: tuple[str, ...] = ()
    part: float = 1.0


@dataclass(frozen=True)
class Sample:
    """One timing: milliseconds, statements sent to the database, memory gained in MB, and the outcome.

    A task the subject cannot do has no `ms` and says why in `absent`.
    """

    ms: float | None
    statements: int = 0
    grown: float = 0.0
    outcome: Outcome = Outcome()
    absent: str = ""


class Absent(Exception):
    """The subject has no such thing; the message says what is missing."""


Work = Callable[[], Any]
Task = Callable[[Any], Generator[Work, Any, Outcome]]


class Subject:
    """A thing to measure. Its tasks are the methods marked with `task`."""

    tasks: ClassVar[dict[str, Task]]

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def __init_subclass__(cls) -> None:
        """Gather the tasks, also of the mixins."""
        cls.tasks = {
            method.task: method
            for base in reversed(cls.__mro__)
            for method in vars(base).values()
            if hasattr(method, "task")
        }

    def measure(self, name: str) -> Sample:
        """Do a task once."""
        if name not in self.tasks:
            return Sample(None, absent="none")
        doing = self.tasks[name](self)
        try:
            work = next(doing)
            gc.collect()
            statements.count, before = 0, _forget_peak()
            begun = time.perf_counter()
            result = work()
            ms, sent = (time.perf_counter() - begun) * 1000, statements.count
            grown = _peak() - before
            doing.send(result)
        except StopIteration as done:
            return Sample(ms, sent, grown, done.value)
        except Absent as missing:
            return Sample(None, absent=str(missing))
        except Exception:
            # The other figures are worth having all the same; the whole story is in the subject's log.
            traceback.print_exc()
            return Sample(None, absent="failed")
        raise RuntimeError(f"task {name!r} yields more than once")


def task(name: str) -> Callable[[Task], Task]:
    """Mark a method of a subject as the task of that name."""

    def mark(method: Task) -> Task:
        method.task = name  # type: ignore[attr-defined] # read back by Subject
        return method

    return mark


class _Statements:
    """Counts what is sent to any database of this process."""

    def __init__(self) -> None:
        self.count = 0
        event.listen(Engine, "before_cursor_execute", self._sent)

    def _sent(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        # On SQLite the beginning of a transaction is sent as a statement; on PostgreSQL the driver sends it unseen.
        self.count += not statement.startswith("BEGIN")


statements = _Statements()


_PROCESS = Path("/proc/self")


def _forget_peak() -> float:
    """Let the peak of memory be counted anew from here; what this process holds now, in MB."""
    with suppress(OSError):
        (_PROCESS / "clear_refs").write_text("5")
    return _held("VmRSS")


def _peak() -> float:
    """The most memory this process has held since, in MB."""
    return _held("VmHWM")


def _held(what: str) -> float:
    """A figure of this process's memory in MB; 0 where the system does not tell."""
    status = _PROCESS / "status"
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


def serve(subject: type[Subject]) -> None:
    """Answer on standard output, a line of JSON for each line on standard input that names a task.

    The ground stands in the arguments. What else the process prints goes to the error output.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    backend, url, folder, rows = sys.argv[1:5]
    measured = subject(Ground(backend, url, Path(folder), Shape(int(rows))))
    print(json.dumps(sorted(subject.tasks)), file=answers)
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(asdict(measured.measure(line.strip()))), file=answers)
