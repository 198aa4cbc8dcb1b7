"""States and choices of claims."""

from app.schema.kinds import Choice, State


class ClaimState(State):
    """Where a claim stands between first notice and payout."""

    REPORTED = "reported"
    COLLECTING = "collecting"
    REVIEWING = "reviewing"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


OPEN = ClaimState.REPORTED | ClaimState.COLLECTING | ClaimState.REVIEWING
CLOSED = ClaimState.PAID | ClaimState.REFUSED
DECIDED = CLOSED | ClaimState.APPROVED


class LossCause(Choice):
    """What brought the loss about."""

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


class ReportChannel(Choice):
    """How the customer reported the loss."""

    PHONE = "phone"
    COUNTER = "counter"
    WEB = "web"
    AGENT = "agent"


class PayoutMethod(Choice):
    """How the money leaves the house."""

    TRANSFER = "transfer"
    CHEQUE = "cheque"
    OFFSET = "offset"


class SurveyState(State):
    """How far a survey has come."""

    ASSIGNED = "assigned"
    ON_SITE = "on_site"
    REPORTED = "reported"
    CANCELLED = "cancelled"
