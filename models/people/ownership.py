"""Taking work: an unassigned row, or another's, becomes the row of whoever takes the step."""

from app.schema.rows import Owned
from app.schema.workflow import Move


def take(row: Owned, move: Move) -> None:
    """The effect of a step by which its taker takes the work over; the system takes none."""
    if move.actor.user_id is not None:
        row.owner_id, row.unit_id = move.actor.user_id, move.actor.unit_id


def release(row: Owned, move: Move) -> None:
    """The effect of a step that puts a pooled row back among the unassigned; its unit keeps it in sight."""
    row.owner_id = None
