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


class Cut(Choice):
    """Whose figures are held against the limit of an alert."""

    ALL_TOGETHER = "all_together"
    EACH_PERSON = "each_person"
    EACH_UNIT = "each_unit"


class Over(Choice):
    """The days an alert looks at, up to yesterday."""

    THIS_MONTH = "this_month"
    LAST_7_DAYS = "last_7_days"
    LAST_30_DAYS = "last_30_days"


class Side(Choice):
    """On which side of its limit an alert tells."""

    FALLS_BELOW = "falls_below"
    RISES_ABOVE = "rises_above"
