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
CREATE TABLE lines (first INTEGER PRIMARY KEY, last INTEGER, body BLOB);
CREATE TABLE known (target INTEGER, key TEXT, row INTEGER, digest INTEGER, id INTEGER, status TEXT,
                    PRIMARY KEY (target, key)) WITHOUT ROWID;
CREATE TABLE again (target INTEGER, key TEXT, row INTEGER, PRIMARY KEY (target, key, row)) WITHOUT ROWID;
CREATE TABLE contest (target INTEGER, key TEXT, row INTEGER, PRIMARY KEY (target, key)) WITHOUT ROWID;
CREATE TABLE problem (row INTEGER, n INTEGER, col TEXT, value TEXT, msgid TEXT, args TEXT, unknown INTEGER,
                      PRIMARY KEY (row, n)) WITHOUT ROWID;
"""


class Seen(NamedTuple):
    """Where a key stood first, and a digest of what was said of it there."""

    row: int
    digest: int


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

    def keep(self, lines: list[tuple[int, Any]]) -> None:
        """Keep a batch of lines, (row, what it says), for the second pass."""
        if lines:
            body = pickle.dumps(lines, pickle.HIGHEST_PROTOCOL)
            self._notes.execute("INSERT INTO lines VALUES (?, ?, ?)", (lines[0][0], lines[-1][0], body))

    def lines(self) -> Iterator[list[tuple[int, Any]]]:
        """The lines of rows without a problem, batch by batch, in order."""
        at = -1
        batch = "SELECT first, last, body FROM lines WHERE first > ? ORDER BY first LIMIT 1"
        while (found := self._notes.execute(batch, (at,)).fetchone()) is not None:
            at, last, body = found
            bad = {
                row for (row,) in self._notes.execute("SELECT row FROM problem WHERE row BETWEEN ? AND ?", (at, last))
            }
            # The bytes are our own, out of a file only this process can open.
            yield [line for line in pickle.loads(body) if line[0] not in bad]

    def meet(self, target: int, key: str, row: int, digest: int) -> Seen | None:
        """Note a key; if it stood on an earlier row, say where and with which digest."""
        note = "INSERT OR IGNORE INTO known (target, key, row, digest) VALUES (?, ?, ?, ?)"
        if self._notes.execute(note, (target, key, row, digest)).rowcount:
            return None
        found = self._notes.execute("SELECT row, digest FROM known WHERE target = ? AND key = ?", (target, key))
        return Seen(*found.fetchone())

    def meet_all(self, target: int, keys: dict[str, tuple[int, int]]) -> bool:
        """Note many keys, each with its row and digest, if none of them is known yet; else False."""
        among = "SELECT value FROM json_each(?)"
        known = f"SELECT 1 FROM known WHERE target = ? AND key IN ({among}) LIMIT 1"
        if self._notes.execute(known, (target, json.dumps(list(keys)))).fetchone() is not None:
            return False
        self._notes.executemany(
            "INSERT INTO known (target, key, row, digest) VALUES (?, ?, ?, ?)",
            ((target, key, row, digest) for key, (row, digest) in keys.items()),
        )
        return True

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
        among = "SELECT value FROM json_each(?)"
        find = f"SELECT key, id FROM known WHERE target = ? AND key IN ({among}) AND id IS NOT NULL"
        return dict(self._notes.execute(find, (target, json.dumps(list(keys)))).fetchall())

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
