"""States and choices of contracts."""

from app.schema.kinds import Choice, State


class ContractState(State):
    """Where a contract stands. `RENEWED` means a successor is linked; its own cover still runs to its last day."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    RENEWED = "renewed"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    OBJECT_GONE = "object_gone"
    VOIDED = "voided"


class Billing(Choice):
    """How the premium of a term is paid."""

    SINGLE = "single"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    ANNUAL = "annual"

    @property
    def months(self) -> int | None:
        """Months from one instalment to the next; None when all is paid at once."""
        return {Billing.MONTHLY: 1, Billing.QUARTERLY: 3, Billing.ANNUAL: 12}.get(self)


class Channel(Choice):
    """Through whom the customer buys and renews."""

    AGENT = "agent"
    BRANCH = "branch"
    CALL_CENTRE = "call_centre"
    WEB = "web"
