"""States and choices of the organisation."""

from app.schema.kinds import State


class Employment(State):
    """Where a person stands with the department."""

    PROBATION = "probation"
    ACTIVE = "active"
    LEFT = "left"
