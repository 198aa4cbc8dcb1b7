"""Whole numbers as somebody wrote them, in an address or a form: ids, versions, places."""

import re

LARGEST = 2**31 - 1
"""The largest number an id can be."""


def natural(text: str | None) -> int | None:
    """The number that is written, from 0 to `LARGEST`; None for anything else, such as letters, a sign, ``²``."""
    if text is None or not re.fullmatch(r"[0-9]{1,10}", text):
        return None
    number = int(text)
    return number if number <= LARGEST else None
