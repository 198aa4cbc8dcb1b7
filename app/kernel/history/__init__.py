"""History: who changed what, from where and why.

`writing` notes every change in the transaction of the change itself, `sealing` chains the entries by hashes,
`verifying` tells whether what is kept is what was written, `reading` puts the timeline of a row together, and
`versions` compares and takes back.
"""

from app.kernel.history.writing import (
    BOOKKEEPING,
    Act,
    collect,
    edited,
    end,
    note,
    plain,
    summarise,
    takers,
    takers_of,
    timeline,
    write,
)

__all__ = [
    "BOOKKEEPING",
    "Act",
    "collect",
    "edited",
    "end",
    "note",
    "plain",
    "summarise",
    "takers",
    "takers_of",
    "timeline",
    "write",
]
