"""States and choices of appraisals."""

from app.schema.kinds import Choice, State


class TemplateState(State):
    """Whether appraisals are drawn up from a template."""

    DRAFT = "draft"
    IN_FORCE = "in_force"


class AppraisalState(State):
    """Who has rated so far. An approved appraisal is final."""

    DRAFT = "draft"
    SELF_RATED = "self_rated"
    SUPERVISOR_RATED = "supervisor_rated"
    APPROVED = "approved"


class Cycle(Choice):
    """How long a period is appraised at once."""

    MONTH = "month"
    YEAR = "year"


class Direction(Choice):
    """Which way a KPI is good."""

    HIGHER = "higher"
    LOWER = "lower"
