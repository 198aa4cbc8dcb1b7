"""History: who changed what, from where and why.

`writing` notes every change in the transaction of the change itself, `sealing` chains the entries by hashes, and
`verifying` tells whether what is kept is what was written.
"""

from app.kernel.history.writing import (
    BOOKKEEPING,
    Act,
    collect,
    edited,
    note,
    plain,
    summarise,
    takers,
    timeline,
    write,
)

__all__ = ["BOOKKEEPING", "Act", "collect", "edited", "note", "plain", "summarise", "takers", "timeline", "write"]
