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


class LossCause(Choice):
    """What brings a loss about."""

    COLLISION = "collision"
    THEFT = "theft"
    FIRE = "fire"
    WATER = "water"
    WEATHER = "weather"
    BREAKDOWN = "breakdown"
    LIABILITY = "liability"
    ILLNESS = "illness"
    ACCIDENT = "accident"
    OTHER = "other"


class WaterfallOrder(Choice):
    """In which order deductible, insurer's share and limits are applied to a loss."""

    DEDUCTIBLE_FIRST = "deductible_first"
    SHARE_FIRST = "share_first"
    LIMITS_FIRST = "limits_first"


class DeductiblePer(Choice):
    """What a deductible is borne once for."""

    CLAIM = "claim"
    TERM = "term"
