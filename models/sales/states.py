"""States and choices of sales."""

from app.schema.kinds import Choice, State


class LeadState(State):
    """How far a prospect has come."""

    CONTACT = "contact"
    NEEDS = "needs"
    PLAN = "plan"
    DECISION = "decision"
    SUBMITTED = "submitted"
    LOST = "lost"


class LeadSource(Choice):
    """Where a prospect came from."""

    CALL = "call"
    WEB = "web"
    REFERRAL = "referral"
    PARTNER = "partner"
    EVENT = "event"


class LossReason(Choice):
    """Why a prospect did not buy."""

    PRICE = "price"
    COVER = "cover"
    COMPETITOR = "competitor"
    NO_NEED = "no_need"
    NOT_REACHED = "not_reached"
    NOT_INSURABLE = "not_insurable"
    OTHER = "other"


class QuoteState(State):
    """Whether a price is settled with the customer."""

    DRAFT = "draft"
    CALCULATED = "calculated"
    DISPUTED = "disputed"
    AGREED = "agreed"


class TargetState(State):
    """Whether a target counts."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
