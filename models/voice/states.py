"""States and choices of service."""

from app.schema.kinds import Choice, State


class ApplicationState(State):
    """How far an application has come before underwriting."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    FORWARDED = "forwarded"
    WITHDRAWN = "withdrawn"


class ConsultationState(State):
    """Whether who asked has an answer, and is content with it."""

    ASKED = "asked"
    PROMISED = "promised"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"


class ComplaintState(State):
    """How far a complaint has come."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    PROMISED = "promised"
    INVESTIGATING = "investigating"
    ANSWERED = "answered"
    CALLED_BACK = "called_back"
    CLOSED = "closed"


class CallbackState(State):
    """Whether a customer has been called back, and what it led to."""

    DUE = "due"
    TRIED = "tried"
    DONE = "done"
    ROUTED = "routed"


class Medium(Choice):
    """How a customer turns to us."""

    PHONE = "phone"
    COUNTER = "counter"
    LETTER = "letter"
    MAIL = "mail"
    WEB = "web"
    REGULATOR = "regulator"


class Topic(Choice):
    """What a customer asks about."""

    PRODUCT = "product"
    CONTRACT = "contract"
    PAYMENT = "payment"
    RENEWAL = "renewal"
    CLAIM = "claim"
    OTHER = "other"


class Grievance(Choice):
    """What a complaint is about."""

    SALES = "sales"
    SERVICE = "service"
    CLAIMS = "claims"
    PRODUCT = "product"
    PRICE = "price"
    PRIVACY = "privacy"


class RootCause(Choice):
    """What has to change so that it does not happen again."""

    PRODUCT = "product"
    PRICE = "price"
    CHANNEL = "channel"
    PROCESS = "process"
    SYSTEM = "system"
    CONDUCT = "conduct"
    UNFOUNDED = "unfounded"


class CallbackKind(Choice):
    """Why a customer is called back."""

    NEW_CONTRACT = "new_contract"
    CLAIM = "claim"
    COMPLAINT = "complaint"
    PERIODIC = "periodic"
