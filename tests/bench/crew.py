"""The processes of the subjects, and rounds in which they take turns: what disturbs one disturbs all."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.shape import Ground
from tests.bench.subject import Outcome, Sample

SUBJECTS = ("ours", "floor", "stock", "django")


class Figure(NamedTuple):
    """The medians over the rounds of one task and subject, and the outcome of the last.

    Milliseconds are those of the whole work, extrapolated where a part of it was done.
    """

    ms: float | None
    statements: int
    grown: float
    outcome: Outcome
    absent: str

    def __str__(self) -> str:
        return self.absent if self.ms is None else f"{self.ms:.1f} ms"


class Worker:
    """One subject at work on one ground."""

    def __init__(self, subject: str, ground: Ground) -> None:
        self.subject = subject
        command = [sys.executable, "-m", f"tests.bench.{subject}", ground.backend, ground.url, str(ground.folder)]
        self._log = (ground.folder / f"{subject}.log").open("w")
        self._process = subprocess.Popen(
            [*command, str(ground.shape.rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )

    def started(self) -> list[str]:
        """Wait until it stands ready; the tasks it knows."""
        return list(json.loads(self._answer()))

    def ask(self, task: str) -> Sample:
        """Let it do a task once."""
        assert self._process.stdin
        self._process.stdin.write(f"{task}\n")
        self._process.stdin.flush()
        said = json.loads(self._answer())
        outcome = said.pop("outcome")
        return Sample(**said, outcome=Outcome(**outcome | {"found": tuple(outcome["found"])}))

    def stop(self) -> None:
        """Let it go."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise RuntimeError(f"{self.subject} died:\n{Path(self._log.name).read_text()[-4000:]}")
        return line


@contextmanager
def crew(ground: Ground, subjects: Sequence[str] = SUBJECTS) -> Iterator[list[Worker]]:
    """A worker for each subject, gone when the block ends."""
    workers: list[Worker] = []
    try:
        for subject in subjects:
            workers.append(Worker(subject, ground))
        for worker in workers:
            worker.started()
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def compare(workers: Sequence[Worker], tasks: Mapping[str, str], rounds: int, patience: float) -> dict[str, Figure]:
    """The figures of what `tasks` names for each subject. One round to warm up, then `rounds` in turn.

    A subject that has spent `patience` seconds leaves the turns; its first, cold, timing counts if it has no other.
    """
    samples: dict[str, list[Sample]] = {worker.subject: [] for worker in workers}
    spent = dict.fromkeys(samples, 0.0)
    for _ in range(rounds + 1):
        for worker in workers:
            had = samples[worker.subject]
            if spent[worker.subject] > patience or (had and had[-1].ms is None):
                continue
            sample = worker.ask(tasks[worker.subject])
            had.append(sample)
            spent[worker.subject] += (sample.ms or 0) / 1000
    return {subject: _figure(had[1:] or had, had) for subject, had in samples.items()}


def _figure(samples: Sequence[Sample], all_: Sequence[Sample]) -> Figure:
    """Of memory the most that any round took counts, the first among them: later ones find it at hand."""
    timings = [sample.ms / sample.outcome.part for sample in samples if sample.ms is not None]
    last = samples[-1]
    return Figure(
        median(timings) if timings else None,
        round(median(sample.statements for sample in samples)),
        max(sample.grown for sample in all_),
        last.outcome,
        last.absent,
    )
