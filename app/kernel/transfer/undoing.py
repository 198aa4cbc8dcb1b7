"""Taking an import back."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """What an import did to one row: the version it left behind, and the values there were; None where it made it."""

    row_id: int
    version: int
    old: dict[str, Any] | None
