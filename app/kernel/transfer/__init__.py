"""Files of other systems brought in through a declared profile (`app.schema.transfer`).

`load` reads a file line by line in flat memory and writes it in sets, all in one transaction of the caller.
"""

from app.kernel.transfer.loading import load, require_import
from app.kernel.transfer.outcome import Outcome, Problem, Progress, Tally

__all__ = ["Outcome", "Problem", "Progress", "Tally", "load", "require_import"]
