"""The ways a list may be looked at: as a table, as a board where its rows have states, as a calendar by their dates."""

from app.kernel.fields import reads_everywhere
from app.panel.fields import Field, listable
from app.schema.kinds import DAY, MOMENT
from app.schema.record import Record

ON, DURING = "on", "during"
"""What an address says of a calendar: the field by which its rows stand, and the month that is shown."""


def has_board(record: type[Record]) -> bool:
    """Whether the rows of a record have states, which the present person reads in every row."""
    return record.workflow is not None and reads_everywhere(record, record.workflow.field)


def dates_of(record: type[Record]) -> list[Field]:
    """The days and moments by which the rows of a record may stand in a calendar: first the one they are due by.

    Of those a list can show; the present person reads them in every row.
    """
    due = record.workflow.due if record.workflow else ""
    fit = (f for f in listable(record) if f.kind in (DAY, MOMENT) and f.column is not None and f.open)
    return sorted(fit, key=lambda f: f.key != due)


def looks_of(record: type[Record]) -> list[str]:
    """How the present person may look at the rows of a record, as the last part of each address: ``list`` and more."""
    fit = {"board": has_board(record), "calendar": bool(dates_of(record))}
    return ["list", *(name for name, fits in fit.items() if fits)]
