"""States and choices of operations support."""

from app.schema.kinds import Choice, State


class DocumentState(State):
    """How far a document has come; only a published one is handed out."""

    DRAFT = "draft"
    CHECKED = "checked"
    PUBLISHED = "published"
    EXPIRED = "expired"


class DocumentKind(Choice):
    """What a document is for."""

    CONTRACT_TEMPLATE = "contract_template"
    TERMS = "terms"
    FORM = "form"
    ADVERTISING = "advertising"
    INSTRUCTION = "instruction"


class ScriptState(State):
    """Whether a script may be used."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Situation(Choice):
    """When a script is spoken."""

    FIRST_CONTACT = "first_contact"
    NEEDS = "needs"
    EXPLANATION = "explanation"
    OBJECTION = "objection"
    CLOSING = "closing"
    CALLBACK = "callback"
    COMPLAINT = "complaint"


class FaultState(State):
    """How far the repair of a fault has come."""

    REPORTED = "reported"
    FIXING = "fixing"
    FIXED = "fixed"
    CLOSED = "closed"


class Severity(Choice):
    """How much work a fault keeps from being done."""

    ONE_PERSON = "one_person"
    TEAM = "team"
    DEPARTMENT = "department"
    DATA_AT_RISK = "data_at_risk"
