"""States and choices of customers."""

from app.schema.kinds import Choice, State


class CustomerState(State):
    """How far a customer's file can be trusted."""

    NEW = "new"
    CONFIRMED = "confirmed"
    DORMANT = "dormant"


class CustomerKind(Choice):
    """Whose file it is."""

    INDIVIDUAL = "person"
    HOUSEHOLD = "household"
    FIRM = "firm"


class Gender(Choice):
    """Gender as the identity papers have it."""

    FEMALE = "female"
    MALE = "male"
