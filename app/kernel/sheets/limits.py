"""How much of a file is taken, so that no upload can exhaust the machine."""

from dataclasses import dataclass

MEGABYTE = 1 << 20
LONGEST_ROW = 1_000_000
"""Characters in one row of a text file; more means a quotation mark that is never closed, or no rows at all."""


@dataclass(frozen=True)
class Limits:
    """Caps on one upload. A text file is streamed; a workbook is held in memory, so its caps are tighter.

    `file` and `workbook` are bytes as uploaded, `unpacked` the bytes of all parts of a workbook once unpacked,
    `cells` the area of its sheet from A1 to the last cell in use (about 100 bytes of memory each).
    """

    file: int = 512 * MEGABYTE
    rows: int = 2_000_000
    workbook: int = 64 * MEGABYTE
    unpacked: int = 512 * MEGABYTE
    cells: int = 3_000_000


LIMITS = Limits()
