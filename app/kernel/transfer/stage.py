"""What is known of a file between reading and writing it, kept on disk so that memory stays flat.

A private SQLite database that vanishes when it is closed. It holds the accepted lines, which key stood on which row,
and what is wrong with which row.
"""

import json
import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

from app.kernel.transfer.outcome import Problem

_TABLES = """
CREATE TABLE line (row INTEGER PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE known (target INTEGER, key TEXT, row INTEGER, digest BLOB, id INTEGER, status TEXT,
                    PRIMARY KEY (target, key)) WITHOUT ROWID;
CREATE TABLE again (target INTEGER, key TEXT, row INTEGER, PRIMARY KEY (target, key, row)) WITHOUT ROWID;
CREATE TABLE contest (target INTEGER, key TEXT, row INTEGER, PRIMARY KEY (target, key)) WITHOUT ROWID;
CREATE TABLE problem (row INTEGER, n INTEGER, col TEXT, value TEXT, msgid TEXT, args TEXT, unknown INTEGER,
                      PRIMARY KEY (row, n)) WITHOUT ROWID;
"""


class Seen(NamedTuple):
    """Where a key stood first, and a digest of what was said of it there."""

    row: int
    digest: bytes


class Stage:
    """The notes on one file. Use it as a context manager."""

    def __init__(self) -> None:
        # An empty name means a temporary file that nobody else can open; no journal, as nothing is ever undone.
        self._notes = sqlite3.connect("", isolation_level=None)
        self._notes.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;" + _TABLES)
        self._notes.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._notes.close()

    def keep(self, row: int, body: Any) -> None:
        """Keep an accepted line for the second pass."""
        self._notes.execute("INSERT INTO line VALUES (?, ?)", (row, pickle.dumps(body, pickle.HIGHEST_PROTOCOL)))

    def lines(self, size: int) -> Iterator[list[tuple[int, Any]]]:
        """The lines of rows without a problem, in order, in chunks of `size`."""
        last = -1
        while chunk := self._notes.execute(
            "SELECT row, body FROM line WHERE row > ? AND row NOT IN (SELECT row FROM problem) ORDER BY row LIMIT ?",
            (last, size),
        ).fetchall():
            last = chunk[-1][0]
            # The bytes are our own, out of a file only this process can open.
            yield [(row, pickle.loads(body)) for row, body in chunk]

    def meet(self, target: int, key: str, row: int, digest: bytes) -> Seen | None:
        """Note a key; if it stood on an earlier row, say where and with which digest."""
        found = self._notes.execute("SELECT row, digest FROM known WHERE target = ? AND key = ?", (target, key))
        if (earlier := found.fetchone()) is not None:
            return Seen(*earlier)
        self._notes.execute(
            "INSERT INTO known (target, key, row, digest) VALUES (?, ?, ?, ?)", (target, key, row, digest)
        )
        return None

    def repeat(self, target: int, key: str, row: int, contradicts: bool) -> None:
        """Note that a key stands on a further row, and whether that contradicts the first."""
        self._notes.execute("INSERT INTO again VALUES (?, ?, ?)", (target, key, row))
        if contradicts:
            self._notes.execute("INSERT OR IGNORE INTO contest VALUES (?, ?, ?)", (target, key, row))

    def contested(self) -> list[tuple[int, str, int, int]]:
        """Every row with a key that two rows contradict each other on: target, key, row, and a row it contradicts."""
        return self._notes.execute(
            "SELECT target, key, known.row, contest.row FROM contest JOIN known USING (target, key) UNION ALL "
            "SELECT target, key, again.row, known.row FROM contest JOIN known USING (target, key) "
            "JOIN again USING (target, key)"
        ).fetchall()

    def ids(self, target: int, keys: Iterable[str]) -> dict[str, int]:
        """The ids of those keys that are settled already."""
        find = "SELECT id FROM known WHERE target = ? AND key = ?"
        found = ((key, self._notes.execute(find, (target, key)).fetchone()) for key in keys)
        return {key: row[0] for key, row in found if row is not None and row[0] is not None}

    def settle(self, target: int, settled: Iterable[tuple[str, int, str]]) -> None:
        """Note the (key, id, status) of rows that are written, changed or stood."""
        self._notes.executemany(
            "UPDATE known SET id = ?, status = ? WHERE target = ? AND key = ?",
            ((id_, status, target, key) for key, id_, status in settled),
        )

    def keys(self, target: int, status: str) -> list[str]:
        """The keys of a target with that status, in order."""
        wanted = "SELECT key FROM known WHERE target = ? AND status = ? ORDER BY key"
        return [key for (key,) in self._notes.execute(wanted, (target, status))]

    def refuse(self, problem: Problem, *, unknown: bool = False) -> None:
        """Note what is wrong with a row; the row is refused."""
        self._notes.execute(
            "INSERT INTO problem VALUES (?, (SELECT count(*) FROM problem WHERE row = ?), ?, ?, ?, ?, ?)",
            (
                problem.row,
                problem.row,
                problem.column,
                problem.value,
                problem.msgid,
                json.dumps(problem.args, default=str),
                unknown,
            ),
        )

    def problems(self, limit: int = -1) -> Iterator[Problem]:
        """What is wrong, by row."""
        wanted = "SELECT row, col, value, msgid, args FROM problem ORDER BY row, n LIMIT ?"
        for row, column, value, msgid, args in self._notes.execute(wanted, (limit,)):
            yield Problem(row, column, value, msgid, json.loads(args))

    def counts(self) -> tuple[int, int]:
        """How many problems there are, and how many rows have one."""
        found: tuple[int, int] = self._notes.execute("SELECT count(*), count(DISTINCT row) FROM problem").fetchone()
        return found

    def unknown(self, limit: int) -> list[tuple[str, str, int]]:
        """Values the profile does not translate, each once: column, value, how often. The commonest first."""
        wanted = "SELECT col, value, count(*) FROM problem WHERE unknown GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?"
        return self._notes.execute(wanted, (limit,)).fetchall()
