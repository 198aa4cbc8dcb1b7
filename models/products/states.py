"""States and choices of products."""

from app.schema.kinds import Choice, State


class ProductState(State):
    """Whether a product may be sold."""

    DRAFT = "draft"
    APPROVED = "approved"
    ON_SALE = "on_sale"
    WITHDRAWN = "withdrawn"


class LineOfBusiness(Choice):
    """What sort of cover a product gives."""

    MOTOR = "motor"
    HEALTH = "health"
    LIFE = "life"
    PROPERTY = "property"
    EXTENDED_WARRANTY = "extended_warranty"
