"""States and choices of the organisation."""

from app.schema.kinds import Choice, State


class Employment(State):
    """Where a person stands with the department."""

    PROBATION = "probation"
    ACTIVE = "active"
    LEFT = "left"


class AbsenceState(State):
    """What became of a request to be away. It is in force while approved, from its first day to its last."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class DayKind(Choice):
    """Whether a day of the house's own is worked."""

    OFF = "off"
    WORK = "work"
