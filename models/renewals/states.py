"""States and choices of renewals."""

from app.schema.kinds import Choice, State


class RenewalState(State):
    """Where an expiring contract stands on its way to a successor."""

    NEW = "new"
    CONTACTED = "contacted"
    APPOINTMENT = "appointment"
    FOLLOWING = "following"
    AGREED = "agreed"
    RENEWED = "renewed"
    DECLINED = "declined"
    LAPSED = "lapsed"
    LEFT_OUT = "left_out"


IN_TALKS = RenewalState.CONTACTED | RenewalState.APPOINTMENT | RenewalState.FOLLOWING
OPEN = RenewalState.NEW | IN_TALKS | RenewalState.AGREED
LOST = RenewalState.DECLINED | RenewalState.LAPSED


class ContactChannel(Choice):
    """How a customer was reached."""

    PHONE = "phone"
    MESSAGE = "message"
    MAIL = "mail"
    VISIT = "visit"
    COUNTER = "counter"


class Intent(Choice):
    """What the customer means to do about the renewal."""

    WILLING = "willing"
    UNDECIDED = "undecided"
    UNWILLING = "unwilling"


class RefusalReason(Choice):
    """Why a customer does not renew."""

    PRICE = "price"
    SERVICE = "service"
    CLAIMS_EXPERIENCE = "claims_experience"
    COVER = "cover"
    COMPETITOR = "competitor"
    NO_LONGER_NEEDED = "no_longer_needed"
    NOT_REACHED = "not_reached"
    OTHER = "other"
