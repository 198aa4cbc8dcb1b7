"""How far the worker is with a file, told in a small file beside it: the work is one transaction, nobody sees into it.

The same way round it is told to stop.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.schema.errors import Refusal

ENDS = ("", ".progress", ".progress.new", ".refused.csv", ".cancel")
"""What lies beside a file, and the file."""
CANCELLED = "It was cancelled; nothing of it was loaded."


def teller(path: str) -> Callable[[str, int, int], None]:
    """Tells phase, done and total. Raises `Refusal` once somebody has cancelled it."""

    def tell(phase: str, done: int, total: int) -> None:
        if Path(path + ".cancel").exists():
            raise Refusal(CANCELLED)
        fresh = Path(path + ".progress.new")
        fresh.write_text(json.dumps({"phase": phase, "done": done, "total": total}))
        fresh.replace(path + ".progress")

    return tell


def progress_of(path: str) -> dict[str, Any]:
    """How far it is: ``phase``, ``done`` and ``total``; empty before it begins."""
    try:
        told: dict[str, Any] = json.loads(Path(path + ".progress").read_text())
    except (OSError, ValueError):
        return {}
    return told


def cancel(path: str) -> None:
    """Ask whoever works on it to stop."""
    Path(path + ".cancel").touch()


def clear(path: str) -> None:
    """Forget how far an earlier go at it was, and that it was cancelled."""
    for end in (".progress", ".cancel"):
        Path(path + end).unlink(missing_ok=True)


def discard(path: str) -> None:
    """Delete the file and what lies beside it."""
    for end in ENDS:
        Path(path + end).unlink(missing_ok=True)
