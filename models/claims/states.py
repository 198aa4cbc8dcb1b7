"""States and choices of claims."""

from enum import StrEnum

from app.schema.kinds import Choice, State
from models.products.states import LossCause

__all__ = [
    "CLOSED",
    "DECIDED",
    "OPEN",
    "ClaimState",
    "Flag",
    "Lane",
    "LineDecision",
    "LossCause",
    "Payee",
    "PayoutMethod",
    "ReportChannel",
    "SurveyState",
    "TransferState",
]


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


class PaperStanding(StrEnum):
    """What the customer is told of a paper."""

    MISSING = "missing"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    INCOMPLETE = "incomplete"
    WRONG = "wrong"
    DOUBTED = "doubted"

    @property
    def wanted(self) -> bool:
        """Whether the customer has to send something."""
        return self not in (PaperStanding.RECEIVED, PaperStanding.ACCEPTED)


class ReportChannel(Choice):
    """How the customer reported the loss."""

    PHONE = "phone"
    COUNTER = "counter"
    WEB = "web"
    AGENT = "agent"


class PayoutMethod(Choice):
    """How the money leaves the house."""

    TRANSFER = "transfer"
    CASH = "cash"
    CHEQUE = "cheque"
    OFFSET = "offset"


class Payee(Choice):
    """What whoever is paid is to the contract."""

    INSURED = "insured"
    BENEFICIARY = "beneficiary"
    HEIR = "heir"
    REPAIRER = "repairer"
    REPRESENTATIVE = "representative"


class Lane(Choice):
    """By which way a claim is worked: at once, as usual, or by a handler the customer knows by name."""

    FAST = "fast"
    STANDARD = "standard"
    NAMED = "named"


class LineDecision(Choice):
    """What is thought of a line of a claim."""

    OPEN = "open"
    APPROVED = "approved"
    REDUCED = "reduced"
    REJECTED = "rejected"


class Flag(Choice):
    """What stands out about a claim: that the loss is not covered (the first four), or a reason to look twice."""

    NOT_IN_FORCE = "not_in_force"
    WAITING_PERIOD = "waiting_period"
    INSTALMENT_OWED = "instalment_owed"
    EXCLUDED_CAUSE = "excluded_cause"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    REPEATED_LOSS = "repeated_loss"
    EARLY_LOSS = "early_loss"
    OUTLIER = "outlier"


class TransferState(State):
    """How far a file of payouts has come."""

    OPEN = "open"
    DRAWN_UP = "drawn_up"
    SENT = "sent"
    CONFIRMED = "confirmed"


class SurveyState(State):
    """How far a survey has come."""

    ASSIGNED = "assigned"
    ON_SITE = "on_site"
    REPORTED = "reported"
    CANCELLED = "cancelled"


class RecoveryKind(Choice):
    """Why money comes back."""

    THIRD_PARTY = "third_party"
    SALVAGE = "salvage"
    OVERPAYMENT = "overpayment"


class RecoveryState(State):
    """How far a recovery has come."""

    EXPECTED = "expected"
    CLAIMED = "claimed"
    RECEIVED = "received"
    GIVEN_UP = "given_up"


class CauseClass(Choice):
    """What a loss, or how it went, comes down to."""

    CHANCE = "chance"
    CONDUCT = "conduct"
    DEFECT = "defect"
    DISCLOSURE = "disclosure"
    HANDLING = "handling"


class Control(Choice):
    """Where such losses can be kept in check."""

    PRODUCT = "product"
    UNDERWRITING = "underwriting"
    SERVICE = "service"
    FRAUD = "fraud"


class ReviewState(State):
    """How far a case review has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DONE = "done"
